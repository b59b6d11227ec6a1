"""A plan is told of for as long as its command lives, to every process that sees the folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.results.cancelling import cancel
from ganbench.results.plans import FOLDER, Cancelled, announced, cancel_plan, live_plans
from ganbench.results.requests import asked
from ganbench.results.states import states
from ganbench.results.store import RunStore

from .synthetic import curve, record, spec

LOOK = """
import sys
from ganbench.results.plans import live_plans
from ganbench.results.store import RunStore
print(*[plan.name for plan in live_plans(RunStore(sys.argv[1]))])
"""
RUNS = [spec("vanilla", seed=seed) for seed in range(2)]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def seen_elsewhere(store: RunStore) -> list[str]:
    """Plans that another process finds."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, str(store.root)], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_plan_is_told_of_while_it_lasts(store: RunStore) -> None:
    with announced(store, "my suite!", 5, RUNS) as announcement:
        assert announcement.name.startswith("my-suite-")
        assert seen_elsewhere(store) == [announcement.name]
        (plan,) = live_plans(store)  # to look does not release its lock
        assert seen_elsewhere(store) == [announcement.name]
        assert (plan.name, plan.total) == (announcement.name, 5)
        assert [run.run_id for run in plan.runs] == [one.run_id for one in RUNS]
        with announced(store, "", 1, RUNS[:1]) as other:
            assert other.name.startswith("plan-")
            assert {one.name for one in live_plans(store)} == {announcement.name, other.name}
        announcement.require_wanted()
    assert live_plans(store) == []
    assert not (store.root / FOLDER).exists()


def test_a_plan_with_nothing_to_run_leaves_no_trace(store: RunStore) -> None:
    with announced(store, "suite", 5, []) as announcement:
        announcement.require_wanted()
        assert not store.root.exists()


def test_a_request_ends_it(store: RunStore) -> None:
    with announced(store, "suite", 2, RUNS) as announcement:
        cancel_plan(store, announcement.name)
        with pytest.raises(Cancelled, match=f"the plan {announcement.name} was cancelled by .*@"):
            announcement.require_wanted()
        assert Cancelled.exit_code == 143


def test_whoever_was_killed_has_no_plan_any_more(store: RunStore) -> None:
    with announced(store, "suite", 2, RUNS) as announcement:
        file = store.root / FOLDER / f"{announcement.name}.json"
        content = file.read_text().replace('"pid":', '"pid":1')
    file.parent.mkdir()
    file.write_text(content)
    file.with_name("damaged.json").write_text("{")
    assert live_plans(store) == []
    with announced(store, "suite", 2, RUNS) as announcement:
        assert [path.stem for path in file.parent.glob("*.json")] == [announcement.name]


def test_states_of_runs_that_are_to_come(store: RunStore) -> None:
    store.create(RUNS[0].run_id, RUNS[0].to_json())
    with announced(store, "suite", 2, RUNS):
        assert [row["status"] for row in states(store)[0]] == ["waiting", "waiting"]
        store.cancel(RUNS[1].run_id)
        rows, _ = states(store)
        assert [row["status"] for row in rows] == ["waiting", "cancelled"]
        assert "cancelled by" in rows[1]["reason"]
        assert {row["variant"] for row in rows} == {"vanilla"}
    assert [row["status"] for row in states(store)[0]] == ["unfinished"]
    store.go_on(RUNS[1].run_id)
    assert store.cancelled(RUNS[1].run_id) is None


def test_what_is_cancelled_by_which_name(store: RunStore) -> None:
    done = record(spec("dcgan"), curve("ring8", 3, 0))
    store.write(done)
    with announced(store, "suite", 2, RUNS) as announcement:
        with pytest.raises(UsageError, match="begins 2 run ids"):
            cancel(store, ["vanilla"])
        with pytest.raises(UsageError, match=r"is not under way: it is ok"):
            cancel(store, [done["run_id"]])
        with pytest.raises(NothingSelected, match="nothing is named"):
            cancel(store)
        wanted = [RUNS[1].run_id, RUNS[1].run_id[:-1], announcement.name[:-1]]
        assert cancel(store, wanted) == [RUNS[1].run_id, announcement.name]
        assert store.cancelled(RUNS[1].run_id)
        assert cancel(store, everything=True) == [announcement.name]
    with pytest.raises(NothingSelected, match="nothing is under way"):
        cancel(store, everything=True)


@pytest.mark.parametrize(
    "change", [('"run_id":"', '"run_id":"../'), ('"name":"', '"name":"../'), ('"pid":', '"pid":"x')]
)
def test_a_plan_that_leads_elsewhere_is_none(store: RunStore, change: tuple[str, str]) -> None:
    with announced(store, "suite", 2, RUNS) as announcement:
        file = store.root / FOLDER / f"{announcement.name}.json"
        file.write_text(file.read_text().replace(*change))
        assert live_plans(store) == []
        assert states(store)[0] == []


def test_any_file_is_a_request(tmp_path: Path) -> None:
    """`touch` will do, where there is no ganbench."""
    assert asked(tmp_path / "cancel.json") is None
    (tmp_path / "cancel.json").touch()
    assert str(asked(tmp_path / "cancel.json")) == "cancelled by somebody at some time"


def test_a_running_run_of_no_plan_is_cancelled_with_all(store: RunStore) -> None:
    folder = store.create(RUNS[0].run_id, RUNS[0].to_json())
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; from pathlib import Path\n"
         "from ganbench.storage.locks import take_fence\n"
         "fence = take_fence(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()",
         str(folder / "lock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert cancel(store, everything=True) == [RUNS[0].run_id]
    holder.communicate("")
    assert [row["status"] for row in states(store)[0]] == ["cancelled"]


def test_a_run_that_has_not_begun_is_found_and_tells_its_plan(store: RunStore) -> None:
    with announced(store, "suite", 5, RUNS) as announcement:
        rows, _ = states(store)
        assert {row["plan"] for row in rows} == {announcement.name}
        name = RUNS[0].run_id
        assert store.find(name[:-3], [one.run_id for one in RUNS]) == name
    with pytest.raises(UsageError):
        store.find(name)
