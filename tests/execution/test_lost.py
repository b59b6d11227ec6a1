"""What is recorded of a worker that left no record, and whether its run is tried again."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ganbench.api.executors import Breach, Ending
from ganbench.execution.job import BUSY, PREEMPTED
from ganbench.execution.lost import is_transient, lost_record
from ganbench.results.record import Record

from ..results.synthetic import spec

KILLED = Ending(signal=signal.SIGKILL)
RUN = spec("vanilla", "ring8", 0)


def lost(folder: Path, ending: Ending) -> Record:
    return lost_record(RUN, folder, ending, datetime.now(UTC), step=7)


@pytest.mark.parametrize(
    ("ending", "status", "message", "name"),
    [
        (KILLED, "killed", "ended by SIGKILL (by the system", "SIGKILL"),
        (Ending(signal=signal.SIGSEGV), "killed", "ended by SIGSEGV", "SIGSEGV"),
        (
            Ending(signal=signal.SIGRTMIN + 3),
            "killed",
            f"ended by signal {signal.SIGRTMIN + 3}",
            f"signal {signal.SIGRTMIN + 3}",
        ),
        (Ending(exit_code=3), "error", "left with exit code 3 and without a record", None),
        (Ending(exit_code=0), "error", "left with exit code 0 and without a record", None),
        (Ending(), "killed", "vanished, and nobody knows how", None),
    ],
)
def test_the_cause(
    tmp_path: Path, ending: Ending, status: str, message: str, name: str | None
) -> None:
    record = lost(tmp_path, ending)
    failure = record["failure"]
    assert failure is not None
    assert (record["status"], failure["signal"], failure["step"]) == (status, name, 7)
    assert message in failure["message"]
    assert record["run_id"] == RUN.run_id


@pytest.mark.parametrize(
    ("limit", "status"), [("time", "timeout"), ("memory", "oom"), ("output", "error")]
)
def test_a_limit_is_the_cause_however_the_worker_ended(
    tmp_path: Path, limit: str, status: str
) -> None:
    breach = Breach(limit, "used too much")  # type: ignore[arg-type]
    record = lost(tmp_path, Ending(signal=signal.SIGKILL, breach=breach))
    failure = record["failure"]
    assert failure is not None
    assert (record["status"], failure["message"], failure["signal"]) == (
        status,
        "used too much",
        None,
    )


def test_the_end_of_the_log_is_kept_and_its_last_line_quoted(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(f"first\n{'x' * 300}\n\n")
    failure = lost(tmp_path, Ending(exit_code=3))["failure"]
    assert failure is not None
    assert failure["message"].endswith(f"; its log ends with: {'x' * 200}")
    assert failure["traceback"].startswith("first\n")
    killed = lost(tmp_path, KILLED)["failure"]
    assert killed is not None
    assert "xxx" not in killed["message"]  # what it said then has nothing to do with its end


@pytest.mark.parametrize(
    ("ending", "again"),
    [
        (KILLED, True),
        (Ending(), True),  # its machine has gone
        (Ending(exit_code=PREEMPTED), True),
        (Ending(exit_code=0), False),
        (Ending(exit_code=1), False),
        (Ending(exit_code=BUSY), False),
        (Ending(signal=signal.SIGKILL, breach=Breach("time", "too long")), False),
        (Ending(breach=Breach("memory", "too much")), False),
    ],
)
def test_who_is_tried_again(ending: Ending, again: bool) -> None:
    assert is_transient(ending) == again
