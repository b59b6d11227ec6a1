"""Locks between processes. The kernel releases them when their holder dies, so none goes stale.

Two kinds, since they mean two things: `locked` waits for its turn to write one file of the cache,
`take_fence` holds a whole folder for the life of a process and never waits.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock that belongs to the file `target`, waiting for whoever holds it.

    The lock's own file lies beside `target` and is removed by whoever has held it.

    Raises:
        OSError: the folder of `target` cannot be written to.
    """
    path = target.with_name(f".{target.name}.lock")
    with _lock(path):
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


def _lock(path: Path) -> IO[bytes]:
    """The file at `path`, locked."""
    while True:
        # Opened to read as well: to open a pipe only for writing waits for a reader.
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "rb", buffering=0)
        # flock, not lockf: it excludes two threads of one process as well as two processes.
        fcntl.flock(file, fcntl.LOCK_EX)
        # Who held it before may have removed it by now: then this file would keep out nobody.
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()


def take_fence(lock: Path) -> IO[bytes] | None:
    """Hold a file alone, until it is closed or this process ends; created if need be.

    Returns:
        The file; None if another process holds it.

    Raises:
        OSError: its folder cannot be written to.
    """
    file = lock.open("ab")
    try:
        # lockf, not flock: forked children inherit a flock, and would keep it after their parent.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    return file


def is_held(lock: Path) -> bool:
    """Whether a living process has taken that fence; to look one need not be allowed to write.

    A fence whose file may not even be read counts as held.
    """
    try:
        with lock.open("rb") as file:
            # Shared, so that two who look do not take each other for a holder.
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
