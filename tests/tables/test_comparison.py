from __future__ import annotations

import copy
import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.planning.budget import Budget
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.statistics.intervals import ratio_interval, seeds_to_decide
from ganbench.statistics.permutation import holm, permutation_test
from ganbench.statistics.stability import utility
from ganbench.tables.comparison import Comparison, Contrast, compare
from ganbench.tables.comparison_tables import comparison_frame, comparison_tables
from ganbench.tables.forms.render import FORMATS, render
from ganbench.tables.forms.table import Table

from ..results.synthetic import CAPS, FLOORS, column, record, spec, starter

LOW = [0.010, 0.011, 0.012, 0.013, 0.014]
HIGH = [0.020, 0.022, 0.024, 0.026, 0.028]
MIXED = [0.009, 0.0115, 0.0125, 0.0135, 0.03]
DEAD = "nonfinite_weights"


def runs_of(
    variant: str, ends: Sequence[float | str], task: str = "ring8", **more: Any
) -> list[Record]:
    """One run per seed: its final distance, or the word for how it failed."""
    made = []
    for seed, end in enumerate(ends):
        run = spec(variant, task, seed, **more)
        values, status = ([end], "ok") if isinstance(end, float) else ([0.5], end)
        made.append(record(run, values, status))
    return made


def against(records: Sequence[Record], *names: str) -> Comparison:
    return compare(collect(records), names)


def only(records: Sequence[Record], *names: str) -> Contrast:
    (contrast,) = against(records, *names).by_task
    return contrast


def notes(records: Sequence[Record], *names: str) -> str:
    return " | ".join(comparison_tables(against(records, *names))[-1].notes)


def test_two_variants_on_one_task_by_hand() -> None:
    one = only([*runs_of("a", HIGH), *runs_of("b", LOW)], "a", "b")
    assert one.ratio is not None
    assert one.test is not None
    assert one.ratio.estimate == pytest.approx(0.5)  # every value of b is half of one of a
    assert one.ratio == ratio_interval(LOW, HIGH)
    assert one.ratio.high < 1
    assert one.scale == "ln distance"
    assert one.test.p_value == pytest.approx(2 / 252)  # the most extreme of C(10, 5), both ways
    assert one.p_adjusted == one.test.p_value
    assert one.improvement == 1
    assert one.seeds == (5, 5)
    assert one.verdict == "B better"
    assert one.more_seeds == 0


def test_the_first_one_named_is_the_reference() -> None:
    one = only([*runs_of("a", HIGH), *runs_of("b", LOW)], "b", "a")
    assert one.ratio is not None
    assert (one.a, one.b) == ("b", "a")
    assert one.ratio.estimate == pytest.approx(2)
    assert one.improvement == 0
    assert one.verdict == "A better"


positive = st.floats(1e-3, 0.5)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(positive, min_size=2, max_size=5),
    st.lists(positive, min_size=2, max_size=5),
)
def test_exchanging_the_two_turns_everything_round(a: list[float], b: list[float]) -> None:
    records = [*runs_of("a", a), *runs_of("b", b)]
    one, other = only(records, "a", "b"), only(records, "b", "a")
    assert one.ratio is not None
    assert one.test is not None
    assert one.improvement is not None
    assert other.ratio is not None
    assert other.test is not None
    assert one.ratio.estimate == pytest.approx(1 / other.ratio.estimate)
    assert one.ratio.low == pytest.approx(1 / other.ratio.high)
    assert one.test.p_value == other.test.p_value
    assert one.improvement == pytest.approx(1 - (other.improvement or 0))


def test_holm_corrects_over_all_tasks_and_variants() -> None:
    records = []
    for task, unit in (("ring8", 1), ("grid25", 10)):
        for variant, ends in (("a", HIGH), ("b", LOW), ("c", MIXED)):
            records += runs_of(variant, [unit * one for one in ends], task)
    found = against(records, "a", "b", "c")
    assert len(found.by_task) == 4
    p_values = [one.test.p_value for one in found.by_task if one.test]
    assert len(set(p_values)) == 2
    assert [one.p_adjusted for one in found.by_task] == holm(p_values)
    assert min(holm(p_values)) == pytest.approx(4 * 2 / 252)
    assert "for all 4 such comparisons" in notes(records, "a", "b", "c")


