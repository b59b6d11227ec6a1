"""Which runs a suite's leaderboard takes: those that are exactly as the suite says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ganbench.api.errors import NothingSelected
from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import load_suite
from ganbench.publishing.selection import of_suite, publish_suite
from ganbench.results.seal import seal

from ..results.synthetic import curve, record, spec

STARTER = load_suite("starter")
TASK = next(task for task in STARTER.tasks if task.name == "ring8")
OURS = replace(spec("vanilla", "ring8", 0), task=TASK)
OTHERS = {
    "name": replace(OURS, task=replace(TASK, name="grid25")),
    "dataset": replace(OURS, task=replace(TASK, dataset="grid25")),
    "budget": replace(OURS, task=replace(TASK, budget=Budget.parse("301GFLOP"))),
    "unit of the budget": replace(OURS, task=replace(TASK, budget=Budget.parse("300steps"))),
    "sample count": replace(OURS, task=replace(TASK, fakes=TASK.fakes + 1)),
    "evaluations": replace(OURS, task=replace(TASK, evaluations=5)),
    "scores": replace(OURS, task=replace(TASK, scores=TASK.scores[:1])),
    "seed": replace(OURS, seed=5),
}


def stored(root: Path, specs: list[RunSpec]) -> Path:
    """A runs folder with one finished run for each."""
    for one in specs:
        folder = root / "runs" / one.run_id
        folder.mkdir(parents=True)
        (folder / "record.json").write_bytes(seal(record(one, curve("ring8", 2, one.seed))))
    return root / "runs"


def chosen(*specs: RunSpec) -> list[str]:
    """Ids of the runs that the starter suite takes."""
    records, _ = of_suite([record(one, curve("ring8", 2, 0)) for one in specs], STARTER)
    return [one["run_id"] for one in records]


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_runs_that_differ_from_the_suite_do_not_belong_to_it(other: RunSpec) -> None:
    assert chosen(OURS, other) == [OURS.run_id]


def test_the_name_of_the_suite_that_asked_for_a_run_does_not_matter() -> None:
    assert chosen(mine := replace(OURS, suite="mine")) == [mine.run_id]


def test_what_a_rank_needs_comes_from_the_suite_and_not_from_the_runs() -> None:
    _, coverage = of_suite([], STARTER)
    assert coverage.tasks == ("ring8", "grid25", "digits")
    assert coverage.seeds == (0, 1, 2, 3, 4)


def test_other_runs_are_left_out_and_told_with_the_reason(tmp_path: Path) -> None:
    runs, told = stored(tmp_path, [OURS, *OTHERS.values()]), list[str]()
    publish_suite(runs, "starter", tmp_path / "out", unranked=True, remark=told.append)
    left_out, published = told[-2:]
    assert published == "1 run published"
    for reason in (
        "1 run on ring8 with budget 301GFLOP, not 800GFLOP",
        "1 run on ring8 with budget 300steps, not 800GFLOP",
        f"1 run on ring8 with fakes {TASK.fakes + 1}, not {TASK.fakes}",
        "1 run on ring8 with scores sliced-w2, not sliced-w2, ",
        "1 run with seed 5, which is none of the suite's",
    ):
        assert reason in left_out
    assert left_out.count(" run") == len(OTHERS)
    assert list(pd.read_csv(tmp_path / "out/starter/runs.csv")["run_id"]) == [OURS.run_id]


def test_runs_of_other_suites_alone_are_nothing_to_publish(tmp_path: Path) -> None:
    runs = stored(tmp_path, list(OTHERS.values()))
    with pytest.raises(NothingSelected, match="with budget 301GFLOP, not 800GFLOP") as caught:
        publish_suite(runs, "starter", tmp_path / "out", unranked=True, remark=print)
    assert "belongs to the suite starter" in caught.value.message
    assert f"`ganbench run --suite starter --runs {runs} --all` makes them" == caught.value.hint
    assert not (tmp_path / "out").exists()
