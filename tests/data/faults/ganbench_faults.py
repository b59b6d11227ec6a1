"""Kills its process at random instants within chosen phases of a run.

``$FAULTS`` names a folder with one file per phase that holds how many kills are still to be made
in it. A kill is the kernel's, by a timer: it may fall into any instruction, in C code as in Python.
The timer is set when the phase begins, to a random part of what the phase took before; where the
phase ends first, that kill is still to be made. So what the numbers have lost has died there.
"""

from __future__ import annotations

import fcntl
import functools
import multiprocessing
import os
import pathlib
import random
import signal
import time
from collections.abc import Callable
from typing import Any

from ganbench import hookimpl

FOLDER = pathlib.Path(os.environ["FAULTS"]) if "FAULTS" in os.environ else None
CHANCE = random.SystemRandom()  # the global generator is part of a run's state
LIKELY = {"training": 0.003, "evaluation": 0.3, "checkpoint": 0.7, "record": 0.7}
typical = {"training": 0.002, "evaluation": 0.03, "checkpoint": 0.01, "record": 0.005}


def change(phase: str, by: int) -> bool:
    """Change the number of kills still to be made in a phase; False if that cannot be."""
    assert FOLDER is not None
    with (FOLDER / phase).open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        left = int(file.read()) + by
        if left < 0:
            return False
        file.seek(0)
        file.truncate()
        file.write(str(left))
    return True


def deadly(phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which now and then does not return."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        armed = CHANCE.random() < LIKELY[phase] and change(phase, -1)
        began = time.perf_counter()
        if armed:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, max(1e-5, CHANCE.uniform(0, typical[phase])))
        result = function(*arguments, **named)
        if armed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            change(phase, +1)
        typical[phase] = time.perf_counter() - began
        return result

    return call


def install() -> None:
    """Make the phases of this worker deadly."""
    from ganbench.execution import keeper
    from ganbench.execution.evaluator import Evaluator
    from ganbench.results.store import RunStore
    from ganbench.training.loop import Trainer

    phases: list[tuple[Any, str, str]] = [
        (Trainer, "discriminator_step", "training"),
        (Evaluator, "evaluate", "evaluation"),
        (keeper, "save_checkpoint", "checkpoint"),
        (RunStore, "write", "record"),
    ]
    for owner, name, phase in phases:
        setattr(owner, name, deadly(phase, getattr(owner, name)))


if FOLDER is not None and multiprocessing.parent_process() is not None:
    install()


@hookimpl
def ganbench_run_started(spec: dict[str, Any]) -> None:
    """Nothing: a plugin implements some hook."""