def test_overall_rows_are_stratified_by_task() -> None:
    records = []
    tasks = {"ring8": (HIGH, LOW), "grid25": ([9.0 * x for x in MIXED], [18 * x for x in MIXED])}
    for task, (a, b) in tasks.items():
        records += [*runs_of("a", a, task), *runs_of("b", b, task), *runs_of("c", a, task)]
    found = against(records, "a", "b", "c")
    b, c = found.overall
    assert b.ratio is not None
    assert b.test is not None
    assert c.test is not None
    strata = [([math.log(x) for x in b], [math.log(x) for x in a]) for a, b in tasks.values()]
    assert b.test.p_value == permutation_test(strata).p_value
    assert b.test.difference == pytest.approx(0)
    assert b.ratio.estimate == pytest.approx(1)  # a half and a double
    by_task = [one.improvement or 0 for one in found.by_task if one.b == "b"]
    assert b.improvement == pytest.approx(sum(by_task) / 2)
    assert c.test.p_value == 1
    assert [b.p_adjusted, c.p_adjusted] == holm([b.test.p_value, c.test.p_value])
    assert b.seeds == (10, 10)
    assert b.tasks == ["grid25", "ring8"]


def test_one_task_has_no_overall_row() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW)]
    assert against(records, "a", "b").overall == []
    assert [table.name for table in comparison_tables(against(records, "a", "b"))] == ["comparison"]


def test_where_a_run_was_unstable_utilities_are_tested() -> None:
    ends = [0.02, 0.04, 0.3, 0.5, 0.6]
    one = only([*runs_of("a", ends), *runs_of("b", [*LOW[:4], DEAD])], "a", "b")
    assert one.scale == "utility"
    cap, floor = CAPS["ring8"], FLOORS["ring8"]
    a = [utility(end, cap, floor) for end in ends]
    b = [*(utility(end, cap, floor) for end in LOW[:4]), 0.0]
    assert one.test is not None
    assert one.ratio is not None
    assert one.test.p_value == permutation_test([(a, b)]).p_value
    assert one.test.difference == pytest.approx(sum(a) / 5 - sum(b) / 5)
    assert one.improvement == pytest.approx(4 * 5 / 25)  # four of b beat all, the fifth none
    assert one.ratio.estimate == pytest.approx(ratio_interval(LOW[:4], ends).estimate)
    assert one.more_seeds is None


def test_a_variant_that_always_fails_loses_without_a_ratio() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", [DEAD] * 5)]
    one = only(records, "a", "b")
    assert one.ratio is None
    assert one.improvement == 0
    assert one.verdict == "A better"
    assert "0.00794 u" in render(comparison_tables(against(records, "a", "b")))
    assert "a utility of 0" not in notes(records, "a", "b")


def test_where_nobody_has_any_utility_the_table_says_that_the_test_is_blind() -> None:
    """One is far nearer than the other in every run, and p is 1."""
    records = [*runs_of("a", [900.0] * 4 + [DEAD]), *runs_of("b", [90.0] * 5)]
    one = only(records, "a", "b")
    assert (one.scale, one.improvement) == ("utility", 1.0)
    assert one.test is not None
    assert one.test.p_value == 1.0
    assert "no run of b or A is nearer to the data than the best trivial" in notes(
        records, "a", "b"
    )


def test_accidents_are_left_out_and_told() -> None:
    records = runs_of("a", [*HIGH, "timeout", "oom"]) + runs_of("b", LOW)
    unfinished = {"b-ring8-s9": spec("b", seed=9).to_json()}
    unfinished["b-ring8-s9"]["pins"] = list(spec("b").pins)
    one, *_ = compare(collect(records, unfinished), ["a", "b"]).by_task
    assert one.seeds == (5, 5)
    assert one.verdict == "B better"
    table = comparison_tables(compare(collect(records, unfinished), ["a", "b"]))[0]
    assert table.notes[-1] == (
        "not counted: a on ring8, 1TFLOP: 1 oom, 1 timeout; b on ring8, 1TFLOP: 1 unfinished"
    )


def test_a_side_without_a_counted_run_has_no_test() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", ["timeout"] * 5)]
    one = only(records, "a", "b")
    assert (one.verdict, one.test, one.improvement) == ("no test", None, None)
    assert "no test: a side has no run that counts, or no distance: b on ring8" in notes(
        records, "a", "b"
    )


