"""A plugin that lets a test kill ganbench at a point of its choice. It offers nothing else.

It acts only where $GANBENCH_FAULTS names a folder. Every process tells there, in ``phase/PID``,
what it is doing. A file ``armed/PHASE:CALL`` kills: the first process that comes to that call in
that phase renames it to ``spent/PHASE:CALL.N``, and SIGKILL ends whom the file names: `self`, or
`parent`, the command that has started this worker. ``CALL-done`` is the instant after the call.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ganbench import hookimpl

FOLDER = Path(os.environ.get("GANBENCH_FAULTS", ""))
CALLS = ("fsync", "link", "replace", "unlink")
rename = os.rename

_phase = ["setup"]
_told: dict[int, int] = {}


def enter(phase: str) -> None:
    """Tell which phase this process is in."""
    _phase[0] = phase
    pid = os.getpid()
    if pid not in _told:
        _told[pid] = os.open(FOLDER / "phase" / str(pid), os.O_WRONLY | os.O_CREAT, 0o644)
    os.pwrite(_told[pid], phase.ljust(16).encode(), 0)


def at(call: str) -> None:
    """Die here, or let the parent die, if a test has armed this point."""
    point = f"{_phase[0]}:{call}"
    spent = FOLDER / "spent" / f"{point}.{time.monotonic_ns()}"
    try:
        rename(FOLDER / "armed" / point, spent)
    except FileNotFoundError:
        return
    parent = multiprocessing.parent_process()
    victim = os.getpid()
    if spent.read_text() == "parent" and parent is not None:
        assert parent.pid is not None
        victim = parent.pid
    os.kill(victim, signal.SIGKILL)


def during(phase: str, function: Callable[..., Any], after: str = "") -> Callable[..., Any]:
    """The function, with its phase told while it runs, and another one afterwards."""

    @functools.wraps(function)
    def told(*arguments: Any, **named: Any) -> Any:
        before = _phase[0]
        enter(phase)
        at("begin")
        try:
            return function(*arguments, **named)
        finally:
            at("end")
            enter(after or before)

    return told


def watched(call: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of `os`, which may be the last that this process wants to call."""

    @functools.wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        at(call)
        result = function(*arguments, **named)
        at(f"{call}-done")
        return result

    return called


def wrap(owner: Any, name: str, phase: str, after: str = "") -> None:
    setattr(owner, name, during(phase, getattr(owner, name), after))


@hookimpl
def ganbench_run_started() -> None:
    """Every plugin has a hook."""


def install_in_worker() -> None:
    """In a worker, where all these modules are loaded."""
    from ganbench.results.store import RunStore
    from ganbench.running import keeper, run
    from ganbench.running.evaluator import Evaluator
    from ganbench.training.clock import BudgetClock

    keeper.COST_SHARE = float("inf")  # else runs of a few seconds would hardly have checkpoints
    keeper.LEAST_SECONDS = 0.0
    wrap(run, "train", "training")
    wrap(run, "write_sheet", "sheet")
    wrap(keeper, "save_checkpoint", "checkpoint")
    wrap(Evaluator, "evaluate", "evaluation")
    wrap(RunStore, "write", "record", after="leaving")
    BudgetClock.count_step = watched("step", BudgetClock.count_step)  # type: ignore[method-assign]
    Evaluator._sample = watched("sample", Evaluator._sample)  # type: ignore[method-assign]


def install() -> None:
    """Watch the calls that change folders, and tell phases."""
    for call in CALLS:
        setattr(os, call, watched(call, getattr(os, call)))
    if "ganbench.running.run" in sys.modules:
        install_in_worker()
    elif "publish" in sys.argv:
        from ganbench.publishing import publish

        wrap(publish, "replace_all", "publishing")
    else:
        from ganbench.results.store import RunStore

        wrap(RunStore, "create", "planning")
    enter("setup")


if os.environ.get("GANBENCH_FAULTS"):
    install()
