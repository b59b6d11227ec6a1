"""The records of runs whose worker has left none. Never imports torch."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from ganbench.api.executors import Ending
from ganbench.execution.job import PREEMPTED
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record, Status
from ganbench.results.recording import make_failure, make_record
from ganbench.results.store import LOG_FILE
from ganbench.storage.reading import tail

_STATUS: Final[dict[str, Status]] = {"time": "timeout", "memory": "oom", "output": "error"}
"""Limit -> status of a run that was ended for it."""

_LINE = 200
"""Letters of a log's last line that a message quotes."""


def is_transient(ending: Ending) -> bool:
    """Whether another try may end otherwise: whom a signal has ended, or who has just vanished.

    A worker that raised, left by itself or was over a limit would do so again.
    """
    if ending.breach is not None:
        return False
    return ending.exit_code in (None, PREEMPTED)


def lost_record(
    spec: RunSpec, folder: Path, ending: Ending, started: datetime, step: int | None
) -> Record:
    """What can be told of a run by whoever has started it.

    Args:
        spec: of the run.
        folder: where it has left its log.
        ending: how its worker did.
        started: when, in UTC.
        step: the last one that is known of.
    """
    log = tail(folder / LOG_FILE)
    status, message = _cause(ending, log)
    name = None if ending.breach else ending.signal_name
    failure = make_failure(message, traceback=log, signal=name, step=step)
    return make_record(spec, status, failure, started)


def last_words(log: str) -> str:
    """A log's last line: a refusal of the job, or an error of ours, if the worker left with one."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")


def _cause(ending: Ending, log: str) -> tuple[Status, str]:
    """Status and message."""
    if ending.breach is not None:
        return _STATUS[ending.breach.limit], ending.breach.message
    if (name := ending.signal_name) is not None:
        hint = " (by the system when memory ran out, or by somebody)" if name == "SIGKILL" else ""
        return "killed", f"the worker was ended by {name}{hint}"
    if ending.exit_code is None:
        return "killed", "the worker has vanished, and nobody knows how it ended"
    last = last_words(log)
    said = f"; its log ends with: {last[:_LINE]}" if last else ""
    return (
        "error",
        f"the worker left with exit code {ending.exit_code} and without a record{said}",
    )
