"""Tensors on disk under the hash of all that determines them, shared by processes.

A file is named by the SHA-256 of its key; its metadata hold the key itself, legible, and a SHA-256
over key and content. It is used only where both are right. A file that is damaged, cut off or
another's is renamed, reported and computed anew: never read wrongly, and never deleted.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ganbench.api.errors import UsageError
from ganbench.scoring.caching import Tensors
from ganbench.storage.cache import atomic_path, cache_dir, locked
from ganbench.storage.reading import require_regular

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
            return _plain(compute())
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
                self._set_aside(path, error)
            started = time.perf_counter()
            tensors = _plain(compute())
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
                except UsageError as error:
                    self._give_up(error)
            yield

    def _write(self, path: Path, key: str, tensors: Tensors) -> None:
        from safetensors.torch import save_file

        if not self._writable:
            return
        named = {str(place): one for place, one in enumerate(tensors)}
        metadata = {"key": key, "sha256": _digest(key, tensors)}
        try:
            with atomic_path(path) as temporary:
                save_file(named, temporary, metadata)
        except Exception as error:  # safetensors wraps errors of the system in its own
            self._give_up(error)

    def _set_aside(self, path: Path, error: Exception) -> None:
        number = 1
        while (kept := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        try:
            path.rename(kept)
        except OSError as failure:
            self._give_up(failure)
            return
        reason = _one_line(error)
        self._remark(f"cache file {path.name} is not used: {reason}; kept as {kept.name}")

    def _give_up(self, error: Exception) -> None:
        if self._writable:
            self._remark(f"{self._what} are computed and not kept: {_one_line(error)}")
        self._writable = False


def read_tensors(path: Path, key: str) -> Tensors:
    """The tensors in a file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        ValueError: it is damaged, or it is not the file of that key.
    """
    from safetensors import SafetensorError, safe_open

    require_regular(path)
    with path.open("rb"):  # to safetensors, a file that may not be opened is not there
        pass
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("key") != key:
                raise ValueError("it is not what its name says")
            # Copies: a mapped file can change under its reader, and lies in memory as it happens
            # to, where products are rounded differently than in tensors that torch has aligned.
            tensors = tuple(file.get_tensor(str(i)).clone() for i in range(len(file.keys())))
    except SafetensorError as error:
        raise ValueError(f"it is damaged or no cache file ({error})") from None
    if metadata.get("sha256") != _digest(key, tensors):
        raise ValueError("its content does not match its checksum")
    return tensors


def pays(seconds: float, size: int) -> bool:
    """Whether to keep what took so many seconds to compute and takes so many bytes."""
    return seconds >= LEAST_SECONDS + size / READING_SPEED


def content_hash(tensor: Tensor) -> str:
    """Hexadecimal SHA-256 of a tensor's bytes."""
    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return hashlib.sha256(flat.view(torch.uint8).numpy().data).hexdigest()


def _digest(key: str, tensors: Tensors) -> str:
    described = [(str(one.dtype), tuple(one.shape), content_hash(one)) for one in tensors]
    return hashlib.sha256(f"{key} {described}".encode()).hexdigest()


def _plain(tensors: Tensors) -> Tensors:
    """As they will be read: contiguous, on the CPU, and with no memory in common."""
    layout = torch.contiguous_format
    return tuple(one.detach().cpu().clone(memory_format=layout) for one in tensors)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
