"""What killed processes have left in a run's folder, cleared away by whoever holds its fence.

Never imports torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ganbench.results.record import COUNTED, RECORD_FILE
from ganbench.results.seal import unseal
from ganbench.results.store import CANCEL_FILE, CHECKPOINT_FOLDER, JOB_FILE, LOCK_FILE, SPEC_FILE
from ganbench.storage.locks import take_fence
from ganbench.storage.reading import read_file


def tidy(folder: Path) -> None:
    """Remove half-written files; of a finished run its job, and if it has a result its checkpoints.

    A run that an accident has ended keeps its checkpoints: tried again, it goes on from them, and
    where only its last evaluation has failed, nothing is left to train.

    Only for who holds the fence.
    """
    for path in _leftovers(folder):
        path.unlink(missing_ok=True)


def tidy_finished(folder: Path) -> None:
    """Tidy a finished run's folder, if there is anything to do and nobody else works there."""
    if any(_leftovers(folder)):
        # Where a folder cannot be written to, what lies there does no harm.
        lock = folder / LOCK_FILE
        with contextlib.suppress(OSError), take_fence(lock) or contextlib.nullcontext() as fence:
            if fence is not None:
                tidy(folder)


def _leftovers(folder: Path) -> Iterator[Path]:
    checkpoints = folder / CHECKPOINT_FOLDER
    is_over = (folder / RECORD_FILE).exists()
    # Until its end, who has not got the fence may write a run's spec or cancel it.
    theirs = () if is_over else (f".{SPEC_FILE}.", f".{CANCEL_FILE}.")
    yield from (one for one in folder.glob(".*.tmp") if not one.name.startswith(theirs))
    yield from checkpoints.glob(".*")  # temporary files, those of safetensors as well
    if not is_over:
        return
    yield from folder.glob(JOB_FILE)
    yield from folder.glob(CANCEL_FILE)
    kept = sorted(checkpoints.glob("*.safetensors"))
    if kept and _has_result(folder / RECORD_FILE):
        yield from kept


def _has_result(path: Path) -> bool:
    """Whether there is a sound record that says something about its variant."""
    try:
        return unseal(read_file(path))["status"] in COUNTED
    except (OSError, ValueError):
        return False
