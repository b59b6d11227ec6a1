"""How the parent reads the end of a worker that left no record."""

from __future__ import annotations

import signal

import pytest

from ganbench.execution.executors.limits import Breach
from ganbench.execution.executors.local import _cause


@pytest.mark.parametrize(
    ("exit_code", "status", "name"),
    [
        (-signal.SIGKILL, "killed", "SIGKILL"),
        (-signal.SIGSEGV, "killed", "SIGSEGV"),
        (-(signal.SIGRTMIN + 3), "killed", f"signal {signal.SIGRTMIN + 3}"),
        (3, "error", None),
        (0, "error", None),
        (None, "error", None),
    ],
)
def test_the_cause_of_a_lost_worker(exit_code: int | None, status: str, name: str | None) -> None:
    found, message, found_name = _cause(exit_code, None)
    assert (found, found_name) == (status, name)
    assert (name or str(exit_code)) in message


def test_a_limit_is_the_cause_whatever_the_exit_code() -> None:
    breach = Breach("oom", "used too much")
    assert _cause(-signal.SIGKILL, breach) == ("oom", "used too much", None)
