"""Turns on a clock of the test's own: what is told is what a step took, whatever a turn holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ganbench.speed import turns
from ganbench.speed.turns import ratio, take_turns


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Runner:
    """Takes so many seconds a step, for all of its seeds at once."""

    def __init__(
        self, name: str, clock: Clock, seconds: Callable[[], float], log: list[str], seeds: int = 1
    ) -> None:
        self.name, self.clock, self.seconds, self.log, self.seeds = name, clock, seconds, log, seeds

    def advance(self, steps: int) -> None:
        assert steps >= 1
        self.clock.now += steps * self.seconds()
        self.log.append(self.name)


def test_a_step_takes_what_it_takes_whatever_fills_a_turn() -> None:
    clock, log = Clock(), list[str]()
    quick, slow = 1e-5, 3.0  # thousands of steps to a turn, and a step of many turns
    found = take_turns(
        {
            "quick": Runner("quick", clock, lambda: quick, log),
            "slow": Runner("slow", clock, lambda: slow, log),
            "stacked": Runner("stacked", clock, lambda: 4 * quick, log, seeds=8),
        },
        4,
        clock,
    )
    assert found["quick"] == pytest.approx([quick] * 4)
    assert found["slow"] == pytest.approx([slow] * 4)
    assert found["stacked"] == pytest.approx([quick / 2] * 4), "a step of one run of eight"


def test_they_take_turns_of_about_the_same_time() -> None:
    clock, log = Clock(), list[str]()
    a = Runner("a", clock, lambda: 0.001, log)
    b = Runner("b", clock, lambda: 0.004, log)
    take_turns({"a": a, "b": b}, 3, clock)
    assert log[-6:] == ["a", "b"] * 3
    before = clock.now
    take_turns({"a": a}, 1, clock)
    assert clock.now > before + turns.CHUNK_SECONDS


def test_what_slows_both_leaves_the_ratio() -> None:
    """A machine that becomes slower by the minute, and one that is busy for a moment."""
    clock, log = Clock(), list[str]()

    def drifting(seconds: float) -> Callable[[], float]:
        return lambda: seconds * (1 + clock.now / 10)

    found = take_turns(
        {
            "ours": Runner("ours", clock, drifting(0.002), log),
            "theirs": Runner("theirs", clock, drifting(0.001), log),
        },
        9,
        clock,
    )
    assert max(found["ours"]) > 1.2 * min(found["ours"])
    assert ratio(found["ours"], found["theirs"]) == pytest.approx(2, rel=0.05)
    busy = [*found["ours"][:-2], 100.0, 100.0]
    assert ratio(busy, found["theirs"]) == pytest.approx(2, rel=0.05)
