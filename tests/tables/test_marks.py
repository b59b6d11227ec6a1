"""What takes the rank away, and what does not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import pytest

from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.tables import marks
from ganbench.tables.assemble import tables
from ganbench.tables.coverage import Coverage
from ganbench.tables.forms.table import Table
from ganbench.tables.leaderboard import aggregates, leaderboard
from ganbench.tables.panels import MARK_NOTE

from ..results.synthetic import FD, column, record, spec

FLOOR, SPREAD = 1.5, 0.15
TRAIN = "near_train/classifier-digits@1b2c3d4e/embedding/heldout/1000x1000"


def runs_of(
    variant: str, ends: Sequence[float], rate: float = 0.01, key: str = TRAIN, **more: float
) -> list[Record]:
    """Runs on digits with these distances and this rate of near copies."""
    made = []
    for seed, end in enumerate(ends):
        one = record(spec(variant, "digits", seed), [300.0, end])
        one["columns"][FD]["floor_spread"] = SPREAD
        label = key.partition("/")[0].replace("_", " ")
        one["columns"][key] = column(label, "collapse", "target", null=0.01, **more)
        one["points"][-1]["scores"][key] = rate
        made.append(one)
    return made


def marks_on(records: Sequence[Record]) -> tuple[str, ...]:
    (row,) = aggregates(collect(records))
    return row.marks


def of_name(made: Sequence[Table], name: str) -> Table:
    (found,) = [table for table in made if table.name == name]
    return found


def test_a_perfect_generator_is_not_marked() -> None:
    assert marks_on(runs_of("a", [1.4, 1.5, 1.6, 1.3, 1.7])) == ()


@pytest.mark.parametrize("name", ["near_train", "near_held-out", "near_duplicates"])
def test_a_rate_far_above_its_null_is_a_mark(name: str) -> None:
    key = TRAIN.replace("near_train", name)
    (mark,) = marks_on(runs_of("a", [9.0] * 5, rate=0.5, key=key))
    assert mark == f"{name.replace('_', ' ')} 0.5, of real samples 0.01"


def test_how_well_the_null_is_known_decides() -> None:
    # 18 of 1,000 over five seeds: 5.7 standard deviations of the count alone, and less than three
    # of a threshold that is the tenth of a thousand real samples.
    assert marks_on(runs_of("a", [9.0] * 5, rate=0.018))
    error = math.sqrt(0.01 * 0.99 / 1000)
    assert not marks_on(runs_of("a", [9.0] * 5, rate=0.018, null_error=error))
    assert marks_on(runs_of("a", [9.0] * 5, rate=0.05, null_error=error))


def test_one_seed_of_copies_among_five_is_seen() -> None:
    records = runs_of("a", [9.0] * 5)
    records[3]["points"][-1]["scores"][TRAIN] = 1.0
    assert marks_on(records) == ("near train 0.208, of real samples 0.01",)


def test_near_duplicates_count_in_pairs() -> None:
    key = TRAIN.replace("near_train", "near_duplicates")
    # P(24 or more of 1,000 at 0.01) is 1e-4, P(12 or more of 500) is 5e-3
    assert marks_on(runs_of("a", [9.0], rate=0.024))
    assert not marks_on(runs_of("a", [9.0], rate=0.024, key=key))
    # of the smaller set, which repeats itself in the larger one
    assert not marks_on(runs_of("a", [9.0], rate=0.024, key=key, n_fake=5000))


def test_few_comparisons_of_real_samples_know_their_spread_less_well() -> None:
    """P(1.0 or less) of mean 1.5 and sd .15 is 2e-4 if 400 comparisons say so, and .1 if four do;
    both of a row's tests together are to err once in 1,000 rows."""
    for error, marked in ((SPREAD / 20, True), (SPREAD / 2, False)):
        records = runs_of("a", [1.0] * 5)
        for one in records:
            one["columns"][FD]["floor_error"] = error
        assert bool(marks_on(records)) == marked


def test_one_seed_below_the_floor_is_none_of_the_mean() -> None:
    assert not marks_on(runs_of("a", [1.0, 1.5, 1.5, 1.5, 1.5]))


def test_nearer_to_real_samples_than_they_are_is_a_mark() -> None:
    # The gamma law of mean 1.5 and sd 0.15 has 0.05 % below 1.06.
    assert not marks_on(runs_of("a", [1.1] * 5))
    assert marks_on(runs_of("a", [1.0] * 5)) == ("FD[classifier] 1 is below its floor, 1.5",)
    assert marks_on(runs_of("a", [0.0] * 5)) == ("FD[classifier] 0 is below its floor, 1.5",)


def test_the_measured_floor_is_the_one_that_counts() -> None:
    records = runs_of("a", [1.0] * 5)
    for one in records:
        one["columns"][FD] |= {"floor": 5.0, "measured_floor": 1.0}
    assert marks_on(records) == ()


def test_a_floor_of_unknown_spread_marks_nobody() -> None:
    records = runs_of("a", [0.1] * 5)
    for one in records:
        del one["columns"][FD]["floor_spread"]
    assert marks_on(records) == ()


def test_only_finished_runs_are_judged() -> None:
    failed = [
        record(spec("a", "digits", seed), [300.0, 0.1], "nonfinite_weights") for seed in range(5)
    ]
    assert marks_on(failed) == ()


