"""Stacked seeds as something that can be timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.speed.stacked import SEEDS, Stacked
from ganbench.training.stacking.rehearsal import Rehearsal

from .subjects import subject_of


@pytest.mark.parametrize("falls", [False, True])
def test_a_turn_ends_whoever_goes_on_eagerly(
    falls: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if falls:
        monkeypatch.setattr(Rehearsal, "fault", lambda self, trainer: "of its own")
    stacked = Stacked(subject_of("vanilla[width=8]"), tmp_path)
    stack = stacked._turns.stack
    assert stack is not None
    assert len(stack.fallen) == (SEEDS if falls else 0)
    before = [clock.steps for clock in stacked._clocks]
    stacked.advance(2)
    stacked.advance(3)
    assert stacked._clocks[0].steps == before[0] + 5
    assert max(clock.steps for clock in stacked._clocks) <= before[0] + 5
