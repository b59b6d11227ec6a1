from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from ganbench.api.version import PROTOCOL_VERSION
from ganbench.planning.budget import Budget
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.tables.assemble import tables
from ganbench.tables.coverage import Coverage
from ganbench.tables.labels import section_names, variant_labels
from ganbench.tables.leaderboard import aggregates, leaderboard

from ..results.synthetic import W2, record, spec

T_1 = 12.706204736  # 97.5 % quantile of Student's t with 1 degree of freedom; tables print 12.706
T_4 = 2.776445105


def board(records: list[Record], unfinished: dict[str, Any] | None = None) -> pd.DataFrame:
    return leaderboard(collect(records, unfinished))


def seeds(variant: str, ends: list[float], task: str = "ring8", **more: Any) -> list[Record]:
    return [record(spec(variant, task, seed, **more), [0.9, end]) for seed, end in enumerate(ends)]


def test_distances_are_averaged_on_logarithms() -> None:
    row = board(seeds("a", [0.01, 0.1])).iloc[0]
    half = T_1 * (math.log(10) / math.sqrt(2)) / math.sqrt(2)
    assert row["distance"] == pytest.approx(math.sqrt(0.001))
    assert row["distance_low"] == pytest.approx(math.exp(math.log(0.001) / 2 - half))
    assert row["distance_high"] == pytest.approx(math.exp(math.log(0.001) / 2 + half))
    assert row["distance_n"] == 2
    assert row[W2] == row["distance"]
    assert row[f"{W2}:n"] == 2
    assert row["seed_dispersion"] == pytest.approx(math.log(10) / math.sqrt(2))
    assert row["distance_floor"] == 0.004


def test_one_distance_below_zero_makes_plain_means_of_all_on_its_task() -> None:
    """An unbiased distance may be; numbers of one column, and its ranks, are of one kind."""
    found = board([*seeds("a", [-0.01, 0.03]), *seeds("b", [0.001, 0.1])]).set_index("variant")
    assert dict(found["distance"]) == pytest.approx({"a": 0.01, "b": 0.0505})
    assert dict(found[W2]) == dict(found["distance"])
    alone = board(seeds("b", [0.001, 0.1])).iloc[0]
    assert alone["distance"] == pytest.approx(0.01)


NEAR = [0.02 * math.exp(0.56 * place) for place in range(-2, 3)]
ONE_AT_ZERO = [1e-6, 0.02, 0.02, 0.02, 0.02]


@pytest.mark.parametrize(
    ("near", "far", "below", "apart"),
    [
        (NEAR, [10 * one for one in NEAR], [], True),  # t = 4.1 with 8 degrees of freedom
        (NEAR, [10 * one for one in NEAR], [-1.0] * 5, False),  # 1.2
        (ONE_AT_ZERO, [0.08] * 5, [], False),  # 1.7 with 4
        (ONE_AT_ZERO, [0.08] * 5, [-1.0] * 5, True),  # 16
    ],
)
def test_distances_are_ranked_on_the_scale_of_their_means(
    near: list[float], far: list[float], below: list[float], apart: bool
) -> None:
    """On logarithms, unless somebody has a distance that has none."""
    found = board([*seeds("a", near), *seeds("b", far), *seeds("c", below)]).set_index("variant")
    a, b = (found.loc[name, "distance_rank_low"] for name in "ab")
    assert (a < b) == apart


def test_seed_dispersion_leaves_out_evaluation_noise() -> None:
    records = seeds("a", [0.01, 0.1])
    for one, (end, other) in zip(records, [(0.01, 0.02), (0.1, 0.2)], strict=True):
        one["fresh"] = {"best_fraction": 1.0, "best": [end, other], "end": [end, other]}
    row = board(records).iloc[0]
    noise = math.sqrt(2 * (math.log(2) ** 2 / 3) / 2)  # of (ln d, ln d, ln 2d), in both runs
    assert row["evaluation_noise"] == pytest.approx(noise)
    spread = math.log(10) ** 2 / 2
    assert row["seed_dispersion"] == pytest.approx(math.sqrt(spread - noise**2))


