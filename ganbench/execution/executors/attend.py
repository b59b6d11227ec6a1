"""A job in a slot of this machine: started, held to its limits, and told of when it has ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from ganbench.api.executors import Breach, Ending, Limits
from ganbench.execution.executors.child import Place, work_for_parent
from ganbench.execution.executors.forkserver import SERVER_GONE, end_left_behind, start_process
from ganbench.execution.executors.limits import LimitWatch, bounded
from ganbench.execution.executors.processes import end_group, end_tree

LOOK_SECONDS = 0.1
"""Between two looks at a worker; its end is heard of at once."""
END_SECONDS = 4.0
"""For a killed process to be gone."""

StopBy = Callable[[], float | None]
"""When a job must have left, by `time.monotonic`; None: it may go on. It may come to be earlier."""


def attend(folder: Path, place: Place, limits: Limits, stop_by: StopBy) -> Ending:
    """Do the job in a folder in a process of its own, forked from this one's server, to the end of
    the last process that it has started.

    Args:
        folder: of the run.
        place: where on this machine.
        limits: by default a job may use nearly all of the main memory.
        stop_by: asked all the time.

    Raises:
        OSError: no process can be started.
    """
    process = start_process(work_for_parent, folder, place)
    try:
        breach = _wait(process, folder, bounded(limits), stop_by)
    except BaseException:  # who looks after it no longer lets it run on
        _end(process)
        end_left_behind(process)
        raise
    process.join()
    assert process.pid is not None
    end_group(process.pid)  # what the run has started and left behind ends with it
    end_left_behind(process)
    code = process.exitcode
    assert code is not None
    # Without its server nobody knows how it ended: that is not the job's exit code.
    return Ending(breach=breach) if code == SERVER_GONE else Ending.of(code, breach)


def _wait(
    process: ForkServerProcess, folder: Path, limits: Limits, stop_by: StopBy
) -> Breach | None:
    """Wait for a worker to end; the limit because of which it had to be ended, if any."""
    assert process.pid is not None
    watch, breach = LimitWatch(limits, folder, process.pid), None
    # The sentinel wakes us at the end; the time-out is for limits, which nobody announces.
    while not wait([process.sentinel], timeout=LOOK_SECONDS):
        if stop_by() is not None:
            _end_gently(process, stop_by)
        elif breach is None and (breach := watch.breach()):
            _end(process)
    return breach


def _end_gently(process: ForkServerProcess, stop_by: StopBy) -> None:
    """Ask a worker to keep its state and leave; end it when its time of grace is over."""
    assert process.pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
    while not wait([process.sentinel], timeout=LOOK_SECONDS / 2):
        # Asked anew each time: whoever stops may lose patience meanwhile.
        latest = stop_by()
        if latest is not None and time.monotonic() > latest:
            _end(process)


def _end(process: ForkServerProcess) -> None:
    """Kill a worker and every process it has started."""
    assert process.pid is not None
    end_tree(process.pid)
    process.join(END_SECONDS)
