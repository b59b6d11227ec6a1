"""A plugin that lets a test kill ganbench at a point of its choice. It offers nothing else.

It acts only where $GANBENCH_FAULTS names a folder. Every process tells there, in ``phase/PID``,
what it is doing. A file ``armed/PHASE:CALL`` kills: the first process that comes to that call in
that phase renames it to ``spent/PHASE:CALL.N``, and SIGKILL ends whom the file names: `self`, or
`parent`, the command that has started this worker. ``CALL-done`` is the instant after the call.
Every such point is a gate as well (`ganbench_gates`).

Where there is a folder ``caps``, a run trains up to the fraction of its budget that ``caps/RUN``
says, a tenth if there is none, and waits: however fast it is, kills keep up with it.
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

from ganbench_gates import POLL_SECONDS, Gates

from ganbench import hookimpl

FOLDER = Path(os.environ.get("GANBENCH_FAULTS", ""))
CALLS = ("fsync", "link", "replace", "unlink")
FIRST_CAP = 0.1
GATES = Gates.of_environment()
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
    """Die here, or let the parent die, if a test has armed this point; wait, if it is shut."""
    point = f"{_phase[0]}:{call}"
    GATES.come_to(point)
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


def capped(count_step: Callable[..., None]) -> Callable[..., None]:
    """The counting of a step, after which a run that is ahead of its cap waits for it."""

    @functools.wraps(count_step)
    def count_and_wait(clock: Any, *cost: Any) -> None:
        count_step(clock, *cost)
        if clock.fraction() > cap():
            with GATES.listening() as asked:
                while clock.fraction() > cap() and not asked:
                    time.sleep(POLL_SECONDS)

    return count_and_wait


def cap() -> float:
    """How far this run may train."""
    if not (FOLDER / "caps").exists():
        return 1.0
    run = Path("/proc/self/fd/1").readlink().parent.name  # its log lies in its folder
    try:
        return float((FOLDER / "caps" / run).read_text())
    except FileNotFoundError:
        return FIRST_CAP


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
    BudgetClock.count_step = watched("step", capped(BudgetClock.count_step))  # type: ignore[method-assign]
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
