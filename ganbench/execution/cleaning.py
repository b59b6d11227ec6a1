"""What ganbench keeps and can do without: its cache, and checkpoints. Never imports torch.

Only files that ganbench itself has written and can write again are ever removed: no record, log or
sample, no data set that was downloaded, and nothing that a process is using.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ganbench.api.errors import GanbenchError
from ganbench.results.finals import FINAL_FOLDER
from ganbench.results.store import CHECKPOINT_FOLDER, LOCK_FILE, RunStore
from ganbench.storage.cache import KINDS, cache_root
from ganbench.storage.locks import is_held

STALE_SECONDS = 86_400.0
"""Age of a temporary file whose writer must have died."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Files of one kind that may go.

    Args:
        name: a key of `KINDS`, or `checkpoints`.
        folder: where they are.
        files: that may go.
        size: of all, in bytes.
    """

    name: str
    folder: Path
    files: tuple[Path, ...]
    size: int


def cache_heaps() -> list[Heap]:
    """What the cache holds, by folder. Data sets that were downloaded are not in it."""
    return [
        _heap(name, cache_root() / name, _cached(cache_root() / name, pattern))
        for name, pattern in KINDS.items()
        if (cache_root() / name).is_dir()
    ]


def checkpoint_heap(store: RunStore) -> Heap:
    """Checkpoints of runs that no process is working on: without them these runs start over, and
    no larger budget goes on from them."""
    return _heap("checkpoints", store.root, _checkpoints(store))


def remove(heap: Heap) -> None:
    """Remove its files; one that has gone already is no error.

    Raises:
        GanbenchError: one cannot be removed.
    """
    for path in heap.files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise GanbenchError(f"cannot remove {path}: {error.strerror}") from None


def _heap(name: str, folder: Path, files: Iterator[Path]) -> Heap:
    sizes = {path: path.lstat().st_size for path in files}
    return Heap(name, folder, tuple(sizes), sum(sizes.values()))


def _cached(folder: Path, pattern: str) -> Iterator[Path]:
    for path in sorted(folder.rglob(pattern)):
        in_work = path.suffix == ".tmp" and time.time() - path.lstat().st_mtime < STALE_SECONDS
        if path.is_file() and path.suffix != ".lock" and not in_work:
            yield path


def _checkpoints(store: RunStore) -> Iterator[Path]:
    for run_id in store.ids() if store.root.is_dir() else ():
        folder = store.folder(run_id)
        kept = [one for one in (folder / CHECKPOINT_FOLDER, folder / FINAL_FOLDER) if one.is_dir()]
        if kept and not is_held(folder / LOCK_FILE):
            yield from sorted(path for one in kept for path in one.iterdir() if path.is_file())
