"""Who claims to be near the data must pass what the task asks for beside its distance."""

from __future__ import annotations

import pytest

from ganbench.results.frame import collect
from ganbench.results.record import Column, Record
from ganbench.tables.aggregate import Aggregate
from ganbench.tables.leaderboard import aggregates
from ganbench.tables.thresholds import CLAIM, is_least, missed_thresholds

from ..results.synthetic import FLOORS, column, record, spec

QUALITY = "high-quality/8@2500"


def run(
    level: float,
    quality: float,
    threshold: float | None = 0.8,
    seed: int = 0,
    variant: str = "vanilla",
) -> Record:
    """A run on the ring that ends so many floors from the data, with that share of quality."""
    one = record(spec(variant, seed=seed), [0.9, FLOORS["ring8"] * level])
    one["points"][-1]["scores"][QUALITY] = quality
    one["columns"][QUALITY]["direction"] = "higher"
    if threshold is not None:
        one["columns"][QUALITY]["threshold"] = threshold
    return one


def missed(*runs: Record) -> tuple[str, ...]:
    (row,) = aggregates(collect(runs))
    columns = {key: one for (_, key), one in collect(runs).scores.items()}
    return tuple(missed_thresholds(row.entry, columns))


def test_near_the_data_a_missed_threshold_is_a_reason() -> None:
    assert missed(run(1.0, 0.152)) == ("high quality 0.152, below 0.8",)
    assert missed(run(1.0, 0.8)) == ()
    assert missed(run(1.0, 0.152, threshold=None)) == ()


def test_far_from_it_nothing_is_claimed_and_nothing_asked() -> None:
    """Half of the way from the real mean, 1, to the floor, .004, is at .063, 15.8 floors."""
    assert missed(run(15.7, 0.152)) != ()
    assert missed(run(15.9, 0.152)) == ()


def test_means_over_seeds_decide() -> None:
    assert missed(run(1, 0.7), run(1, 0.95, seed=1)) == ()
    assert missed(run(1, 0.7), run(1, 0.85, seed=1)) == ("high quality 0.775, below 0.8",)


def test_a_run_that_failed_claims_nothing() -> None:
    assert missed(record(spec(), [], "nonfinite_weights")) == ()


@pytest.mark.parametrize(
    ("one", "threshold", "least"),
    [
        (column("recall", "collapse", "higher"), 0.5, True),
        (column("reverse KL", "collapse", "lower"), 0.5, False),
        (column("density", "collapse", "target", null=1.0), 0.5, True),
        (column("near train", "collapse", "target", null=0.01), 0.5, False),
        (column("mine", "collapse", "target"), 0.5, True),
    ],
)
def test_which_side_is_allowed(one: Column, threshold: float, least: bool) -> None:
    assert is_least(threshold, one) == least


def test_the_most_that_is_allowed() -> None:
    one = run(1.0, 0.9, threshold=0.5)
    one["columns"][QUALITY]["direction"] = "lower"
    assert missed(one) == ("high quality 0.9, above 0.5",)


def rows_of(*levels_and_qualities: tuple[str, float, float]) -> dict[str, Aggregate]:
    """Variants with five seeds each, on the ring alone."""
    runs = [
        run(level, quality, seed=seed, variant=variant)
        for variant, level, quality in levels_and_qualities
        for seed in range(5)
    ]
    return {row["variant"]: row for row in aggregates(collect(runs))}


def test_a_run_that_misses_a_threshold_counts_half_of_the_way_at_most() -> None:
    rows = rows_of(("dcgan", 1.0, 0.152), ("vanilla", 1.0, 0.9))
    near, sharp = rows["dcgan"], rows["vanilla"]
    assert near.entry.values("utility_end") == sharp.entry.values("utility_end") == [1.0] * 5
    assert near.value("utility") == near.value("suite_utility") == CLAIM
    assert sharp.value("suite_utility") == 1


def test_coming_past_the_claim_costs_no_rank_in_the_suite() -> None:
    """A row below the claim, of which nothing is asked, is not before one that has passed it."""
    rows = rows_of(("dcgan", 10, 0.152), ("vanilla", 20, 0.152))
    nearer, farther = rows["dcgan"], rows["vanilla"]
    assert (nearer["rank_low"], farther["rank_low"]) == (1, 2)
    assert nearer.limits == nearer.marks == ("high quality 0.152, below 0.8",)
    assert nearer["distance_rank_low"] is None
    assert nearer["unranked"] is None
    assert farther["distance_rank_low"] == 1


def test_other_marks_still_cost_the_rank_in_the_suite() -> None:
    runs = [run(1.0, 0.152, seed=seed) for seed in range(5)]
    for one in runs:
        one["coupled"] = True
    (row,) = aggregates(collect(runs))
    assert row["unranked"] == "samples depend on each other in 5 of 5 runs on ring8"
    assert row.value("suite_utility") == CLAIM
