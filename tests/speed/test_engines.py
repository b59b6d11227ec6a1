"""Engines, timed: they take the steps of a run and count its operations."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.speed.engines import ENGINES
from ganbench.speed.stacked import Stacked
from ganbench.speed.trained import MIDDLE, Trained
from ganbench.training.loop import Eager

from .subjects import subject_of


class Counted(Eager):
    """Remembers which steps it has taken."""

    def step(self, number: int, progress: float, *, count: bool = False) -> tuple[int, float]:
        self.taken = [*getattr(self, "taken", []), number]
        return super().step(number, progress, count=count)


def test_turns_go_on_where_they_ended(tmp_path: Path) -> None:
    engine = Counted(subject_of("vanilla").trainer())
    one = Trained(engine, tmp_path)
    one.advance(3)
    one.advance(2)
    assert engine.taken == [0, *range(MIDDLE, MIDDLE + 5)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("variant", ["vanilla", "wgan-gp"])
def test_operations_are_those_that_budgets_count(engine: str, variant: str, tmp_path: Path) -> None:
    subject = subject_of(variant)
    reference = Eager(subject.trainer())
    _, flops = reference.step(0, 0.0, count=True)
    timed = ENGINES[engine]
    assert timed.takes(subject)
    made = timed.make(subject, tmp_path)
    made.advance(2)
    assert isinstance(made, Trained | Stacked)
    assert made.flops_per_step == pytest.approx(flops, rel=1e-6)
    assert made.seeds >= 1
