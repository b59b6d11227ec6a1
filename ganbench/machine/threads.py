"""How many threads compute: as many as asked for, whatever the machine has to offer.

Sums over parts are rounded by the number of parts: another number of threads gives other bits.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from ganbench.api.errors import UsageError
from ganbench.machine.devices import usable_cores
from ganbench.machine.precision import tf32_products

SINGLE_THREADED: Final = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
"""What libraries must find when they are loaded: that is when they size their pools of threads."""


class _Process:
    """What all threads of this process share."""

    def __init__(self) -> None:
        self.computing = threading.RLock()
        """Of who computes: on how many threads is the process's."""
        self.changing = threading.Lock()
        """Of the two below."""
        self.users = 0
        """Who has the variables above changed now: the last one puts back what was `before`."""
        self.before: dict[str, str | None] = {}

    def forked(self) -> None:
        """Locks of threads that are not here are nobody's."""
        self.computing, self.changing = threading.RLock(), threading.Lock()


_process = _Process()
os.register_at_fork(after_in_child=_process.forked)


def require_threads(count: int) -> None:
    """Make sure that runs of so many threads each can be run on this machine.

    Raises:
        UsageError: there are fewer cores, or OMP_NUM_THREADS allows fewer threads. Taking what
            there is would give other bits under the same run id.
    """
    most, reason = usable_cores(), f"this process may use {usable_cores()}"
    # As OpenMP reads it: a list has the number for each level of nesting, the outermost first.
    with _process.changing:  # another thread may have changed it
        environment = _process.before if _process.users else os.environ
        bound = (environment.get("OMP_NUM_THREADS") or "").partition(",")[0].strip()
    if bound.isdecimal() and 0 < int(bound) < most:
        most, reason = int(bound), f"OMP_NUM_THREADS allows {bound}"
    if count > most:
        raise UsageError(
            f"runs of {count} threads each: {reason}",
            f"--threads {most} can run here, but makes other runs",
        )


@contextmanager
def computing_on(count: int) -> Iterator[None]:
    """torch computes on so many threads and in full float32, and every other library on one.

    Afterwards all is as it was. Inside, it is the same in any process, be it forked from a server,
    started by a scheduler, or somebody's notebook in which libraries are loaded already. All of it
    is the process's: a thread that wants another number waits until this one has done.
    """
    import torch
    from threadpoolctl import threadpool_limits

    with _process.computing:
        before = torch.get_num_threads()
        with single_threaded_libraries(), threadpool_limits(limits=1), tf32_products(False):
            torch.set_num_threads(count)
            try:
                yield
            finally:
                torch.set_num_threads(before)


@contextmanager
def single_threaded_libraries() -> Iterator[None]:
    """Libraries that this process, or one that it starts, loads meanwhile use one thread."""
    with _process.changing:
        if not _process.users:
            _process.before = {name: os.environ.get(name) for name in SINGLE_THREADED}
            os.environ.update(SINGLE_THREADED)
        _process.users += 1
    try:
        yield
    finally:
        with _process.changing:
            _process.users -= 1
            if not _process.users:
                _restore(_process.before)


def _restore(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
