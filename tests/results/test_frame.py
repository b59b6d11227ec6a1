from __future__ import annotations

import math
import statistics

import pandas as pd
import pytest

from ganbench.api.errors import InvalidResults
from ganbench.results.fields import RUN_FIELDS
from ganbench.results.frame import collect

from .synthetic import W2, record, spec


def test_a_run_in_numbers() -> None:
    # cap 1, floor 0.004: utility = ln(1/d) / ln(250)
    one = record(spec(), [0.8, 0.05, 0.02, 0.04])
    row = collect([one]).frame.iloc[0]
    assert row["distance_end"] == 0.04
    assert row["distance_best"] == 0.02
    assert row["utility_end"] == pytest.approx(math.log(25) / math.log(250))
    assert row["utility_best"] == pytest.approx(math.log(50) / math.log(250))
    assert row["late_degradation"] == pytest.approx(math.log(2))
    assert row["oscillation"] == pytest.approx(math.log(2))
    assert row[W2] == 0.04
    assert row["steps"] == 4000
    assert row["parameters"] == 33666 + 33409
    assert row["started"] == "2026-11-23T00:00:00Z"
    assert (row["budget_kind"], row["budget_amount"]) == ("flops", 1e12)


def test_steadiness_leaves_out_what_latents_explain() -> None:
    fresh = {"best_fraction": 0.5, "best": [0.021, 0.024], "end": [0.038, 0.042]}
    one = record(spec(), [0.8, 0.02, 0.03, 0.04], fresh=fresh)
    row = collect([one]).frame.iloc[0]
    ends = [math.log(value) for value in (0.04, 0.038, 0.042)]
    squares = 2 * statistics.variance(ends) + math.log(24 / 21) ** 2 / 2
    noise = math.sqrt(squares / 3)
    assert row["evaluation_noise"] == pytest.approx(noise)
    best, end = math.sqrt(0.021 * 0.024), math.sqrt(0.038 * 0.042)
    assert row["late_degradation"] == pytest.approx(math.log(end / best))
    limit = 2 * math.sqrt(2) * noise
    rises = [math.log(0.03 / 0.02), math.log(0.04 / 0.03)]
    expected = sum(max(0.0, rise - limit) for rise in rises)
    assert row["oscillation"] == pytest.approx(expected)


def test_without_fresh_latents_nothing_is_said_of_steadiness() -> None:
    row = collect([record(spec(), [0.8, 0.02, 0.04], fresh=None)]).frame.iloc[0]
    assert row[["evaluation_noise", "late_degradation", "oscillation"]].isna().all()


def test_step_time_is_the_median_over_marks() -> None:
    one = record(spec(), [0.5, 0.4, 0.3])
    for point, seconds, steps in zip(
        one["points"], [10.0, 12.0, 14.0], [1000, 2000, 3000], strict=True
    ):
        point["used"] = {"flops": 1.0, "seconds": seconds, "images": 1, "steps": steps}
    assert collect([one]).frame["seconds_per_step"].item() == pytest.approx(2 / 1000)


@pytest.mark.parametrize(
    ("status", "utility"),
    [("nonfinite_weights", 0.0), ("diverged", 0.0), ("timeout", None), ("oom", None)],
)
def test_a_failed_run_has_no_end(status: str, utility: float | None) -> None:
    row = collect([record(spec(), [0.8, 0.05], status)]).frame.iloc[0]
    assert pd.isna(row["distance_end"])
    assert pd.isna(row[W2])
    assert pd.isna(row["late_degradation"])
    assert row["distance_best"] == 0.05
    assert row["failed_at_step"] == 500
    assert row["utility_end"] == utility if utility is not None else pd.isna(row["utility_end"])


def test_a_run_that_died_before_anything_was_measured_has_a_row() -> None:
    died = record(spec(seed=1), [], "killed", environment={}, parameters={}, clocks={})
    frame = collect([record(spec(), [0.1]), died]).frame
    assert list(frame["status"]) == ["ok", "killed"]
    assert frame.loc[1, ["primary", "device_name", "parameters"]].isna().all()


def test_an_unfinished_run_has_a_row() -> None:
    runs = collect([record(spec(), [0.1])], {spec(seed=1).run_id: spec(seed=1).to_json()})
    assert list(runs.frame["status"]) == ["ok", "unfinished"]
    assert list(runs.frame["code"].unique()) == [runs.frame["code"][0]]


def test_a_run_that_has_ended_is_not_unfinished() -> None:
    runs = collect([record(spec(), [0.1])], {spec().run_id: spec().to_json()})
    assert list(runs.frame["status"]) == ["ok"]


def test_distances_that_may_be_negative_have_no_logarithm() -> None:
    row = collect([record(spec(), [0.3, -0.001])]).frame.iloc[0]
    assert row["distance_end"] == -0.001
    assert row["utility_end"] == 1.0
    assert pd.isna(row["late_degradation"])


def test_types_do_not_depend_on_what_is_missing() -> None:
    types = {one.name: one.dtype for one in RUN_FIELDS}
    for records in ([], [record(spec(), [0.1])], [record(spec(), [], "killed")]):
        frame = collect(records).frame
        assert {name: str(frame[name].dtype) for name in types} == types


def test_the_order_of_records_does_not_matter() -> None:
    records = [record(spec(seed=seed), [0.1 + seed]) for seed in range(4)]
    pd.testing.assert_frame_equal(collect(records).frame, collect(records[::-1]).frame)


def test_a_record_counts_once_and_a_contradiction_not_at_all() -> None:
    one = record(spec(), [0.1])
    assert len(collect([one, one]).frame) == 1
    with pytest.raises(InvalidResults, match="two different records have the run id"):
        collect([one, {**one, "status": "killed"}])