def test_the_level_is_that_of_all_tests_of_a_row_together() -> None:
    columns = {f"near_train/{k}/x/heldout/1000x1000": 0.0235 for k in "abcdefghij"}
    records = runs_of("a", [9.0], rate=0.0235)
    for key, rate in columns.items():
        records[0]["columns"][key] = records[0]["columns"][TRAIN]
        records[0]["points"][-1]["scores"][key] = rate
    assert marks_on(runs_of("a", [9.0], rate=0.0235))  # 23 of 1,000: p = 3.6e-4
    assert marks_on(records) == ()


def test_a_marked_row_is_listed_apart_and_displaces_nobody() -> None:
    honest = [*runs_of("good", [3.0] * 5), *runs_of("fair", [30.0] * 5)]
    copies = runs_of("copies", [1.5] * 5, rate=1.0)
    alone = leaderboard(collect(honest)).set_index("variant")
    board = leaderboard(collect([*honest, *copies])).set_index("variant")
    assert board.loc["copies", "utility"] == 1
    for rank in ("rank", "distance_rank", "stability_rank"):
        for end in ("low", "high"):
            name = f"{rank}_{end}"
            assert board[name].isna().to_dict() == {"copies": True, "fair": False, "good": False}
            assert board.loc[["fair", "good"], name].equals(alone.loc[["fair", "good"], name])
    mark = "near train 1, of real samples 0.01"
    assert board.loc["copies", ["marks", "unranked"]].tolist() == [mark, f"{mark} on digits"]
    assert board.loc[["fair", "good"], "marks"].isna().all()
    made = tables([*honest, *copies])
    for name in ("ranking", "stability", "distance"):
        rows = [row for row in of_name(made, name).rows if row.kind != "reference"]
        last = rows[-1]
        assert [row.kind for row in rows] == ["ranked", "ranked", "below"]
        assert (last.cells[0].value, last.cells[1].value) == (None, "copies")
    assert of_name(made, "ranking").rows[-1].cells[-1].value == f"{mark} on digits"
    notes = of_name(made, "distance").notes
    before = of_name(tables(honest), "distance").notes
    added = [note for note in notes if note not in before]
    assert added == [MARK_NOTE, f"copies on digits, 1TFLOP: {mark}"]


def test_a_mark_on_one_task_takes_the_suites_rank_and_leaves_that_of_other_tasks() -> None:
    ring = [
        record(spec(name, "ring8", seed), [0.9, 0.02 + 0.001 * seed])
        for name in ("copies", "good")
        for seed in range(5)
    ]
    records = [*ring, *runs_of("good", [3.0] * 5), *runs_of("copies", [1.5] * 5, rate=1.0)]
    board = leaderboard(collect(records)).set_index(["variant", "task"])
    assert board.loc[("copies", "ring8"), "distance_rank_low"] == 1
    assert pd.isna(board.loc[("copies", "digits"), "distance_rank_low"])
    assert board.loc[("copies", "digits"), "unranked"] == board.loc[("copies", "ring8"), "unranked"]
    assert board["rank_low"].notna().sum() == 2  # the two rows of the other variant


def test_missing_runs_and_marks_are_both_told() -> None:
    coverage = Coverage(("digits",), tuple(range(6)))
    rows = leaderboard(collect(runs_of("a", [9.0] * 5, rate=1.0)), coverage)
    expected = "near train 1, of real samples 0.01; 5 of 6 seeds on digits"
    assert rows["unranked"].item() == expected


def test_another_reason_is_another_function(monkeypatch: pytest.MonkeyPatch) -> None:
    def blurred(entry: marks.Entry, columns: marks.Columns) -> list[str]:
        return [f"blurred on {entry['task']}"] if FD in columns else []

    monkeypatch.setattr(marks, "REASONS", (*marks.REASONS, blurred))
    rows = aggregates(collect(runs_of("a", [9.0] * 5, rate=1.0)))
    assert rows[0].marks == ("near train 1, of real samples 0.01", "blurred on digits")
    assert rows[0].flat()["marks"] == "near train 1, of real samples 0.01; blurred on digits"


def test_what_has_no_utility_has_not_won_by_repeating_itself() -> None:
    assert marks_on(runs_of("a", [1e4] * 5, rate=0.9)) == ()
    assert marks_on(runs_of("a", [3.0] * 5, rate=0.9)) != ()


def test_samples_that_are_no_independent_draws_take_the_rank() -> None:
    made = runs_of("a", [3.0] * 5)
    for run in made[:2]:
        run["coupled"] = True
    for run in made[2:]:
        run["coupled"] = False
    assert marks_on(made) == ("samples depend on each other in 2 of 5 runs",)


def test_more_than_a_budget_takes_the_rank() -> None:
    made = runs_of("a", [3.0] * 5)
    amount = made[0]["spec"]["task"]["budget"]["amount"]
    made[3]["used"]["flops"] = 1.25 * amount
    told = "25% more than its budget was spent, on work that had not been counted"
    assert marks_on(made) == (told,)
    made[3]["used"]["steps"] = 1  # a step always fits, and is told of
    assert marks_on(made) == ("its one step cost 1.25 times its budget",)
