"""Writes dirac.md, every rule of play with its theory beside what the suite measures, and what
theory says of every loss: `python docs/make_dirac.py`, a minute.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd

import ganbench
from ganbench_plugins.dirac import rules
from ganbench_plugins.dirac.closed_form import (
    NON_SATURATING_SLOPE,
    WASSERSTEIN_SLOPE,
    Matrix,
    largest_modulus,
    spectral_radius,
    step_matrix,
)

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
}
"""Rule, as the suite names it behind a loss -> its spectral radius, of the loss's slope."""


def linear(slope: float, penalty: float = 0.0) -> Callable[[bool], Matrix]:
    """Of whether updates alternate, the matrix of a step of a loss with that slope at 0."""
    return lambda alternating: step_matrix(STEP, slope, penalty, alternating=alternating)


LOSSES: dict[str, Callable[[bool], Matrix]] = {
    "non-saturating": linear(NON_SATURATING_SLOPE),
    "minimax": linear(NON_SATURATING_SLOPE),
    "rp": linear(NON_SATURATING_SLOPE),
    "ra": linear(NON_SATURATING_SLOPE),
    "hinge": linear(WASSERSTEIN_SLOPE),
    "wasserstein": linear(WASSERSTEIN_SLOPE),
    "non-saturating-r1": linear(NON_SATURATING_SLOPE, 10.0),
    "lsgan": lambda _: ((1.0, -STEP), (0.0, 1.0)),
    "feature-matching": lambda _: ((1.0 - 2 * STEP, 0.0), (STEP * NON_SATURATING_SLOPE, 1.0)),
}
"""Loss -> what a step of both players applies to a small (theta, psi)."""

LOSSES_HEAD = """
## Losses

What plain steps of size 0.05 do with each loss at its defaults: the logarithm of the spectral
radius of the Jacobian of one step at the equilibrium, theta = psi = 0, where both players step at
once and where the generator steps after the discriminator. `lsgan` has the double eigenvalue 1:
theta moves by h psi a step, and psi stays. `feature-matching` has 1 - 2h, by which theta shrinks,
and 1, with which psi stays. `tests/docs/test_dirac.py` holds each row to the Jacobian of the
training itself.

Without a row: `wgan-gp`, whose penalty has no derivative at psi = 0 (it wants a slope of 1, and
theta runs to 2 lambda from lambda = 1 on), `wgan`, whose rounds of critic steps differ, and losses
that need classes, columns or no discriminator.

| loss | both at once | it | alternating | it |
|---|--:|---|--:|---|
"""

HEAD = """\
# Rules of play on the Dirac-GAN

What plain steps lose, and what a remedy makes of it: the growth per generator step is the logarithm
of the factor by which the distance from the equilibrium changes; below 0 a rule converges. *Theory*
is the logarithm of the spectral radius (derived in `plugins/ganbench_plugins/dirac/rules.py`),
*measured* is the growth of the runs of

```bash
ganbench run --suite dirac
```

from the first step to the last, in single precision. After T steps up to about ln(T)/T of it is how
a run began; `tests/plugins/dirac/test_rules.py` plays the rules in double precision, and holds what
is left when the beginning is taken out to ten digits. A dash: the distance has shrunk below what
single precision can tell. Slope 1/2 is the non-saturating loss, slope 1 Wasserstein; the step size
is 0.05. What is left at its default: `consensus:10`, `momentum:-0.5`, `lookahead:5`.

This page is written by `python docs/make_dirac.py`.

| rule | theory, slope 1/2 | measured | theory, slope 1 | measured |
|---|--:|--:|--:|--:|
"""


def measured(folder: str) -> pd.Series[float]:
    """Variant -> growth per step of its run."""
    names = [f"dirac+{loss}{rule}" for rule in RULES for loss in SLOPES]
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
    return HEAD + "\n".join(rows) + "\n" + LOSSES_HEAD + "\n".join(map(of_loss, LOSSES)) + "\n"


def of_loss(name: str) -> str:
    """The row of a loss, by theory alone."""
    matrices = [LOSSES[name](alternating) for alternating in (False, True)]
    cells = [f"{number(math.log(largest_modulus(one)))} | {fate(one)}" for one in matrices]
    return f"| `{name}` | {' | '.join(cells)} |"


def fate(matrix: Matrix) -> str:
    """What becomes of a small (theta, psi)."""
    (a, b), (c, d) = matrix
    growth = math.log(largest_modulus(matrix))
    if abs(growth) > 1e-12:
        return "runs away" if growth > 0 else "converges"
    if (a - d) ** 2 / 4 + b * c < 0:  # a conjugate pair
        return "circles"
    return "drifts" if a == d else "theta converges, psi stays"


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
