"""What a watcher shows, and when it thinks that all will be over."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from ganbench.api.errors import NothingSelected
from ganbench.cli import watching
from ganbench.cli.verbs import report
from ganbench.cli.watching import Look, look, looks, told
from ganbench.results.plans import LivePlan, announced
from ganbench.results.states import State
from ganbench.results.store import RunStore

from ..results.synthetic import curve, record, spec

RUNS = [spec("vanilla", seed=seed) for seed in range(3)]


def row(status: str, fraction: float = 0.0, seed: int = 0) -> State:
    return {
        "run_id": f"run-{status}-{seed}",
        "variant": "vanilla",
        "task": "ring8",
        "seed": seed,
        "status": status,
        "fraction": fraction,
        "reason": "",
        "plan": "",
    }


def test_the_time_left_is_told_by_the_pace_since_the_first_look() -> None:
    now = 100.0
    left = watching._Left(lambda: now)
    rows = [row("ok", 1.0), row("running", 0.5), row("waiting", seed=1), row("waiting", seed=2)]
    assert left(Look(rows, (), ())) == ""  # there is no pace yet
    now = 160.0
    rows[1] = row("running", 1.0)  # half a run in a minute; two are left
    assert left(Look(rows, (), ())) == "about 4 min 0 s left"
    assert Look(rows, (), ()).whole == 2.0


def test_a_look_counts_what_has_ended() -> None:
    seen = Look(
        [row("ok"), row("cancelled"), row("unfinished"), row("running"), row("waiting")], (), ()
    )
    assert set(seen.ended) == {"run-ok-0", "run-cancelled-0", "run-unfinished-0"}
    assert not seen.is_over
    assert Look([row("ok"), row("unfinished")], (), ()).is_over


def test_what_a_terminal_shows(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(record(RUNS[0], curve("ring8", 3, 0)))
    with announced(store, "mine", 3, RUNS):
        seen = look(store)
        assert not seen.is_over
        (plan,) = seen.plans
        line = told(plan, seen)
        assert line.startswith(f"plan {plan.name}: 1 of 3 runs are over, 0 running, 2 waiting (on ")
        running = [row("running", 0.25, seed) for seed in range(watching.MOST_LINES + 2)]
        store.create(running[0]["run_id"], RUNS[1].to_json())
        store.write_progress(
            running[0]["run_id"],
            {"fraction": 0.25, "step": 3, "scores": [["Frechet distance", 1.2345]]},
        )
        shown = io.StringIO()
        drawn = watching._drawn(
            Look([*seen.rows, *running], (), seen.plans), store, "about 1s left"
        )
        Console(file=shown, width=200).print(drawn)
    text = shown.getvalue()
    assert line in text
    assert "1 ok, 32 running, 2 waiting, about 1s left" in text
    assert "25% run-running-0" in text
    assert "Frechet distance 1.23" in text
    assert "and 2 more" in text


def test_looking_ends_when_all_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, slept = RunStore(tmp_path), list[float]()
    plan = announced(store, "mine", 1, RUNS[:1])

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            store.write(record(RUNS[0], curve("ring8", 3, 0)))
            plan.__exit__(None, None, None)

    monkeypatch.setattr(watching.time, "sleep", sleep)
    plan.__enter__()
    found = [[one["status"] for one in seen.rows] for seen in looks(store, 7.0)]
    assert found == [["waiting"], ["waiting"], ["ok"]]
    assert min(slept) >= 7.0


def test_who_watches_a_page_waits_for_a_task_that_is_to_come_and_for_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, written = RunStore(tmp_path), list[object]()
    to_come = Look([row("waiting")], (), [cast("LivePlan", None)])
    monkeypatch.setattr(report, "looks", lambda *_: iter([to_come, to_come, Look([], (), ())]))
    monkeypatch.setattr(report, "_live", lambda seen: None)

    def write(live: object) -> None:
        written.append(live)
        raise NothingSelected("no run is of task ...")

    report._watch(store, write, ["ring8"], None)
    assert len(written) == 2
    with pytest.raises(NothingSelected):
        report._watch(store, write, ["rign8"], None)
    assert len(written) == 3
