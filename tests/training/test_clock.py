"""The budget clock: nothing is overshot, no mark is lost or hit twice, few looks at the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, cycle, islice, pairwise, takewhile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import PluginNotUsable
from ganbench.planning.budget import Budget, BudgetKind
from ganbench.training.clock import FREE_STEPS, BudgetClock

from .small import CPU

Cost = tuple[int, float]


def drive(
    clock: BudgetClock, costs: Iterator[Cost], at_mark: Callable[[], None] = lambda: None
) -> None:
    """Take steps as the training loop does."""
    clock.count_step(*next(costs))
    clock.start()
    while clock.allows(*(cost := next(costs))):
        if clock.mark_due():
            clock.stop()
            at_mark()
            clock.pass_marks()
            clock.start()
        clock.count_step(*cost)
    clock.stop()


counted = st.sampled_from(["steps", "images", "flops"])
costs = st.lists(
    st.tuples(st.integers(1, 300), st.integers(1, 300).map(lambda one: one * 1e9)),
    min_size=1,
    max_size=20,
)


def totals(kind: BudgetKind, steps: Iterable[Cost]) -> Iterator[int]:
    """What has been spent after each step."""
    return accumulate(
        {"steps": 1, "images": images, "flops": int(flops)}[kind] for images, flops in steps
    )


@given(counted, st.integers(1, 2000), costs)
def test_counted_budgets_take_every_step_that_fits_and_no_other(
    kind: BudgetKind, amount: int, steps: list[Cost]
) -> None:
    amount *= 10**9 if kind == "flops" else 1
    clock = BudgetClock(Budget(kind, amount), CPU, marks=1)
    drive(clock, cycle(steps))
    fitting = list(takewhile(lambda total: total <= amount, totals(kind, cycle(steps))))
    assert clock.steps == max(1, len(fitting))
    taken = list(islice(cycle(steps), clock.steps))
    assert clock.images == sum(images for images, _ in taken)
    assert clock.flops == sum(flops for _, flops in taken)


def test_the_first_step_always_fits() -> None:
    clock = BudgetClock(Budget("flops", 1.0), CPU, marks=10)
    assert clock.allows(64, 1e9)
    drive(clock, cycle([(64, 1e9)]))
    assert clock.steps == 1
    assert clock.fraction() == 1.0


def test_a_dear_step_after_cheap_ones_is_not_taken_and_a_cheap_one_after_a_dear_is() -> None:
    clock = BudgetClock(Budget("images", 100), CPU, marks=1)
    drive(clock, iter([(60, 0.0), (10, 0.0), (10, 0.0), (30, 0.0)]))
    assert (clock.steps, clock.images) == (3, 80)


@given(counted, st.integers(1, 2000), st.integers(1, 60), costs)
def test_each_mark_is_hit_once_and_a_step_over_several_hits_one(
    kind: BudgetKind, amount: int, marks: int, steps: list[Cost]
) -> None:
    amount *= 10**9 if kind == "flops" else 1
    clock = BudgetClock(Budget(kind, amount), CPU, marks)
    hits: list[int] = []
    drive(clock, cycle(steps), lambda: hits.append(clock.steps))
    spent = list(islice(totals(kind, cycle(steps)), clock.steps - 1))  # after the last, the end
    passed = [0, *(total * marks // amount for total in spent)]
    assert hits == [step for step, (one, two) in enumerate(pairwise(passed), 1) if two > one]
    assert len(hits) < marks


@pytest.mark.parametrize("marks", [1, 2, 10, 29, 100, 1000])
def test_every_mark_of_a_fine_budget_is_hit_at_its_fraction(marks: int) -> None:
    clock = BudgetClock(Budget("steps", 1000), CPU, marks)
    fractions: list[float] = []
    drive(clock, cycle([(1, 1.0)]), lambda: fractions.append(clock.fraction()))
    assert fractions == [math.ceil(mark * 1000 / marks) / 1000 for mark in range(1, marks)]


class FakeTime:
    """Time that passes when the test says so, and counts how often it is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.looks = 0
        monkeypatch.setattr("ganbench.training.clock.time.perf_counter", self.look)

    def look(self) -> float:
        self.looks += 1
        return self.now

    def steps_of(self, seconds: Iterator[float]) -> Iterator[Cost]:
        """Steps that take that long each: a step lasts from its being allowed to the next."""
        yield 64, 1e6
        yield 64, 1e6
        for one in seconds:
            self.now += one
            yield 64, 1e6


