"""Verdicts on made-up claims: the same, another trajectory, or wrong, and which one it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ganbench.statistics.intervals import geometric_prediction_interval, prediction_interval
from ganbench.verification.claimed import ClaimedRun
from ganbench.verification.verdict import (
    LEVEL,
    ROUNDING,
    Verdict,
    judge_recomputed,
    judge_retrained,
)

from ..results.synthetic import spec

HERE = {
    "device_name": "AMD EPYC",
    "cpu": "AMD EPYC",
    "cpu_kind": "25-17-1 AVX512",
    "torch": "2.14.1",
    "cuda": None,
    "threads": 1,
    "python": "3.11.7",
}
THERE = {**HERE, "cpu_kind": "26-2-1 AVX512"}
OTHERS = ({"w2": 0.9}, {"w2": 1.0}, {"w2": 1.1}, {"w2": 1.05})
SEEDS = prediction_interval([one["w2"] for one in OTHERS], LEVEL)


@pytest.fixture
def claim() -> ClaimedRun:
    run = spec("vanilla", "ring8")
    return ClaimedRun(
        run_id=run.run_id,
        spec=run,
        protocol=1,
        status="ok",
        steps=1000,
        scores={"w2": 1.02},
        environment=HERE,
        others=OTHERS,
    )


def retrained(
    claim: ClaimedRun, found: float, environment: dict[str, Any], status: str = "ok"
) -> Verdict:
    return judge_retrained(claim, status, {"w2": found}, environment)


@pytest.mark.parametrize("environment", [HERE, THERE])
@pytest.mark.parametrize(
    ("found", "told"), [(1.02, "equal, bit by bit"), (1.02 * (1 + 1e-9), "equal to 1e-06")]
)
def test_the_same_is_the_same_anywhere(
    claim: ClaimedRun, environment: dict[str, Any], found: float, told: str
) -> None:
    verdict = retrained(claim, found, environment)
    assert verdict.holds
    assert verdict.summary.endswith(f"trained again from its spec: {told}")


def test_on_the_same_machine_another_number_is_wrong(claim: ClaimedRun) -> None:
    verdict = retrained(claim, 1.03, {**HERE, "python": "3.12.1"})  # which does not round
    assert SEEDS.low < 1.03 < SEEDS.high
    assert not verdict.holds
    assert verdict.elsewhere == ()
    assert verdict.summary.endswith(": 1 of 1 scores differ")


@pytest.mark.parametrize("name", ROUNDING)
def test_what_rounds_otherwise_makes_another_trajectory(claim: ClaimedRun, name: str) -> None:
    verdict = retrained(claim, 1.03, {**HERE, name: "another"})
    assert verdict.holds
    (reason,) = verdict.elsewhere
    assert reason.endswith(", here another")
    assert (
        f"another trajectory ({reason}), within the interval of the other seeds" in verdict.summary
    )
    (one,) = verdict.rescored
    assert one.verdict == "within seeds"
    assert (one.low, one.high) == (SEEDS.low, SEEDS.high)


@pytest.mark.parametrize("known", [{}, {**HERE, "cpu_kind": None}])
def test_where_a_run_ran_is_not_always_known(claim: ClaimedRun, known: dict[str, Any]) -> None:
    verdict = retrained(replace(claim, environment=known), 1.03, HERE)
    assert verdict.holds
    assert "cpu kind unknown, here 25-17-1 AVX512" in verdict.elsewhere


@pytest.mark.parametrize(
    ("claimed", "found"),
    [
        *((1.02, 2 * SEEDS.high), (1.02, SEEDS.low - 0.01), (SEEDS.low - 0.01, 1.02)),
        (SEEDS.low - 0.01, SEEDS.high + 0.01),
    ],
)
def test_outside_of_the_interval_is_told_from_within(
    claim: ClaimedRun, claimed: float, found: float
) -> None:
    """The claim itself as well: an honest rerun confirms no number that no seed would give."""
    verdict = retrained(replace(claim, scores={"w2": claimed}), found, THERE)
    assert not verdict.holds
    assert "another trajectory (cpu kind 25-17-1" in verdict.summary
    assert verdict.summary.endswith("outside of the interval of the other seeds in 1 of 1 scores")


@pytest.mark.parametrize(("claimed", "found"), [(9.0, 12.0), (0.1, 0.2)])
def test_a_seed_that_stands_out_may_do_so_again(
    claim: ClaimedRun, claimed: float, found: float
) -> None:
    verdict = retrained(replace(claim, scores={"w2": claimed}), found, THERE)
    assert verdict.holds
    assert verdict.summary.endswith(
        "beyond their interval, on the side of the claim, in 1 of 1 scores"
    )


def test_of_distances_the_interval_is_one_of_factors(claim: ClaimedRun) -> None:
    """So that it has no end at which nothing is too good: here, the raw one begins below zero."""
    others = tuple({"w2": value} for value in (0.02, 0.03, 0.05, 0.09))
    false = replace(claim, scores={"w2": 0.0005}, others=others)
    assert retrained(false, 0.04, THERE).holds
    verdict = retrained(replace(false, distances=frozenset({"w2"})), 0.04, THERE)
    assert not verdict.holds
    (one,) = verdict.rescored
    found = geometric_prediction_interval([one["w2"] for one in others], LEVEL)
    assert (one.low, one.high) == (found.low, found.high)
    zero = replace(false, scores={"w2": 0.0}, distances=frozenset({"w2"}))  # without a logarithm
    assert (
        retrained(zero, 0.04, THERE).rescored[0].low
        == prediction_interval([one["w2"] for one in others], LEVEL).low
    )


def test_seeds_that_are_all_alike_predict_nothing(claim: ClaimedRun) -> None:
    alike = replace(claim, scores={"w2": 0.0}, others=({"w2": 0.0},) * 4)
    verdict = retrained(alike, 0.001, THERE)
    assert [one.verdict for one in verdict.rescored] == ["no spread"]
    assert verdict.holds
    assert "no interval known" in verdict.summary
    assert not retrained(alike, 0.001, HERE).holds
    assert retrained(replace(alike, scores={"w2": 0.001}), 0.0, THERE).holds
    assert not retrained(replace(alike, scores={"w2": 0.001}), 0.5, THERE).holds  # unlike all


def test_one_other_seed_has_no_interval(claim: ClaimedRun) -> None:
    verdict = retrained(replace(claim, others=OTHERS[:1]), 1.03, THERE)
    assert not verdict.holds
    assert "1 of 1 scores differ (cpu kind" in verdict.summary


def test_a_gpu_never_gives_the_same_bits(claim: ClaimedRun) -> None:
    verdict = retrained(replace(claim, device="cuda"), 1.03, HERE)
    assert verdict.holds
    assert verdict.elsewhere == ("a GPU adds in no fixed order",)


def test_another_ending_is_another_ending(claim: ClaimedRun) -> None:
    verdict = retrained(claim, 1.02, THERE, status="diverged")
    assert not verdict.holds
    assert "it ended as diverged, not as ok (cpu kind 25-17-1 AVX512, here 26-2" in verdict.summary


def test_a_score_that_one_side_lacks_differs(claim: ClaimedRun) -> None:
    verdict = judge_retrained(claim, "ok", {"w2": 1.03, "modes": 8.0}, THERE)
    assert [one.verdict for one in verdict.rescored] == ["differs", "within seeds"]
    assert "1 of 2 scores differ" in verdict.summary


def test_from_its_generator_nothing_is_left_to_chance(claim: ClaimedRun) -> None:
    verdict = judge_recomputed(claim, "ok", {"w2": 1.03}, "AMD EPYC")
    assert not verdict.holds
    assert verdict.summary.endswith("recomputed from its generator: 1 of 1 scores differ")


@pytest.mark.parametrize(
    ("here", "off", "said"),
    [
        ("NVIDIA H200", 1e-4, None),
        ("NVIDIA H200", 1e-7, "equal to 1e-06"),
        ("AMD EPYC", 1e-4, "equal to 0.001 (device NVIDIA H200, here AMD EPYC)"),
        (None, 1e-4, "equal to 0.001 (device NVIDIA H200, here unknown)"),
        ("AMD EPYC", 1e-2, None),
    ],
)
def test_what_a_gpu_has_computed_is_rounded_otherwise_elsewhere(
    claim: ClaimedRun, here: str | None, off: float, said: str | None
) -> None:
    environment = {**claim.environment, "device_name": "NVIDIA H200"}
    on_gpu = replace(claim, device="cuda", environment=environment)
    found = {key: value * (1 + off) for key, value in claim.scores.items()}
    verdict = judge_recomputed(on_gpu, "ok", found, here)
    assert verdict.holds == (said is not None)
    assert said is None or verdict.summary.endswith(said)
    assert not judge_recomputed(claim, "ok", {"w2": 1.02 * (1 + 1e-4)}, here).holds


@pytest.mark.parametrize(("found", "holds"), [(0.002, True), (0.006, False)])
def test_of_shares_a_few_samples_may_fall_to_the_other_side(
    claim: ClaimedRun, found: float, holds: bool
) -> None:
    on_gpu = replace(claim, device="cuda", scores={"copies": 0.0}, others=())
    assert judge_recomputed(on_gpu, "ok", {"copies": found}, "another").holds == holds
    here = judge_recomputed(on_gpu, "ok", {"copies": found}, claim.environment["device_name"])
    assert not here.holds


def test_of_many_scores_all_lie_within_as_often_as_one(claim: ClaimedRun) -> None:
    keys = [f"score-{number}" for number in range(10)]
    many = replace(
        claim,
        scores=dict.fromkeys(keys, 1.02),
        others=tuple(dict.fromkeys(keys, one["w2"]) for one in OTHERS),
    )
    wide = judge_retrained(many, "ok", dict.fromkeys(keys, SEEDS.high + 0.01), THERE)
    assert wide.holds
    assert all(one.low is not None and one.low < SEEDS.low for one in wide.rescored)