def test_too_few_seeds_have_no_verdict() -> None:
    records = [*runs_of("a", HIGH[:3]), *runs_of("b", LOW[:3])]
    one = only(records, "a", "b")
    assert one.verdict == "too few seeds"
    assert one.p_adjusted is None
    assert one.more_seeds == 2
    assert (
        "too few seeds for an order: smallest possible p is 0.1 with 3 against 3; 5 a side are "
        "needed"
    ) in notes(records, "a", "b")


def test_comparisons_without_a_verdict_cost_the_others_nothing() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW), *runs_of("c", LOW[:2])]
    b, c = against(records, "a", "b", "c").by_task
    assert b.p_adjusted == pytest.approx(2 / 252)
    assert c.p_adjusted is None


def test_one_seed_has_no_interval() -> None:
    records = [*runs_of("a", HIGH[:1]), *runs_of("b", LOW[:1])]
    one = only(records, "a", "b")
    assert one.ratio is not None
    assert (one.ratio.low, one.ratio.high) == (0, math.inf)
    assert one.more_seeds is None
    assert "0.5 [?]" in render(comparison_tables(against(records, "a", "b")))


def test_too_many_comparisons_for_the_seeds_are_told() -> None:
    """Seven times the smallest p-value of 5 against 5 is beyond 0.05, whatever the data are."""
    names = ["a", *"bcdefgh"]
    records = [*runs_of("a", HIGH), *itertools.chain(*(runs_of(one, LOW) for one in names[1:]))]
    found = against(records, *names)
    assert {one.verdict for one in found.by_task} == {"undecided"}
    assert {one.more_seeds for one in found.by_task} == {1}  # 6 against 6: 7 * 2/924 < 0.05
    assert (
        "5 against 5 seeds are too few for 7 comparisons at once: smallest possible p is 0.00794, "
        "up to 0.0556 corrected"
    ) in notes(records, *names)
    assert against(records, *names[:-1]).by_task[0].verdict == "B better"


def test_more_seeds_are_those_of_all_comparisons_that_will_be_corrected_for() -> None:
    """With five seeds a side, as two more would make it, seven comparisons decide nothing."""
    names = ["a", *"bcdefgh"]
    records = [
        *runs_of("a", HIGH[:3]),
        *itertools.chain(*(runs_of(one, LOW[:3]) for one in names[1:])),
    ]
    assert {one.more_seeds for one in against(records, *names).by_task} == {3}


def test_as_good_as_real_is_judged_by_the_mean() -> None:
    ends = [0.003, 0.020, 0.022, 0.024, 0.026]  # one below what real samples have, the mean above
    assert only([*runs_of("a", ends), *runs_of("b", WITHIN)], "a", "b").verdict == "B better"


def test_the_reach_that_is_told_is_of_the_setting_that_is_as_good_as_real() -> None:
    few = replace(spec().task, fakes=200)
    records = [*runs_of("a", WITHIN), *runs_of("b", WITHIN)]
    for name, ends in (("a", HIGH), ("b", LOW)):
        records += [
            record(replace(spec(name, seed=seed), task=few), [end]) for seed, end in enumerate(ends)
        ]
    for one in records[10:]:
        one["columns"][one["primary"]]["floor"] = 0.001
    told = notes(records, "a", "b")
    assert told.count("as good as real") == 1
    assert " on ring8, " in told.partition("up to ")[2].partition(";")[0]
    assert "," not in told.partition("up to ")[2].partition(" on ")[0]


def test_more_seeds_are_those_of_the_corrected_interval() -> None:
    records = [*runs_of("a", LOW), *runs_of("b", MIXED), *runs_of("c", MIXED), *runs_of("d", LOW)]
    b, c, d = against(records, "a", "b", "c", "d").by_task
    assert b.verdict == c.verdict == d.verdict == "undecided"
    assert b.more_seeds == seeds_to_decide(MIXED, LOW, level=1 - 0.05 / 3)
    assert d.more_seeds == math.inf
    assert "> 1000" in render(comparison_tables(against(records, "a", "b", "c", "d")))


