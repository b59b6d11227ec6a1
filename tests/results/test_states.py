"""What is known of every run of a folder, finished or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.api.errors import UsageError
from ganbench.results.states import states
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import take_fence

from .synthetic import record, spec


def test_finished_failed_and_unfinished_runs(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(record(spec(seed=0), [0.1]))
    store.write(record(spec(seed=1), [0.1], "diverged"))
    planned = spec(seed=2)
    store.create(planned.run_id, planned.to_json())
    store.write_progress(planned.run_id, {"fraction": 0.4, "step": 4, "scores": []})
    found, warnings = states(store)
    assert warnings == []
    assert [(one["seed"], one["status"], one["fraction"]) for one in found] == [
        (0, "ok", 1.0),
        (1, "diverged", 0.1),
        (2, "unfinished", 0.4),
    ]
    assert found[1]["reason"]
    assert not found[0]["reason"]


def test_a_run_that_failed_has_done_what_it_has_done(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    store.write(record(spec(seed=0), [], "error"))
    store.write(record(spec(seed=1), [0.3, 0.2, 0.1], "nonfinite_weights"))
    killed = record(spec(seed=2), [], "killed")
    store.write(killed)
    store.write_progress(killed["run_id"], {"fraction": 0.7, "step": 7, "scores": []})
    assert [one["fraction"] for one in states(store)[0]] == [0.0, pytest.approx(0.3), 0.7]


def test_a_run_is_running_while_a_process_holds_its_folder(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    planned = spec()
    folder = store.create(planned.run_id, planned.to_json())
    with take_fence(folder / LOCK_FILE) or pytest.fail("nobody else works there"):
        # A fence is its process's own: another one is asked.
        import subprocess
        import sys

        script = (
            "import sys; from ganbench.results.states import states; "
            "from ganbench.results.store import RunStore; "
            "print(states(RunStore(sys.argv[1]))[0][0]['status'])"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        told = subprocess.run(command, capture_output=True, text=True, check=True)
        assert told.stdout == "running\n"
    assert states(store)[0][0]["status"] == "unfinished"


def test_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the runs folder"):
        states(RunStore(tmp_path / "none"))
