"""Files that appear whole or not at all, and are never overwritten by accident."""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ganbench.api.errors import GanbenchError

ABANDONED_SECONDS = 3600.0
"""No writer needs that long between making a temporary file and giving it its name."""


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()
"""Read once: it can only be read by setting it, and it is all threads' for that moment."""


@contextlib.contextmanager
def replacing(target: Path, *, durable: bool) -> Iterator[Path]:
    """A temporary file to write to, which takes the place of `target` when the block is done.

    An error in the block leaves `target` as it was. What a killed writer leaves is a hidden file
    that ends in ``.tmp``.

    Args:
        target: the file; its folder must be there.
        durable: whether it must survive a power cut. To force a file to the disk takes
            milliseconds; what is written often, or can be made again, does without.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    with _temporary(target) as temporary:
        yield temporary
        _settle(temporary, durable=durable)
        temporary.replace(target)
    if durable:
        _sync_folder(target.parent)


def write_file(path: Path, content: bytes, *, durable: bool) -> None:
    """Write or replace a file at once; the arguments are those of `replacing`.

    Raises:
        OSError: as `replacing`.
    """
    with replacing(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_new(path: Path, content: bytes) -> bool:
    """Write a file that must not be there yet; False, and nothing changed, if it is.

    Raises:
        GanbenchError: its folder cannot be written to.
    """
    try:
        if path.exists():
            return False
        with _temporary(path) as temporary:
            temporary.write_bytes(content)
            _settle(temporary, durable=True)
            move_new(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise cannot_write(path, error) from None
    _sync_folder(path.parent)
    return True


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files, each replaced at once, in order, and none before all are on the disk.

    Raises:
        GanbenchError: a folder cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        temporaries: dict[Path, Path] = {}
        for path, content in contents.items():
            _remove_abandoned(path)
            try:
                temporaries[path] = stack.enter_context(_temporary(path))
                temporaries[path].write_bytes(content)
                _settle(temporaries[path], durable=True)
            except OSError as error:
                raise cannot_write(path, error) from None
        for path, temporary in temporaries.items():
            try:
                temporary.replace(path)
            except OSError as error:
                raise cannot_write(path, error) from None
    for folder in {path.parent for path in contents}:
        _sync_folder(folder)


def settle(path: Path) -> None:
    """Have a file survive a power cut as it is now, though it was not written at once.

    Raises:
        OSError: it is not there, or the disk fails.
    """
    _sync(path)
    _sync_folder(path.parent)


def set_aside(path: Path) -> str:
    """Rename a file that is damaged, so that nobody reads it again and nothing is lost.

    Returns:
        What became of it, for the sentence that says what is wrong with it.
    """
    try:
        return f"kept as {rename_aside(path, 'damaged')}"
    except FileNotFoundError:  # another process was faster
        return "set aside"
    except OSError as error:
        return f"it cannot be renamed: {error.strerror}"


def rename_aside(path: Path, why: str) -> str:
    """Give a file the first free name of the form ``name.why-N``; return that name.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the folder cannot be written to.
    """
    for number in itertools.count(1):
        target = path.with_name(f"{path.name}.{why}-{number}")
        with contextlib.suppress(FileExistsError):
            move_new(path, target)
            return target.name
    raise AssertionError


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
        raise cannot_write(path, error) from None


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """An empty file beside `target`; removed at the end, unless it has got another name."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _settle(temporary: Path, *, durable: bool) -> None:
    # Temporary files are for their owner alone; a shared folder of results is for its group, too.
    temporary.chmod(0o666 & ~_UMASK)
    if durable:  # before the rename: a name that survives a power cut must not be an empty file's
        _sync(temporary)


def _remove_abandoned(path: Path) -> None:
    """Remove temporary files that a process has left beside `path` when it was killed.

    Only old ones: another process may be writing the same file now.
    """
    for temporary in path.parent.glob(f".{path.name}.*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - temporary.stat().st_mtime > ABANDONED_SECONDS:
                temporary.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    # Makes the new name itself survive a power cut; some file systems cannot, and need not.
    with contextlib.suppress(OSError):
        _sync(folder)


def cannot_write(path: Path, error: OSError) -> GanbenchError:
    """What to tell whoever has asked for a file that could not be written."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return GanbenchError(
            f"cannot write {path}: there is a file where a folder is needed",
            "move the file away, or name a folder (--runs DIR, --out DIR)",
        )
    return GanbenchError(
        f"cannot write {path}: {error.strerror or error}",
        "free some space or make the folder writable, or name another one (--runs DIR, --out DIR)",
    )