def test_settings_are_never_mixed() -> None:
    task = spec().task
    small = replace(task, budget=Budget("steps", 10.0))
    records = [*runs_of("a", HIGH), *runs_of("b", LOW)]
    records += [*runs_of("a", LOW[:2], "grid25"), *runs_of("b", HIGH[:2], "grid25")]
    for seed, end in enumerate(HIGH[:3]):
        records += [record(replace(spec(name, seed=seed), task=small), [end]) for name in "ac"]
    found = against(records, "a", "b", "c")
    sections = {one.b: [] for one in found.by_task}
    for one in found.by_task:
        sections[one.b].append(one.section)
    assert sections == {"b": ["grid25, 1TFLOP", "ring8, 1TFLOP"], "c": ["ring8, 10steps"]}
    assert [one.b for one in found.overall] == ["b"]
    assert found.alone == {
        ("a", "b"): ["ring8, 10steps"],
        ("a", "c"): ["grid25, 1TFLOP", "ring8, 1TFLOP"],
    }
    assert "not compared: a without b on (ring8, 10steps); a without c on" in notes(
        records, "a", "b", "c"
    )


def test_overall_a_task_counts_once_with_the_setting_of_most_runs() -> None:
    small = replace(spec().task, budget=Budget("steps", 10.0))
    records = [*runs_of("a", LOW, "grid25"), *runs_of("b", LOW, "grid25")]
    records += [*runs_of("a", HIGH), *runs_of("b", LOW)]
    for seed, end in enumerate(HIGH[:3]):
        records += [record(replace(spec(name, seed=seed), task=small), [end]) for name in "ab"]
    found = against(records, "a", "b")
    assert len(found.by_task) == 3
    (overall,) = found.overall
    assert overall.seeds == (10, 10)
    assert overall.ratio is not None
    assert overall.ratio.estimate == pytest.approx(math.sqrt(0.5))


def test_overall_no_budgets_are_mixed_where_all_have_as_many_runs() -> None:
    records = []
    for task, budget, ends in itertools.product(
        ("ring8", "grid25"), (Budget("steps", 10.0), Budget("steps", 20.0)), (HIGH, LOW)
    ):
        own = runs_of("a" if ends is HIGH else "b", ends, task)
        planned = replace(spec(task=task).task, budget=budget)
        for one, seed in zip(own, range(5), strict=True):
            run = replace(spec(one["spec"]["variant"], task, seed), task=planned)
            later = "2026-11-24" if budget.amount == 10 else "2026-11-23"
            records.append(record(run, [ends[seed]], finished=f"{later}T12:00:00+00:00"))
    overall = comparison_tables(against(records, "a", "b"))[0]
    told = "of grid25, 10steps; ring8, 10steps; of a task the setting with the most runs counts"
    assert f"{told}, and so grid25, 20steps; ring8, 20steps does not" in overall.notes
    # Of one setting each there is nothing to tell.
    last = [one for one in records if one["spec"]["task"]["budget"]["amount"] == 10]
    alone = comparison_tables(against(last, "a", "b"))[0]
    assert [note for note in overall.notes if note not in alone.notes] == [
        f"{told}, and so grid25, 20steps; ring8, 20steps does not"
    ]


def test_suites_and_protocols_have_tables_of_their_own() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW)]
    other = [*runs_of("a", LOW, suite="other"), *runs_of("b", HIGH, suite="other")]
    for one in other:
        one["run_id"] += "-other"
    old = copy.deepcopy(records)
    for one in old:
        one["protocol"], one["run_id"] = 1, f"{one['run_id']}-old"
    found = comparison_tables(against([*records, *old, *other], "a", "b"))
    assert len(found) == 3
    assert len({table.title for table in found}) == 3
    assert all(len(table.rows) == 1 for table in found)


def test_nothing_shared_is_told_with_what_there_is() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW, "digits")]
    with pytest.raises(NothingSelected, match="on a task of a in the same setting") as caught:
        against(records, "a", "b")
    assert caught.value.hint == "a: ring8, 1TFLOP\n  b: digits, 1TFLOP"


@pytest.fixture
def versions() -> list[Record]:
    pin = {**spec().pins[1], "source_hash": "sha256:" + "cd" * 32}
    new = runs_of("a", LOW, pins=(spec().pins[0], pin))
    return [*runs_of("a", HIGH), *new, *runs_of("b", MIXED)]


def test_versions_of_a_variant_are_told_apart(versions: list[Record]) -> None:
    found = against(versions, "b", "a")
    assert [one.b[:3] for one in found.by_task] == ["a @", "a @"]
    assert {one.improvement for one in found.by_task} == {0.2, 0.56}
    text = notes(versions, "b", "a")
    assert "@: one of several versions" in text
    labels = [one.b for one in found.by_task]
    (one,) = against(versions, *labels).by_task
    assert (one.a, one.b) == tuple(labels)
    with pytest.raises(UsageError, match="'a' stands for 2 versions") as caught:
        against(versions, "a", "b")
    assert all(repr(label) in (caught.value.hint or "") for label in labels)
    with pytest.raises(UsageError, match="named twice"):
        against(versions, "b", "a", labels[0])