def test_intervals_end_where_scores_do() -> None:
    records = seeds("a", [0.01, 0.02, 0.03])
    (key,) = (key for key in records[0]["columns"] if key.startswith("modes"))
    for one, value in zip(records, [8.0, 8.0, 5.0], strict=True):
        one["columns"][key] |= {"lowest": 0.0, "highest": 8.0}
        one["points"][-1]["scores"][key] = value
    row = board(records).iloc[0]
    assert row[key] == 7
    assert row[f"{key}:high"] == 8
    assert 0 < row[f"{key}:low"] < 7


@pytest.mark.parametrize(("precision", "silent"), [(0.3, True), (0.5, False)])
def test_recall_says_nothing_where_precision_is_low(precision: float, silent: bool) -> None:
    records = seeds("a", [10.0, 12.0], "digits")
    keys = {key.partition("/")[0]: key for key in records[0]["columns"]}
    for one in records:
        one["columns"][keys["precision"]]["null"] = 0.9
        one["columns"][keys["recall"]]["read_with"] = keys["precision"]
        one["points"][-1]["scores"][keys["precision"]] = precision
    row = board(records).iloc[0]
    found = None if pd.isna(row["uninterpretable"]) else row["uninterpretable"]
    assert found == (keys["recall"] if silent else None)


def test_one_seed_has_no_interval() -> None:
    row = board(seeds("a", [0.01])).iloc[0]
    assert row["distance"] == pytest.approx(0.01)
    assert pd.isna(row["distance_low"])
    assert pd.isna(row["distance_high"])
    assert pd.isna(row["seed_dispersion"])


def test_a_failure_is_counted_and_no_number_stands_for_it() -> None:
    records = seeds("a", [0.004, 0.004, 0.004, 0.004])
    failed = record(spec("a", seed=4), [0.9, 0.01], "nonfinite_weights")
    row = board([*records, failed]).iloc[0]
    assert row["distance"] == pytest.approx(0.004)
    assert row["distance_n"] == 4
    assert (row["runs"], row["ok"], row["nonfinite_weights"]) == (5, 4, 1)
    # Clopper-Pearson, 1 of 5: [1 - 0.975^(1/5), ...], upper limit from published tables
    assert row["failure_rate"] == pytest.approx(0.2)
    assert row["failure_rate_low"] == pytest.approx(1 - 0.975**0.2)
    assert row["failure_rate_high"] == pytest.approx(0.7164, abs=1e-4)
    assert row["retained_utility"] == pytest.approx(0.8)
    assert row["utility"] == pytest.approx(0.8)
    half = T_4 * math.sqrt(0.2) / math.sqrt(5)  # sd of 1, 1, 1, 1, 0 is sqrt(0.2)
    assert row["utility_low"] == pytest.approx(0.8 - half)
    assert row["utility_high"] == 1.0


@pytest.mark.parametrize("status", ["oom", "timeout", "error", "killed"])
def test_accidents_are_printed_and_not_counted(status: str) -> None:
    row = board([*seeds("a", [0.004, 0.004]), record(spec("a", seed=2), [0.9], status)]).iloc[0]
    assert row[status] == 1
    assert (row["failure_rate"], row["failure_rate_n"]) == (0.0, 2)
    assert row["retained_utility"] == pytest.approx(1.0)
    assert row["incomplete"] == f"2 of 3 seeds (1 {status})"


