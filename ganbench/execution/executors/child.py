"""A worker that the local executor has forked: its life is tied to its parent's."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import NoReturn

from ganbench.execution.executors.processes import adopt_orphans, end_descendants
from ganbench.execution.worker import work
from ganbench.machine.cores import hold_to
from ganbench.machine.devices import see_gpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where on a machine a job is done.

    Args:
        gpu: the value of CUDA_VISIBLE_DEVICES on a GPU, else None.
        cores: those that it is held to; None: any.
    """

    gpu: str | None = None
    cores: frozenset[int] | None = None


def work_for_parent(folder: Path, place: Place) -> NoReturn:
    """Do the job in a folder, in this fresh process, and leave.

    Args:
        folder: of the run.
        place: where on this machine.
    """
    os.setsid()  # children that plugins start end with this process group
    adopt_orphans()  # and those that leave it are found here
    _offer_to_the_kernel()
    if place.gpu is not None:
        see_gpus([place.gpu])
    if place.cores is not None:
        hold_to(place.cores)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work(folder)


def _end_with_parent() -> None:
    """No worker trains on for nobody. The pipe from the parent ends when that does, by itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    end_descendants(os.getpid())
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _offer_to_the_kernel() -> None:
    """When memory runs out, a run is what the kernel should end, and not the harness."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")