NAMED = "wgan-gp[critic_steps=3,lr=0.0002]"


@pytest.mark.parametrize(
    "typed",
    [
        NAMED,
        "wgan-gp[lr=0.0002,critic_steps=3]",
        " wgan-gp[ lr=2e-4, critic_steps = 3 ]",
        "wgan-gp[lr=2e-4,critic_steps=3,ema=false]",
    ],
)
def test_names_may_be_typed_as_for_a_run(typed: str) -> None:
    values = {"critic_steps": 3, "lr": 2e-4, "ema": False}
    default = {**values, "critic_steps": 5, "lr": 1e-4}
    records = runs_of(NAMED, LOW, parameters=values) + runs_of("wgan-gp", HIGH, parameters=default)
    one = only(records, "wgan-gp", typed)
    assert (one.a, one.b) == ("wgan-gp", NAMED)
    spelled_out = only(records, "wgan-gp[lr=1e-4]", NAMED)
    assert spelled_out.a == "wgan-gp"


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        (["a"], "two variants or more", "to choose from: a, b"),
        ([], "two variants or more", "to choose from: a, b"),
        (["a", "a"], "a is named twice", "not compared with itself"),
        (["a", "wgan"], "no variant 'wgan'", "known: a, b"),
        (["a", "b[lr=1]"], "no variant 'b[lr=1]'", "known: a, b"),
        (["a", "b[lr=fast]"], "no variant 'b[lr=fast]'", "known: a, b"),
        (["a", "b[none=1]"], "no variant 'b[none=1]'", "known: a, b"),
        (["a", "b[lr"], "without a closing one", None),
    ],
)
def test_bad_names(names: list[str], message: str, hint: str | None) -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW)]
    with pytest.raises(UsageError) as caught:
        against(records, *names)
    assert message in caught.value.message
    assert hint is None or hint in (caught.value.hint or "")


STARTER = comparison_tables(against(starter(), "vanilla", "wgan-gp", "dcgan"))


def test_the_tables_of_a_suite_in_every_form() -> None:
    assert [table.name for table in STARTER] == ["overall", "comparison"]
    assert STARTER[0].title == "starter: B against A = vanilla, over all tasks"
    for form in FORMATS:
        text = render(STARTER, form)
        assert "wgan-gp" in text, form
        assert "B better" in text, form
    document = json.loads(render(STARTER, "json"))
    assert [len(table["rows"]) for table in document["tables"]] == [2, 6]


@pytest.mark.parametrize("width", [60, 100, 200])
def test_the_terminal_form_fits(width: int) -> None:
    assert max(map(len, render(STARTER, width=width).splitlines())) <= width


def test_a_usual_comparison_fits_into_one_block_of_100_columns() -> None:
    records = []
    for task in ("ring8", "grid25"):
        records += [*runs_of("vanilla", HIGH, task), *runs_of("wgan-gp", [*LOW[:4], DEAD], task)]
    text = render(comparison_tables(against(records, "vanilla", "wgan-gp")))
    assert sum(line.startswith("variant ") for line in text.splitlines()) == 2


def cells(table: Table, variant: str, section: str) -> dict[str, Any]:
    (row,) = (row for row in table.rows if row.cells[0].value == variant and section in row.section)
    names = [heading.name for heading in table.headings]
    return dict(zip(names, row.cells, strict=True))


def test_cells_of_a_row() -> None:
    one = cells(STARTER[1], "wgan-gp", "grid25")
    (contrast,) = (
        one
        for one in against(starter(), "vanilla", "wgan-gp", "dcgan").by_task
        if one.b == "wgan-gp" and "grid25" in one.section
    )
    assert contrast.ratio is not None
    assert one["distance B/A"].value == contrast.ratio.estimate
    assert one["distance B/A"].high == contrast.ratio.high
    assert one["p"].text == "0.00794 u"
    assert one["more seeds"].text == "decided"
    assert (one["n A"].value, one["n B"].value) == (5, 5)
    digits = cells(STARTER[1], "wgan-gp", "digits")
    assert (digits["n A"].value, digits["verdict"].value) == (4, "too few seeds")
    assert "not counted: vanilla on digits, 1TFLOP: 1 timeout" in STARTER[1].notes


