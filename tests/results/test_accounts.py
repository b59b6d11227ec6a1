"""What a record tells of the budget that its run had."""

from __future__ import annotations

from typing import Any

import pytest

from ganbench.results.accounts import remarks, slowest_stretch
from ganbench.results.record import Record

from .synthetic import curve, record, spec


def run_with(**more: Any) -> Record:
    return record(spec(), curve("ring8", 1.2, 0), **more)


def used(**more: Any) -> dict[str, Any]:
    return {"flops": 1e12, "seconds": 9.3, "images": 512_000, "steps": 4000, **more}


def test_nothing_is_said_of_a_run_that_kept_to_its_budget() -> None:
    recount = {"steps": 30, "differing": 0, "added": 0.0}
    assert list(remarks(run_with())) == []  # from a time when nothing was counted again
    assert list(remarks(run_with(recount=recount))) == []


def test_steps_that_cost_more_than_was_known_are_told() -> None:
    recount = {"steps": 30, "differing": 2, "added": 3e9}
    (told,) = remarks(run_with(recount=recount))
    assert told.startswith("2 of 30 steps that were counted again took another number")
    assert told.endswith("3GFLOP were charged afterwards")


def test_samples_that_are_no_independent_draws_are_told() -> None:
    (told,) = remarks(run_with(coupled=True))
    assert told.startswith("its samples depend on those that are generated beside them")
    assert list(remarks(run_with(coupled=False))) == []


def test_more_than_a_budget_is_told() -> None:
    (told,) = remarks(run_with(used=used(flops=1.25e12)))
    assert told == "25% more than its budget was spent, on work that had not been counted"


def test_a_step_that_is_dearer_than_its_budget_is_told() -> None:
    """It always fits: a unit that was mistyped, or a variant whose steps are beyond the budget."""
    (told,) = remarks(run_with(used=used(flops=1.25e14, steps=1)))
    assert told == "its one step cost 125 times its budget"
    run = run_with(used=used(images=2_000_000, steps=1))  # fitted to all samples at once
    run["spec"]["task"]["budget"] = {"kind": "images", "amount": 1000.0}
    assert list(remarks(run)) == []


def test_less_than_a_hundredth_more_is_one_step_and_no_cheat() -> None:
    assert list(remarks(run_with(used=used(flops=1.009e12)))) == []
    (told,) = remarks(run_with(used=used(flops=1.01e12)))
    assert told.startswith("1% more than its budget")


def test_time_budgets_are_overshot_by_a_step() -> None:
    run = run_with(used=used(seconds=11.0))
    run["spec"]["task"]["budget"] = {"kind": "seconds", "amount": 10.0}
    assert list(remarks(run)) == []


def with_paces(*paces: float) -> Record:
    """A run with these seconds per step between its marks."""
    run, seconds = run_with(), 0.0
    for index, (point, pace) in enumerate(zip(run["points"], [1.0, *paces], strict=False)):
        seconds += 100 * pace
        point["used"] |= {"seconds": seconds, "steps": 100 * (index + 1)}
    run["points"] = run["points"][: len(paces) + 1]
    return run


@pytest.mark.parametrize(
    ("paces", "slowest"),
    [((1, 1, 1, 1), 1), ((1, 2, 1, 1, 4), 4), ((2, 2, 2, 8), 4), ((1, 9, 1), 1), ((), 1)],
)
def test_the_slowest_stretch_is_held_against_the_median(
    paces: tuple[float, ...], slowest: float
) -> None:
    assert slowest_stretch(with_paces(*paces)) == pytest.approx(slowest)


def test_a_slow_stretch_is_told() -> None:
    (told,) = remarks(with_paces(1, 1, 1, 1, 4.3))
    assert told.startswith("the slowest stretch between two marks took 4.3 times the seconds")