def test_never_trained_has_a_reason_and_the_last_rank() -> None:
    bad = [record(spec("bad", seed=seed), [1.5, 1.2]) for seed in range(5)]
    lost = [record(spec("lost", seed=seed), [], "nonfinite_weights") for seed in range(5)]
    table = board([*seeds("good", [0.01] * 5), *bad, *lost]).set_index("variant")
    for name in ("bad", "lost"):
        assert pd.isna(table.loc[name, "retained_utility"])
        assert table.loc[name, "retained_utility_missing"] == "never trained"
        assert table.loc[name, "stability_rank_high"] == 3
        assert table.loc[name, "rank_low"] == 2
    assert table.loc["good", "stability_rank_low"] == table.loc["good", "stability_rank_high"] == 1
    assert pd.isna(table.loc["lost", "distance_rank_low"])


def test_ranks_are_ranges_where_intervals_meet() -> None:
    near = [0.010, 0.011, 0.012, 0.013, 0.014]
    table = board(
        [
            *seeds("a", near),
            *seeds("b", [end * 1.02 for end in near]),
            *seeds("c", [end * 20 for end in near]),
        ]
    ).set_index("variant")
    ranks = {name: (row["rank_low"], row["rank_high"]) for name, row in table.iterrows()}
    assert ranks == {"a": (1, 2), "b": (1, 2), "c": (3, 3)}


def test_fewer_than_five_seeds_claim_no_order() -> None:
    for count in (1, 4):
        table = board([*seeds("a", [0.005] * count), *seeds("b", [0.5] * count)])
        for rank in ("rank", "distance_rank", "stability_rank"):
            assert table[[f"{rank}_low", f"{rank}_high"]].isna().all(axis=None)
        told = "1 seed" if count == 1 else "4 seeds"
        tier = [f"provisional rank {place} of 2; " if count > 1 else "" for place in (1, 2)]
        assert list(table["unranked"]) == [f"{one}{told}: a rank needs 5" for one in tier]


def test_ranks_stay_open_where_failures_leave_fewer_than_five_distances() -> None:
    failed = record(spec("a", seed=4), [0.9, 0.01], "nonfinite_weights")
    table = board([*seeds("a", [0.005] * 4), failed, *seeds("b", [0.5] * 5)])
    assert list(table["distance_rank_low"]) == [1, 1]
    assert list(table["distance_rank_high"]) == [2, 2]


def test_distances_below_the_floor_share_their_rank() -> None:
    def ranks(low: float, high: float) -> list[tuple[int, int]]:
        table = board([*seeds("a", [low] * 5), *seeds("b", [high] * 5)])
        return list(zip(table["distance_rank_low"], table["distance_rank_high"], strict=True))

    assert ranks(0.002, 0.003) == [(1, 2), (1, 2)]  # the floor is 0.004
    assert ranks(0.002, 0.005) == [(1, 1), (2, 2)]


def test_a_rank_needs_all_tasks_and_seeds() -> None:
    full = [one for task in ("ring8", "grid25") for one in seeds("full", [0.02] * 5, task)]
    half = seeds("half", [0.01] * 5)
    few = [one for task in ("ring8", "grid25") for one in seeds("few", [0.02] * 2, task)]
    waiting = spec("few", "ring8", 2)
    table = board([*full, *half, *few], {waiting.run_id: waiting.to_json()})
    unranked = table.groupby("variant")["unranked"].first()
    assert unranked["half"] == "not run on grid25"
    assert unranked["few"] == "2 of 5 seeds on grid25; 2 of 5 seeds (1 unfinished) on ring8"
    assert pd.isna(unranked["full"])
    assert table.loc[table["variant"] != "full", "rank_low"].isna().all()


def test_a_variant_whose_tasks_are_of_two_codes_is_told_so() -> None:
    recoded = tuple({**pin, "source_hash": "sha256:" + "cd" * 32} for pin in spec().pins)
    old, new = seeds("a", [0.02] * 5), seeds("a", [0.02] * 5, "grid25", pins=recoded)
    other = [one for task in ("ring8", "grid25") for one in seeds("b", [0.02] * 5, task)]
    table = board([*old, *new, *other]).set_index(["variant", "task"])["unranked"]
    assert table["a", "ring8"] == "run by other code on grid25"
    assert table["a", "grid25"] == "run by other code on ring8"
    assert pd.isna(table["b", "ring8"])


