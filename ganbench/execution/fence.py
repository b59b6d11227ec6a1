"""One process at a time works in a run's folder, and clears away what killed ones have left there.

Never imports torch.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ganbench.execution.job import JOB_FILE
from ganbench.results.record import RECORD_FILE
from ganbench.results.store import CHECKPOINT_FOLDER, LOCK_FILE


def take_fence(folder: Path) -> IO[bytes] | None:
    """Hold a run's folder alone, until the file is closed or this process ends.

    lockf, not flock: a flock is inherited by forked children and can outlive its holder.

    Returns:
        The lock file; None if another process holds the folder.
    """
    lock = (folder / LOCK_FILE).open("ab")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        lock.close()
        return None
    return lock


def tidy(folder: Path) -> None:
    """Remove half-written files, and a finished run's job and checkpoints.

    Only for who holds the fence.
    """
    for path in _leftovers(folder):
        path.unlink(missing_ok=True)


def tidy_finished(folder: Path) -> None:
    """Tidy a finished run's folder, if there is anything to do and nobody else works there."""
    if any(_leftovers(folder)):
        # Where a folder cannot be written to, what lies there does no harm.
        with contextlib.suppress(OSError), take_fence(folder) or contextlib.nullcontext() as fence:
            if fence is not None:
                tidy(folder)


def _leftovers(folder: Path) -> Iterator[Path]:
    checkpoints = folder / CHECKPOINT_FOLDER
    yield from folder.glob(".*.tmp")
    yield from checkpoints.glob(".*")  # temporary files, those of safetensors as well
    if (folder / RECORD_FILE).exists():
        yield from checkpoints.glob("*.safetensors")
        yield from folder.glob(JOB_FILE)
