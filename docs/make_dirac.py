"""Writes dirac.md, every rule of play with its theory beside what the suite measures:
`python docs/make_dirac.py`, a minute.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import ganbench
from ganbench_plugins.dirac import rules
from ganbench_plugins.dirac.closed_form import spectral_radius

FILE = Path(__file__).parent / "dirac.md"
STEP = 0.05
"""What the suite's model takes unless told otherwise."""

SLOPES = {"non-saturating": 0.5, "wasserstein": 1.0}
ALTERNATING = "[model.updates=alternating]"

RULES: dict[str, Callable[[float], float]] = {
    "": lambda s: rules.simultaneous(STEP * s),
    ALTERNATING: lambda s: spectral_radius(STEP, s, alternating=True),
    "+extragradient": lambda s: rules.extragradient(STEP * s),
    "+ogda": lambda s: rules.optimistic(STEP * s),
    "+consensus:1": lambda s: rules.consensus(STEP, s, 1.0),
    "+consensus": lambda s: rules.consensus(STEP, s, 10.0),
    f"+momentum{ALTERNATING}": lambda s: rules.momentum(STEP * s, -0.5),
    "+lookahead": lambda s: rules.lookahead(STEP * s, 5),
    f"+lookahead{ALTERNATING}": lambda s: rules.lookahead(STEP * s, 5, alternating=True),
    "+lookahead:50": lambda s: rules.lookahead(STEP * s, 50),
    f"+lookahead:50{ALTERNATING}": lambda s: rules.lookahead(STEP * s, 50, alternating=True),
    "+r1:0.3": lambda s: spectral_radius(STEP, s, 0.3),
    "+r2:0.3": lambda s: spectral_radius(STEP, s, 0.3),
    "+r1:0.3+r2:0.3": lambda s: spectral_radius(STEP, s, 0.6),
    "+js:0.4": lambda s: spectral_radius(STEP, s, 0.2),
    "+ttur": lambda s: rules.two_time_scales(STEP * s, 4.0),
    "+unrolled:1": lambda s: rules.unrolled(STEP * s, 1),
    "+unrolled": lambda s: rules.unrolled(STEP * s, 5),
}
"""Rule, as the suite names it behind a loss -> its spectral radius, of the loss's slope."""

LOSSES: dict[str, tuple[float, float] | None] = {
    "minimax": (0.5, 0.0),
    "non-saturating": (0.5, 0.0),
    "rp": (0.5, 0.0),
    "ra": (0.5, 0.0),
    "hinge": (1.0, 0.0),
    "wasserstein": (1.0, 0.0),
    "non-saturating-r1": (0.5, 10.0),
    "lsgan": (0.0, 0.0),
    "feature-matching": (0.0, 0.0),
    "wgan-gp": None,
}
"""Loss -> its slope at 0 and the weight of its R1 penalty; None where the game is not linear."""

LOSSES_HEAD = """
## Losses with plain steps

Near the equilibrium all that matters of a loss is its slope there. Whatever its name, a loss with a
slope runs away under simultaneous steps and circles under alternating ones; only
`non-saturating-r1`, whose penalty is 10 by default, comes to rest. Least squares has no slope:
(D(theta) - 0)^2 / 2 is of second order, and a game that starts with a discriminator of 0 stands
still. `feature-matching` takes the generator to the data whatever the discriminator says, and the
discriminator then stays where it is: the eigenvalues are 1 - 2h and 1, and the distance ends at a
quarter of the initial one, which is what the discriminator had learned on the way. The penalty of
`wgan-gp` asks for a slope of 1 where the equilibrium has 0: its game is not linear there, and its
growth is that of 1,000 steps from the start. `wgan` is left out, since at first it takes 100 critic
steps for one of the generator, which cannot be simultaneous.

| loss | slope | theory, simultaneous | measured | theory, alternating | measured |
|---|--:|--:|--:|--:|--:|
"""

HEAD = """\
# Rules of play on the Dirac-GAN

Which rules of play converge where plain gradient steps do not? The growth per generator step is
the logarithm of the factor by which the distance from the equilibrium changes; below 0 a rule
converges. *Theory*
is the logarithm of the spectral radius (derived in `plugins/ganbench_plugins/dirac/rules.py`),
*measured* is the growth of the runs of

```bash
ganbench run --suite dirac
```

from the first step to the last, in single precision. After T steps, up to about ln(T)/T of it may
be due to how the run began; `tests/plugins/dirac/test_rules.py` plays the rules in double
precision, takes the beginning out, and compares the rest with theory to ten digits. A dash: the
distance has shrunk below what single precision can tell. Slope 1/2 is that of the non-saturating
loss, slope 1 that of Wasserstein; the step size is 0.05. Names without a value have their default:
`consensus:10`, `momentum:-0.5`, `lookahead:5`, `ttur:4`, `unrolled:5`.

This page is written by `python docs/make_dirac.py`.

| rule | theory, slope 1/2 | measured | theory, slope 1 | measured |
|---|--:|--:|--:|--:|
"""


def measured(folder: str) -> pd.Series[float]:
    """Variant -> growth per step of its run."""
    names = [f"dirac+{loss}{rule}" for rule in RULES for loss in SLOPES]
    names += [f"dirac+{loss}{how}" for loss in LOSSES for how in ("", ALTERNATING)]
    names = list(dict.fromkeys(names))
    found = ganbench.run(*names, suite="dirac", runs=folder, progress=False)
    return found.set_index("variant")["dirac/growth"]


def page(growth: pd.Series[float]) -> str:
    """The page, as Markdown."""
    rows = []
    for rule, radius in RULES.items():
        cells = [named(rule)]
        for loss, slope in SLOPES.items():
            found = growth[f"dirac+{loss}{rule}"]
            cells += [number(math.log(radius(slope))), "–" if pd.isna(found) else number(found)]
        rows.append(f"| {' | '.join(cells)} |")
    losses = [_loss(name, growth) for name in LOSSES]
    return HEAD + "\n".join(rows) + "\n" + LOSSES_HEAD + "\n".join(losses) + "\n"


def _loss(name: str, growth: pd.Series[float]) -> str:
    cells = [f"`{name}`", "–" if (truth := LOSSES[name]) is None else f"{truth[0]:g}"]
    for how in ("", ALTERNATING):
        found = growth[f"dirac+{name}{how}"]
        radius = None if truth is None else spectral_radius(STEP, *truth, alternating=bool(how))
        cells += ["–" if radius is None else number(math.log(radius))]
        cells += ["–" if pd.isna(found) else number(found)]
    return f"| {' | '.join(cells)} |"


def named(rule: str) -> str:
    """`lookahead:50`, alternating."""
    techniques = rule.removesuffix(ALTERNATING).removeprefix("+")
    how = "alternating" if rule.endswith(ALTERNATING) else ""
    return ", ".join(filter(None, (f"`{techniques}`" if techniques else "plain steps", how)))


def number(value: float) -> str:
    """To a millionth, below which single precision has no say; without a sign where it is 0."""
    return f"{round(value, 6) + 0.0:.6f}"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(page(measured(folder)), "utf-8")
