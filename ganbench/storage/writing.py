"""Files that appear whole or not at all, and are never overwritten by accident."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

from ganbench.api.errors import GanbenchError

ABANDONED_SECONDS = 3600.0
"""No writer needs that long between making a temporary file and giving it its name."""


def write_new(path: Path, content: bytes) -> bool:
    """Write a file that must not be there yet; False, and nothing changed, if it is.

    Raises:
        GanbenchError: its folder cannot be written to.
    """
    temporary = _temporary(path, content)
    try:
        move_new(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def replace_all(contents: dict[Path, bytes]) -> None:
    """Write several files, each replaced at once, in order, and none before all are on the disk.

    Raises:
        GanbenchError: a folder cannot be written to.
    """
    temporaries: dict[Path, Path] = {}
    for path in contents:
        _remove_abandoned(path)
    try:
        for path, content in contents.items():
            temporaries[path] = _temporary(path, content)
        for path, temporary in temporaries.items():
            try:
                temporary.replace(path)
            except OSError as error:
                raise _cannot_write(path, error) from None
    finally:
        for temporary in temporaries.values():
            temporary.unlink(missing_ok=True)
    for folder in {path.parent for path in contents}:
        _sync_folder(folder)


def move_new(source: Path, target: Path) -> None:
    """Rename a file to a name that must be free: unlike a plain rename it never overwrites.

    Raises:
        FileExistsError: the name is taken.
        OSError: the folder cannot be written to.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the check and the rename are two steps
        if target.exists():
            raise FileExistsError(target) from None
        source.rename(target)
    else:
        source.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create a folder and its parents if need be.

    Raises:
        GanbenchError: it cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _temporary(path: Path, content: bytes) -> Path:
    """A file beside `path` with that content, on the disk and not just in its cache."""
    temporary = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        temporary = Path(name)
        with open(handle, "wb") as file:  # noqa: PTH123 - the handle is already open
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            # mkstemp lets only the owner read; a shared folder of results is for its group, too.
            os.fchmod(file.fileno(), 0o666 & ~_umask())
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _cannot_write(path, error) from None
    return temporary


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files that a process has left beside `path` when it was killed.

    Only old ones: another process may be writing the same file now.
    """
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > ABANDONED_SECONDS:
                temporary.unlink()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    # Makes the new name itself survive a power cut; some file systems cannot, and need not.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _cannot_write(path: Path, error: OSError) -> GanbenchError:
    reason = error.strerror or str(error)
    return GanbenchError(
        f"cannot write {path}: {reason}",
        "free some space or make the folder writable, or name another one (--runs DIR, --out DIR)",
    )
