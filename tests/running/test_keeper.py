"""When checkpoints are written, by a clock of the test's."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganbench.running import keeper
from ganbench.running.keeper import COST_SHARE, LEAST_SECONDS, Keeper, Preempted

COST = 0.25
MACHINE = {"device_name": "AMD EPYC", "cpu": "AMD EPYC", "cpu_kind": "26-2-1 AVX512"}


class Time:
    """A clock that stands, but for what checkpoints take."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.saved: list[float] = []

    def save(self, *_: Any) -> None:
        self.saved.append(self.now)
        self.now += COST


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    one = Time()
    monkeypatch.setattr(keeper, "time", SimpleNamespace(monotonic=lambda: one.now))
    monkeypatch.setattr(keeper, "save_checkpoint", one.save)
    monkeypatch.setattr(keeper, "_expected_bytes", lambda trainer: 0)
    monkeypatch.setattr(Keeper, "_state", lambda self: {})
    return one


@pytest.fixture
def make(time: Time, tmp_path: Path) -> Callable[[float], Keeper]:
    def make(every: float) -> Keeper:
        unused: Any = None
        return Keeper(
            "a",
            tmp_path,
            every,
            time.now,
            unused,
            unused,
            unused,
            unused,
            MACHINE,
            pytest.fail,
            timed=False,
        )

    return make


def step_through(one: Keeper, time: Time, seconds: float, step: float = 0.5) -> list[float]:
    """Seconds after the beginning at which checkpoints were written."""
    began = time.now
    while time.now < began + seconds:
        time.now += step
        if one.due():
            one.keep(before_evaluation=False)
    return [at - began for at in time.saved]


def test_the_pace_asked_for_is_kept(make: Callable[[float], Keeper], time: Time) -> None:
    assert step_through(make(60.0), time, 200.0) == [60.0, 120.25, 180.5]


def test_checkpoints_take_a_hundredth_of_the_time_at_most(
    make: Callable[[float], Keeper], time: Time
) -> None:
    one = make(0.0)
    saved = step_through(one, time, 200.0)
    assert saved[0] == 0.5  # nothing was known of their cost yet
    assert all(b - a >= COST / COST_SHARE for a, b in pairwise(saved))
    assert one.seconds == len(saved) * COST < 0.01 * 200 + COST


def test_before_an_evaluation_one_is_worth_its_while_sooner(
    make: Callable[[float], Keeper], time: Time
) -> None:
    one = make(60.0)
    time.now += LEAST_SECONDS - 0.1
    one.keep(before_evaluation=True)
    assert time.saved == []
    time.now += 0.1
    one.keep(before_evaluation=True)
    assert len(time.saved) == 1


def test_asked_to_stop_one_is_written_at_once(make: Callable[[float], Keeper], time: Time) -> None:
    one = make(60.0)
    one.stop_soon()
    assert one.due()
    with pytest.raises(Preempted):
        one.keep(before_evaluation=False)
    assert len(time.saved) == 1
