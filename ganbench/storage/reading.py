"""Reading files that anybody may have put there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_file(path: Path) -> bytes:
    """The content of a regular file, or of one that links lead to.

    Raises:
        FileNotFoundError: there is none.
        OSError: as `require_regular`, or it cannot be read.
    """
    require_regular(path)
    return path.read_bytes()


def require_regular(path: Path) -> None:
    """Refuse what could keep its reader waiting for ever.

    Raises:
        FileNotFoundError: there is nothing.
        OSError: it is a folder, a pipe or a device, or its name cannot be one.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a zero byte
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a regular file", str(path))


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a text file, such as a log; empty where none can be read."""
    try:
        require_regular(path)
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
