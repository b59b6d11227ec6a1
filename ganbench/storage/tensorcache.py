"""Tensors on disk under the hash of all that determines them, shared by processes.

A file is named by the SHA-256 of its key, and holds the key itself, legible, beside its content. A
file that is damaged, cut off or another's is renamed, reported and computed anew: never read
wrongly, and never deleted.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from ganbench.api.errors import UsageError, one_line
from ganbench.storage.cache import cache_dir
from ganbench.storage.locks import locked
from ganbench.storage.sealed import plain, read_sealed, write_sealed
from ganbench.storage.writing import set_aside

Tensors = tuple[Tensor, ...]

LEAST_SECONDS = 0.2
READING_SPEED = 200e6
"""Bytes a second of a file that is read and verified while all cores are busy."""


class TensorCache:
    """Tensors by key, in one folder of the cache.

    A cache that cannot be written to is reported once; everything is computed, and nothing fails.

    Args:
        remark: takes one line for whatever is not as it should be.
        folder: of the files, relative to the cache's.
        what: what the tensors are, in remarks.
    """

    def __init__(
        self,
        remark: Callable[[str], object],
        folder: str = "features",
        what: str = "real features",
    ) -> None:
        self._remark = remark
        self._folder = folder
        self._what = what
        self._writable = True

    def tensors(self, parts: Mapping[str, Any], compute: Callable[[], Tensors]) -> Tensors:
        """The result of `compute`, on the CPU, from the disk if it is there.

        The first process that needs it computes it, others wait. Warm or cold, the bits and their
        layout in memory are the same. Cheap results are not kept, see `pays`.

        Args:
            parts: all that determines the result, as JSON. What changes any of it changes the file.
            compute: takes no lock that another holder of this one could wait for.
        """
        key = json.dumps(parts, sort_keys=True)
        try:
            path = (
                cache_dir(self._folder) / f"{hashlib.sha256(key.encode()).hexdigest()}.safetensors"
            )
        except UsageError as error:
            self._give_up(error)
            return _own(compute())
        with suppress(OSError, ValueError):
            return read_tensors(path, key)
        with self._turn(path):
            try:
                return read_tensors(path, key)
            except FileNotFoundError:
                pass
            except OSError as error:  # there may be nothing wrong with it
                self._give_up(error)
            except ValueError as error:
                kept = set_aside(path)
                self._remark(f"cache file {path.name} is not used: {one_line(error)}; {kept}")
                if path.exists():  # it could not be renamed, and nothing is ever overwritten
                    self._writable = False
            started = time.perf_counter()
            tensors = _own(compute())
            if pays(time.perf_counter() - started, sum(one.nbytes for one in tensors)):
                self._write(path, key, tensors)
            return tensors

    @contextmanager
    def _turn(self, path: Path) -> Iterator[None]:
        """Hold the lock of that file, if there can be one."""
        with ExitStack() as stack:
            if self._writable:
                try:
                    stack.enter_context(locked(path))
                except OSError as error:
                    self._give_up(error)
            yield

    def _write(self, path: Path, key: str, tensors: Tensors) -> None:
        if not self._writable:
            return
        named = {str(place): tensor for place, tensor in enumerate(tensors)}
        try:
            write_sealed(path, key, named, durable=False)  # after a power cut it is computed anew
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        if self._writable:
            self._remark(f"{self._what} are computed and not kept: {one_line(error)}")
        self._writable = False


def read_tensors(path: Path, key: str) -> Tensors:
    """The tensors in a file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        ValueError: it is damaged, or it is not the file of that key.
    """
    found, tensors = read_sealed(path)
    if found != key:
        raise ValueError("it is not what its name says")
    return tuple(tensors[place] for place in sorted(tensors, key=int))


def pays(seconds: float, size: int) -> bool:
    """Whether to keep what took so many seconds to compute and takes so many bytes."""
    return seconds >= LEAST_SECONDS + size / READING_SPEED


def _own(tensors: Tensors) -> Tensors:
    """As they will be read, so that warm or cold makes no difference."""
    return tuple(map(plain, tensors))
