"""How many threads compute: as many as asked for, whatever the machine has to offer.

Sums over parts are rounded by the number of parts: another number of threads gives other bits.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
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


def require_threads(count: int) -> None:
    """Make sure that runs of so many threads each can be run on this machine.

    Raises:
        UsageError: there are fewer cores, or OMP_NUM_THREADS allows fewer threads. Taking what
            there is would give other bits under the same run id.
    """
    most, reason = usable_cores(), f"this process may use {usable_cores()}"
    # As OpenMP reads it: a list has the number for each level of nesting, the outermost first.
    bound = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    if bound.isdecimal() and 0 < int(bound) < most:
        most, reason = int(bound), f"OMP_NUM_THREADS allows {bound}"
    if count > most:
        raise UsageError(
            f"runs of {count} threads each: {reason}",
            f"with --threads {most} they are other runs, which can be run here",
        )


_computing = threading.RLock()
_changing = threading.Lock()
_users: list[int] = []
"""One for each who has the variables above changed now: the last one puts back what was before."""
_before: dict[str, str | None] = {}


@contextmanager
def computing_on(count: int) -> Iterator[None]:
    """torch computes on so many threads and in full float32, and every other library on one.

    Afterwards all is as it was. Inside, it is the same in any process, be it forked from a server,
    started by a scheduler, or somebody's notebook in which libraries are loaded already. All of it
    is the process's: a thread that wants another number waits until this one has done.
    """
    import torch
    from threadpoolctl import threadpool_limits

    with _computing:
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
    with _changing:
        if not _users:
            _before.update((name, os.environ.get(name)) for name in SINGLE_THREADED)
            os.environ.update(SINGLE_THREADED)
        _users.append(threading.get_ident())
    try:
        yield
    finally:
        with _changing:
            _users.pop()
            if not _users:
                _restore()


def _restore() -> None:
    for name, value in _before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
