"""The directory for what can be computed or fetched again, and safe ways to write there.

Several processes share it, so a file appears whole or not at all, and work that takes long is done
under a lock by the first who needs it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ganbench.api.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HINT = "set GANBENCH_CACHE to a directory that you may write to"


def cache_root() -> Path:
    """Where ganbench keeps its cache: `GANBENCH_CACHE`, else `ganbench` in the XDG cache home."""
    if chosen := os.environ.get("GANBENCH_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a relative path is invalid and must be ignored.
    return (base if base.is_absolute() else Path.home() / ".cache") / "ganbench"


def cache_dir(*parts: str) -> Path:
    """The directory `parts` of the cache, created if need be.

    Raises:
        UsageError: it cannot be created.
    """
    path = cache_root().joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot create the cache directory {path}: {error.strerror}", _HINT
        ) from None
    return path


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """A temporary path to write to; moved over `target` when the block ends without an error.

    Raises:
        UsageError: the directory of `target` cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    except OSError as error:
        raise UsageError(f"cannot write to {target.parent}: {error.strerror}", _HINT) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock that belongs to `target`, waiting for any process that holds it.

    The kernel releases it when its holder dies, so a killed process leaves no stale lock behind.
    The lock's file is removed by whoever has held it.

    Raises:
        UsageError: the directory of `target` cannot be written to.
    """
    path = target.with_name(f".{target.name}.lock")
    try:
        file = _lock(path)
    except OSError as error:
        raise UsageError(f"cannot write to {target.parent}: {error.strerror}", _HINT) from None
    with file:
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()


def _lock(path: Path) -> IO[bytes]:
    """The file at `path`, locked. One that its holder has removed by then would keep out nobody."""
    while True:
        # Opened to read as well: to open a pipe only for writing waits for a reader.
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "rb", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(file.fileno())):
                return file
        file.close()
