"""Which cores a process is held to, and which of them each of several workers may have for itself.

A worker with cores of its own is not moved about, and finds its data in their caches.
"""

from __future__ import annotations

import contextlib
import os

AVAILABLE = hasattr(os, "sched_setaffinity")
"""Whether this system lets processes be held to cores at all."""


def own_cores(workers: int, threads: int) -> list[frozenset[int]]:
    """Cores for each of some workers; none where they are better left to the system.

    That is where somebody has held this process to some of the machine's cores, and so has plans
    for them; and where workers do not take all cores: whom it could move to an idle one, it should.

    Args:
        workers: at a time.
        threads: that each computes on.
    """
    if not AVAILABLE:
        return []
    cores = sorted(os.sched_getaffinity(0))
    chosen = len(cores) < (os.cpu_count() or 1)
    if chosen or workers * threads != len(cores):
        return []
    return [frozenset(cores[start : start + threads]) for start in range(0, len(cores), threads)]


def hold_to(cores: frozenset[int]) -> None:
    """Let this process, and what it starts, compute on these cores alone, if they are there."""
    with contextlib.suppress(OSError):
        os.sched_setaffinity(0, cores)


def held_to() -> str | None:
    """The cores that this process is held to, as people write them: ``0-3,6``; None: to none.

    Where a system does not tell, it holds nobody.
    """
    if not AVAILABLE or len(cores := os.sched_getaffinity(0)) == os.cpu_count():
        return None
    return _listed(sorted(cores))


def _listed(numbers: list[int]) -> str:
    runs: list[list[int]] = []
    for one in numbers:
        if runs and one == runs[-1][-1] + 1:
            runs[-1].append(one)
        else:
            runs.append([one])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