@given(
    st.lists(st.floats(0.5, 1.0), min_size=1, max_size=50),
    st.floats(1, 200),
    st.integers(1, 10),
)
def test_seconds_are_overshot_by_less_than_a_step(
    seconds: list[float], amount: float, marks: int
) -> None:
    """Unless steps become more than twice as slow as those before."""
    with pytest.MonkeyPatch.context() as patch:
        time = FakeTime(patch)
        clock = BudgetClock(Budget("seconds", amount), CPU, marks)
        fractions: list[float] = []

        def evaluate() -> None:
            fractions.append(clock.seconds / amount)
            time.now += 1000.0  # is not on the clock

        drive(clock, time.steps_of(cycle(seconds)), evaluate)
    step = 1.0 + 1e-9
    assert amount <= clock.seconds < amount + step
    assert time.now == pytest.approx(clock.seconds + 1000 * len(fractions))
    assert len(fractions) < marks
    assert fractions == sorted(set(fractions))
    for mark in range(1, marks):
        after = next(one for one in [*fractions, 1.0] if one >= mark / marks)
        assert after - mark / marks < step / amount


@pytest.mark.parametrize("marks", [1, 10])
def test_looks_grow_with_the_logarithm_of_the_steps(
    monkeypatch: pytest.MonkeyPatch, marks: int
) -> None:
    looks = []
    for steps in (10**3, 10**4, 10**5, 10**6):
        time = FakeTime(monkeypatch)
        clock = BudgetClock(Budget("seconds", steps / 1024), CPU, marks)
        drive(clock, time.steps_of(cycle([1 / 1024])))
        assert clock.steps == pytest.approx(steps, abs=2)
        looks.append(time.looks)
    assert looks[-1] < marks * 30
    growth = [two - one for one, two in pairwise(looks)]
    assert max(growth) <= marks * 6  # log2(10) = 3.3 for each tenfold


def test_counted_budgets_look_at_the_time_at_marks_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime(monkeypatch)
    clock = BudgetClock(Budget("steps", 1000), CPU, marks=10)
    drive(clock, time.steps_of(cycle([0.25])))
    assert time.looks == 2 * 10
    assert clock.seconds == pytest.approx(0.25 * 998, abs=1)


def test_the_first_step_and_evaluations_are_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime(monkeypatch)
    clock = BudgetClock(Budget("steps", 3), CPU, marks=1)
    time.now += 100
    clock.count_step(1, 1.0)
    clock.start()
    time.now += 1
    clock.stop()
    time.now += 100
    clock.start()
    time.now += 2
    clock.stop()
    clock.stop()
    assert clock.seconds == 3


def test_steps_taken_aside_last_as_long_as_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    time = FakeTime(monkeypatch)
    clock = BudgetClock(Budget("steps", 9), CPU, marks=1)
    clock.count_step(1, 1.0)
    clock.start()
    with clock.aside():  # before anything was timed
        time.now += 50
    clock.count_step(1, 1.0)
    for step in range(4):
        time.now += 2
        clock.count_step(1, 1.0)
        if step == 1:
            with clock.aside():
                time.now += 50
            clock.count_step(1, 1.0)
    clock.stop()
    assert clock.steps == 7
    assert clock.seconds == 2 * 6  # all but the first
    again = BudgetClock(Budget("steps", 9), CPU, marks=1)
    again.restore(clock.state())
    assert again.seconds == clock.seconds


@pytest.mark.parametrize(
    ("kind", "cost", "message"),
    [
        ("flops", (16, 0.0), "no products, convolutions or attention"),
        ("images", (0, 1e6), "the discriminator has seen no real sample"),
    ],
)
def test_a_budget_of_which_nothing_is_ever_spent_is_told(
    kind: Any, cost: tuple[int, float], message: str
) -> None:
    clock = BudgetClock(Budget(kind, 1e9), CPU, marks=2)
    clock.count_step(16, 1e6)
    for _ in range(FREE_STEPS - 1):
        clock.count_step(*cost)
    clock.count_step(16, 1e6)  # a critic that trains now and then
    for _ in range(FREE_STEPS - 1):
        clock.count_step(*cost)
    with pytest.raises(PluginNotUsable, match=message) as caught:
        clock.count_step(*cost)
    assert caught.value.hint == "give it a budget in steps or in seconds"


def test_steps_and_seconds_are_spent_by_steps_that_cost_nothing_else() -> None:
    for kind in ("steps", "seconds"):
        clock = BudgetClock(Budget(kind, 1e9), CPU, marks=2, now=lambda: 0.0)
        for _ in range(FREE_STEPS + 1):
            clock.count_step(0, 0.0)
        assert clock.steps == FREE_STEPS + 1
