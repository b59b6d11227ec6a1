"""Seeds that train in one process: stopped, killed and gone on with like any others."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ganbench.cli.verbs import show
from ganbench.results.store import RunStore

from ..steering import Gates, until
from .conftest import Start
from .test_interruption import ALL_THE_TIME, BUDGET, GATE, checkpoints, results

pytestmark = pytest.mark.whole

STACKED = ("hazard-gated", "--task", "ring8", "--seeds", "0-2", "--jobs", "1", "--allow-failures")
STACKED = (*STACKED, "--engine", "stacked", *BUDGET)


def run_all(start: Start, *more: str) -> None:
    run = start(*STACKED, *more)
    _, stderr = run.communicate()
    assert run.returncode == 0, stderr


@pytest.fixture
def undisturbed(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    run_all(start, "--runs", "undisturbed")
    records = RunStore(tmp_path / "undisturbed").read_all().records
    assert len(records) == 3
    assert {one["environment"]["engine"] for one in records} == {"stacked"}
    assert {one["spec"]["engine"] for one in records} == {"stacked"}
    shown = CliRunner().invoke(show.command, [records[0]["run_id"], "--runs", "undisturbed"])
    assert "engine: stacked, in one process with other seeds" in shown.output
    return results(tmp_path / "undisturbed")


def test_killed_or_asked_to_stop_they_go_on_with_the_same_bits(
    start: Start, gates: Gates, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    runs = tmp_path / "runs"
    gates.shut(GATE)
    first = start(*STACKED, *ALL_THE_TIME, gates=gates)
    until(lambda: gates.told(GATE), first)
    assert len(gates.told(GATE)) == 1  # one process for all of them
    first.kill()
    first.communicate()
    assert checkpoints(runs) == [7, 7, 7]
    # One of them is to begin anew: the others wait until it has caught up.
    shutil.rmtree(next(runs.glob("*-s1-*/checkpoint")))
    for mark in (tmp_path / "gates").glob("*.told.*"):
        mark.unlink()
    second = start(*STACKED, gates=gates, steered=True)
    until(lambda: gates.told(GATE), second)
    second.send_signal(signal.SIGTERM)
    until(lambda: gates.told("asked"), second)
    gates.open(GATE)  # who comes there for the second time, looked at before, was not asked again
    _, stderr = second.communicate()
    assert second.returncode == 143, stderr
    assert results(runs) == {}
    run_all(start)
    assert results(runs) == undisturbed


def test_one_alone_has_the_bits_that_it_has_in_company(
    start: Start, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    run_all(start, "--seeds", "1")
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert results(tmp_path / "runs") == {record["run_id"]: undisturbed[record["run_id"]]}
