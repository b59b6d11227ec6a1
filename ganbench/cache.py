"""What takes long to compute or to fetch, kept in the cache folder and shared by all processes.

For data sets and extractors of plugins: what scores keep goes through `Evaluation.cached`. All of
it is shown by `ganbench clean`. Importing this module never imports torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganbench.api.errors import UsageError
from ganbench.storage.cache import HINT, cache_dir
from ganbench.storage.facts import Facts
from ganbench.storage.hashes import hash_files as _hash_files
from ganbench.storage.locks import locked as _locked

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Facts", "Kind", "content_hash", "facts", "file_hashes", "folder", "locked", "tensors"]

Kind = Literal["datasets", "extractors", "weights"]
"""What is kept for what: each kind has a folder of its own in the cache."""


def tensors(
    kind: Kind,
    key: Mapping[str, Any],
    compute: Callable[[], tuple[Tensor, ...]],
    *,
    what: str,
) -> tuple[Tensor, ...]:
    """The result of `compute`, from the disk if it is there; bit for bit the same either way.

    The first process that needs it computes it, and others wait. What takes less than a fifth of a
    second is computed every time, and so is everything where the cache cannot be written to. A
    damaged file is set aside, with a line on stdout, which in a run is its log.

    Args:
        kind: in whose folder of the cache it is kept.
        key: all that determines the result, as JSON: hashes of contents, versions of what computes.
            Names determine nothing: what has a name today may be something else tomorrow.
        compute: takes no lock.
        what: what the tensors are, for people: ``decoded images``.

    Returns:
        the tensors, on the CPU.
    """
    from ganbench.storage.tensorcache import TensorCache

    return TensorCache(print, kind, what).tensors(key, compute)


def folder(kind: Kind) -> Path:
    """The folder of one kind, for files that others write; made if need be.

    Raises:
        UsageError: it cannot be created.
    """
    return cache_dir(kind)


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock that belongs to a file, waiting for any process that holds it.

    The lock ends with its holder, however that ends.

    Raises:
        UsageError: the file's folder cannot be written to.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(_locked(target))
        except OSError as error:
            message = f"cannot write to {target.parent}: {error.strerror}"
            raise UsageError(message, HINT) from None
        yield


def file_hashes(
    root: Path, files: Sequence[str], remark: Callable[[str], object] = print
) -> list[str]:
    """Hexadecimal SHA-256 of the content of each file, in their order; read once, then known.

    Args:
        root: folder that the files are in.
        files: relative to it.
        remark: takes one line for whatever is not as it should be.

    Raises:
        OSError: a file cannot be read.
    """
    return _hash_files(root, files, remark)


def facts(key: Mapping[str, Any], remark: Callable[[str], object] = print) -> Facts:
    """What was found out about contents, by the hash of each, and is not found out again.

    Args:
        key: all that determines what is found out, besides the content: versions of what looks.
        remark: takes one line for whatever is not as it should be.
    """
    return Facts(key, remark)


def content_hash(tensors: Mapping[str, Tensor], salt: str = "") -> str:
    """Hexadecimal SHA-256 of tensors: for keys, and for the id of an extractor.

    Args:
        tensors: by name, in any order, on any device; names, types, shapes and bits all count.
        salt: whatever else is to make a difference.
    """
    from ganbench.storage import sealed

    return sealed.content_hash(tensors, salt)
