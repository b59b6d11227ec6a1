"""The log of a run: all that its process prints. Never imports torch."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

KEPT_BYTES = 1_000_000
"""Of the beginning and of the end of a log that had to be cut."""


def redirect_output(log: Path) -> None:
    """Send everything this process prints, C libraries included, to the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def remark(line: str) -> None:
    """Write a line to the run's log, if whatever a plugin has done to the output lets it."""
    with contextlib.suppress(OSError, ValueError):
        print(line, flush=True)


def shorten(path: Path, limit: int) -> None:
    """Cut the middle out of a log that is longer than `limit` bytes; its ends are kept."""
    try:
        with path.open("r+b") as log:
            size = log.seek(0, os.SEEK_END)
            if size <= max(limit, 2 * KEPT_BYTES):
                return
            log.seek(size - KEPT_BYTES)
            end = log.read()
            log.seek(KEPT_BYTES)
            cut = size - 2 * KEPT_BYTES
            log.write(f"\n\n... {cut:,} bytes of this log were cut ...\n\n".encode() + end)
            log.truncate()
    except OSError:
        return