def test_the_coverage_that_is_asked_for_decides() -> None:
    runs = collect(seeds("a", [0.01] * 5))
    row = leaderboard(runs, Coverage(("ring8",), (0, 1, 2, 3, 4))).iloc[0]
    assert (row["rank_low"], row["rank_high"]) == (1, 1)
    row = leaderboard(runs, Coverage(("ring8", "digits"), (0, 1, 2))).iloc[0]
    assert row["unranked"] == "not run on digits"
    row = leaderboard(runs, Coverage(("ring8",), tuple(range(10)))).iloc[0]
    assert row["unranked"] == "5 of 10 seeds on ring8"


def test_the_suite_is_ranked_by_equal_weights_of_tasks() -> None:
    # u = 1 on ring8 (at the floor), u = ln(8/0.4)/ln(8/0.02) on grid25
    table = board([*seeds("a", [0.004] * 5), *seeds("a", [0.4] * 5, "grid25")])
    expected = (1 + math.log(20) / math.log(400)) / 2
    assert list(table["suite_utility"]) == pytest.approx([expected] * 2)
    assert list(table["suite_utility_n"]) == [5, 5]


def test_budgets_are_not_mixed() -> None:
    task = replace(spec().task, budget=Budget("flops", 2e12))
    large = [record(replace(spec("a", seed=seed), task=task), [0.01]) for seed in range(2)]
    table = board([*seeds("a", [0.1] * 3), *large])
    assert sorted(zip(table["budget_amount"], table["distance_n"], strict=True)) == [
        (1e12, 3),
        (2e12, 2),
    ]
    reasons = dict(zip(table["budget_amount"], table["unranked"], strict=True))
    assert reasons[2e12] == "the suite is ranked on another setting of ring8"


def test_a_try_of_another_budget_changes_nothing_of_the_ranking() -> None:
    task = replace(spec().task, budget=Budget("steps", 10))
    tried = record(replace(spec("b", seed=9), task=task), [0.5], "diverged")
    runs = [*seeds("a", [0.1] * 5), *seeds("b", [0.2] * 5)]
    alone, beside = (tables(collect(own))[0] for own in (runs, [*runs, tried]))
    assert [row.cells for row in beside.rows] == [row.cells for row in alone.rows]
    assert [row.cells[0].value for row in beside.rows] == ["1", "2"]
    told = "of ring8, 1TFLOP; of a task the setting with the most runs counts, and so ring8, 10step"
    assert [note for note in beside.notes if note not in alone.notes] == [f"{told}s does not"]


def test_what_is_only_planned_takes_nobodys_rank() -> None:
    larger = replace(spec().task, budget=Budget("steps", 9000))
    planned = [replace(spec(name, seed=seed), task=larger) for name in "ab" for seed in range(9)]
    records = [*seeds("a", [0.1] * 5), *seeds("b", [0.2] * 5)]
    runs = collect(records, {run.run_id: run.to_json() for run in planned})
    assert [row.cells[0].value for row in tables(runs)[0].rows][:2] == ["1", "2"]


def test_another_budget_needs_seeds_of_its_own() -> None:
    task = replace(spec().task, budget=Budget("flops", 2e12))
    large = [
        record(replace(spec(name, seed=seed), task=task), [end])
        for name, end in (("a", 0.01), ("b", 0.9))
        for seed in range(5)
    ]
    table = board([*seeds("a", [0.1] * 6), *seeds("b", [0.2] * 6), *large])
    assert list(table[table["budget_amount"] == 2e12]["distance_rank_low"].astype(int)) == [1, 2]


