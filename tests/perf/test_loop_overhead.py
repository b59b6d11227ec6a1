"""Engines against loops written by hand: same networks, losses and optimisers, one process.

All take turns, a short chunk of steps each, and processor time is compared, so that a busy machine
slows all alike; the ratio is the median over the turns, held against the one that is kept
(`kept.py`). The loops are those of `ganbench.speed.loops`, which `ganbench bench` shows. The bare
one comes in two kinds. `plain` calls `loss.backward()` throughout, and so computes gradients of the
discriminator in generator steps that nobody uses; `lean` freezes the discriminator there. The
loop cannot freeze it, since a generator's loss may need those gradients (unrolled GANs): it names
what to compute (`backward(inputs=...)`), at a cost that only small perceptrons show.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.machine.precision import stopwatch
from ganbench.speed.apart import Order, apart
from ganbench.speed.costs import peak_bytes
from ganbench.speed.engines import ENGINES
from ganbench.speed.loops import Terms, bare, terms_of, textbook
from ganbench.speed.turns import ratio, take_turns
from ganbench.speed.ways import ByHand

from ..speed.subjects import subject_of
from .kept import Ratios

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]

CASES = [("vanilla", "ring8", 60), ("dcgan", "digits", 60), ("wgan-gp", "digits", 30)]
"""Variant, task of the starter suite, and turns that each takes."""

LOOPS = {
    "bare one, plain": partial(bare, lean=False),
    "bare one, lean": bare,
    "textbook one": textbook,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("variant", "task", "rounds"), CASES)
def test_steps(
    benchmark: Any,
    engine: str,
    variant: str,
    task: str,
    rounds: int,
    tmp_path: Path,
    ratios: Ratios,
) -> None:
    subject = subject_of(variant, task)
    terms, made = terms_of(subject), ENGINES[engine]
    if not made.takes(subject):
        pytest.skip(f"{engine} takes no steps of {variant} on {task}")
    assert isinstance(terms, Terms)
    ways = {engine: made.make(subject, tmp_path)}
    ways |= {name: ByHand(loop(subject, terms)) for name, loop in LOOPS.items()}
    args = (ways, rounds, stopwatch(subject.device, 1))
    seconds = benchmark.pedantic(take_turns, args=args, rounds=1)
    found = {name: ratio(seconds[engine], seconds[name]) for name in LOOPS}
    benchmark.extra_info.update(found)
    for name, over in found.items():
        print(f"\n{engine}, {variant} on {task}: {over - 1:+.1%} against the {name}")
    for name, over in found.items():
        ratios.compare(f"{engine} loop of {variant} on {task} against a {name}", 1 / over)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("variant", "task"), [("vanilla", "ring8"), ("dcgan", "digits")])
def test_memory(engine: str, variant: str, task: str, ratios: Ratios) -> None:
    """Of a training at its peak; each in a process of its own, three times."""
    subject = subject_of(variant, task)
    if not ENGINES[engine].takes(subject):
        pytest.skip(f"{engine} takes no steps of {variant} on {task}")
    spec = subject.spec
    order = Order(spec=spec, plugins=PluginChoice(), device="cpu")
    ours, theirs = (
        min(apart(partial(peak_bytes, way), order) for _ in range(3)) for way in (engine, "bare")
    )
    print(f"\n{engine}, {variant} on {task}: {ours / 2**20:.1f} MiB, bare {theirs / 2**20:.1f} MiB")
    ratios.compare(f"{engine} memory of {variant} on {task} against a bare loop", theirs / ours)