def test_the_frame_holds_every_contrast() -> None:
    found = against(starter(), "vanilla", "wgan-gp", "dcgan")
    frame = comparison_frame(found)
    assert len(frame) == 8
    assert frame["task"].isna().sum() == 2
    assert list(frame["verdict"]) == [one.verdict for one in (*found.by_task, *found.overall)]
    first, one = frame.iloc[0], found.by_task[0]
    assert one.ratio is not None
    assert one.test is not None
    assert (first["ratio"], first["ratio_low"]) == (one.ratio.estimate, one.ratio.low)
    assert (first["p_value"], first["n_a"], first["scale"]) == (one.test.p_value, 4, "ln distance")
    assert frame["ratio_low"].isna().sum() == 2
    alone = against([*runs_of("a", HIGH), *runs_of("b", ["oom"])], "a", "b")
    assert comparison_frame(alone).dtypes.equals(frame.dtypes)


WITHIN = [0.0020, 0.0021, 0.0022, 0.0023, 0.0024]
BELOW = [one / 2 for one in WITHIN]
"""On ring8, whose floor is 0.004."""


def test_nothing_is_better_below_the_floor() -> None:
    records = [*runs_of("a", WITHIN), *runs_of("b", BELOW)]
    one = only(records, "a", "b")
    assert one.ratio is not None
    assert one.test is not None
    assert one.ratio.high < 1  # and so it was better
    assert (one.verdict, one.test.p_value, one.improvement) == ("as good as real", 1, 0.5)
    assert one.more_seeds is None
    text = " ".join(render(comparison_tables(against(records, "a", "b"))).split())
    assert "as good as real, at this number of samples" in text
    assert "up to 0.004 on ring8" in text


def test_one_above_the_floor_may_lose_to_one_below() -> None:
    assert only([*runs_of("a", HIGH), *runs_of("b", WITHIN)], "a", "b").verdict == "B better"


def test_how_far_real_samples_lie_apart_decides() -> None:
    records = [*runs_of("a", [0.0048, 0.0049, 0.0050, 0.0051, 0.0052]), *runs_of("b", WITHIN)]
    assert only(records, "a", "b").verdict == "B better"
    for one in records:
        one["columns"][next(iter(one["columns"]))]["floor_spread"] = 0.001
    assert only(records, "a", "b").verdict == "as good as real"  # the gamma law's 95 %: 0.0058


def test_a_task_below_the_floor_says_nothing_over_all_tasks() -> None:
    records = [*runs_of("a", WITHIN), *runs_of("b", BELOW)]
    alike = [10 * one for one in MIXED]
    records += [*runs_of("a", alike, "grid25"), *runs_of("b", alike, "grid25")]
    (one,) = against(records, "a", "b").overall
    assert one.test is not None
    assert (one.verdict, one.test.p_value) == ("undecided", 1)


def test_an_unstable_run_is_not_as_good_as_real() -> None:
    one = only([*runs_of("a", WITHIN), *runs_of("b", [*BELOW[:4], DEAD])], "a", "b")
    assert one.verdict == "undecided"


def test_who_is_marked_is_in_no_competition() -> None:
    records = [*runs_of("a", HIGH), *runs_of("b", LOW)]
    key = "near_train/raw/input/heldout/1000x1000"
    for one in records[5:]:
        one["columns"][key] = column("near train", "collapse", "target", null=0.01)
        one["points"][-1]["scores"][key] = 1.0
    found = against(records, "a", "b")
    (one,) = found.by_task
    assert one.test is not None
    assert (one.verdict, one.test.p_value) == ("marked", pytest.approx(2 / 252))
    assert one.more_seeds is None
    mark = "marked, so without a verdict: b on ring8 (near train 1, of real samples 0.01)"
    assert mark in notes(records, "a", "b")
    assert comparison_frame(found)["verdict"].tolist() == ["marked"]


def test_many_seeds_are_arranged_at_random() -> None:
    a = [0.01 * (1 + index / 40) for index in range(14)]
    records = [*runs_of("a", a), *runs_of("b", [1.02 * one for one in a])]
    one = only(records, "a", "b")
    assert one.test is not None
    assert not one.test.exact
    text = render(comparison_tables(against(records, "a", "b")))
    assert " ~ " in text
    assert "100,000 random" in text