def test_numbers_of_threads_are_not_mixed() -> None:
    ran = {"threads": 2, "device_name": "AMD EPYC"}
    more = [
        record(replace(spec("a", seed=seed), threads=2), [0.01], environment=ran)
        for seed in range(2)
    ]
    runs = collect([*seeds("a", [0.1] * 3), *more])
    table = leaderboard(runs)
    found = sorted(zip(table["threads"], table["distance_n"], strict=True))
    assert found == [("1", 3), ("2", 2)]
    sections = section_names(row.facts for row in aggregates(runs))
    assert sorted(sections) == ["ring8, 1TFLOP, threads 1", "ring8, 1TFLOP, threads 2"]


def test_precisions_are_not_mixed() -> None:
    more = [record(replace(spec("a", seed=seed), precision="bf16"), [0.01]) for seed in range(2)]
    runs = collect([*seeds("a", [0.1] * 3), *more])
    table = leaderboard(runs)
    found = sorted(zip(table["precision"], table["distance_n"], strict=True))
    assert found == [("bf16", 2), ("float32", 3)]
    sections = section_names(row.facts for row in aggregates(runs))
    assert sorted(sections) == ["ring8, 1TFLOP, precision bf16", "ring8, 1TFLOP, precision float32"]


def test_threads_are_those_that_a_run_had() -> None:
    """Of a run that told nothing, those that it was to have."""
    had = record(spec(), [0.1], environment={"threads": 2})
    lost = record(replace(spec(seed=1), threads=3), [], "killed", environment={})
    assert set(collect([had, lost]).frame["threads"]) == {2, 3}


def test_protocols_are_not_mixed() -> None:
    old, new = seeds("a", [0.1] * 2), seeds("a", [0.01] * 2)
    new = [
        {**one, "protocol": PROTOCOL_VERSION + 1, "run_id": f"{one['run_id']}-new"} for one in new
    ]
    table = board([*old, *new])
    assert list(table["protocol"]) == [PROTOCOL_VERSION, PROTOCOL_VERSION + 1]
    assert list(table["distance"]) == pytest.approx([0.1, 0.01])


def test_devices_are_not_mixed_where_the_budget_is_time() -> None:
    task = replace(spec().task, budget=Budget("seconds", 60))
    records = [record(replace(spec("a", seed=seed), task=task), [0.1]) for seed in range(4)]
    for one in records[2:]:
        one["environment"]["device_name"] = "NVIDIA H200"
    table = board(records)
    assert list(table["timed_on"]) == ["AMD EPYC", "NVIDIA H200"]
    assert list(table["distance_n"]) == [2, 2]


def test_devices_share_a_row_where_the_budget_is_not_time_but_seconds_do_not() -> None:
    records = seeds("a", [0.1] * 4)
    records[3]["environment"]["device_name"] = "NVIDIA H200"
    row = board(records).iloc[0]
    assert row["distance_n"] == 4
    assert row["device_name"] == "AMD EPYC; NVIDIA H200"
    assert pd.isna(row["seconds"])
    assert row["seconds_n"] == 0
    assert row["flops"] == 1e12


def test_a_run_that_went_on_elsewhere_has_no_time_of_one_machine() -> None:
    records = seeds("a", [0.1] * 2)
    for one in records:
        one["environment"]["device_name"] = "NVIDIA H200; AMD EPYC"
    row = board(records).iloc[0]
    assert row["device_name"] == "AMD EPYC; NVIDIA H200"
    assert pd.isna(row["seconds"])
    assert row["flops"] == 1e12


def test_versions_of_the_code_are_not_mixed() -> None:
    pin = {**spec().pins[1], "source_hash": "sha256:" + "cd" * 32}
    table = board([*seeds("a", [0.1] * 2), *seeds("a", [0.01] * 2, pins=(pin,))])
    assert len(table) == 2
    assert table["source_hash"].nunique() == 2
    assert list(table["distance_n"]) == [2, 2]


def test_a_folder_of_images_that_has_changed_is_other_data() -> None:
    before = seeds("a", [0.1] * 2, dataset_fingerprint="one")
    table = board([*before, *seeds("a", [0.01] * 2, dataset_fingerprint="two")])
    assert sorted(table["distance"]) == pytest.approx([0.01, 0.1])
    assert list(table["distance_n"]) == [2, 2]


def test_parameters_that_print_alike_are_not_mixed() -> None:
    table = board(
        [
            *seeds("a[lr=0.1]", [0.1] * 2),
            *seeds("a[lr=0.1]", [0.2] * 2, parameters={"lr": 0.1000000001}),
        ]
    )
    assert list(table["distance_n"]) == [2, 2]
    assert len(set(variant_labels(table.to_dict("records")))) == 2


def test_parameters_that_a_recipe_chooses_by_the_data_make_no_other_variant() -> None:
    records = [
        *seeds("a", [0.1] * 5, parameters={"lr": 1e-4}),
        *seeds("a", [5.0] * 5, task="digits", parameters={"lr": 2e-4}),
    ]
    table = board(records)
    assert list(table["rank_low"]) == [1, 1]
    assert set(variant_labels(table.to_dict("records"))) == {"a"}


def test_a_run_that_died_early_joins_the_other_seeds() -> None:
    died = record(spec("a", seed=2), [], "nonfinite_output", environment={})
    table = board([*seeds("a", [0.1] * 2), died])
    assert list(table["runs"]) == [3]
    assert table["primary"].item() == W2


def test_a_run_that_died_early_joins_no_one_where_that_is_a_guess() -> None:
    other = seeds("b", [0.1])
    for one in other:
        one["columns"] = {f"{key}-other": value for key, value in one["columns"].items()}
        one["primary"] = f"{one['primary']}-other"
        for point in one["points"]:
            point["scores"] = {f"{key}-other": value for key, value in point["scores"].items()}
    died = record(spec("c"), [], "killed", environment={})
    table = board([*seeds("a", [0.1]), *other, died])
    assert table["primary"].isna().sum() == 1


def test_distances_that_may_be_negative_have_a_plain_mean() -> None:
    records = seeds("a", [0.1] * 2)
    kid = "kid/x"
    for one, value in zip(records, [-0.01, 0.03], strict=True):
        one["columns"][kid] = {**one["columns"][W2], "label": "KID"}
        one["points"][-1]["scores"][kid] = value
    row = board(records).iloc[0]
    assert row[kid] == pytest.approx(0.01)
    assert row[f"{kid}:low"] == pytest.approx(0.01 - T_1 * 0.02)


def test_a_task_without_floor_and_cap_has_no_utility() -> None:
    records = seeds("a", [0.1] * 5)
    for one in records:
        one["primary"] = None
    row = board(records).iloc[0]
    assert row["retained_utility_missing"] == "no distance with a floor and a cap"
    assert row["unranked"] == "no distance with a floor and a cap on ring8"
    assert row[W2] == pytest.approx(0.1)


def test_no_runs_make_an_empty_board() -> None:
    assert board([]).empty


def test_three_seeds_have_provisional_ranks_that_overlap_where_their_intervals_do() -> None:
    near, far = [0.004, 0.01, 0.02], [0.5, 0.51, 0.52]
    records = [*seeds("a", near), *seeds("b", near[::-1]), *seeds("c", far)]
    table = board(records).set_index("variant")
    said = {name: table.loc[name, "unranked"] for name in "abc"}
    assert said["a"] == said["b"] == "provisional rank 1 to 2 of 3; 3 seeds: a rank needs 5"
    assert said["c"] == "provisional rank 3 of 3; 3 seeds: a rank needs 5"
    assert table["rank_low"].isna().all()
    two = board([*seeds("a", near[:2]), *seeds("c", far[:2])])
    assert set(two["unranked"]) == {"2 seeds: a rank needs 5"}
