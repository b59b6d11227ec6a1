"""Small tables kept in the cache as sealed JSON: read and written in turn. Never imports torch.

A table that is damaged, or that cannot be written, costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ganbench.api.errors import one_line
from ganbench.storage.locks import locked
from ganbench.storage.reading import read_file
from ganbench.storage.writing import set_aside, write_file

FOLDER = "hashes"
"""Of the cache: one file for each table."""

Remark = Callable[[str], object]


@contextmanager
def turn(path: Path, remark: Remark) -> Iterator[bool]:
    """Hold the lock of that file, and tell whether there can be one: else nothing is written."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path))
        except OSError as error:
            not_kept(error, remark)
            yield False
        else:
            yield True


def read_table(path: Path, remark: Remark) -> Any:
    """What was written to that file; None, if that cannot be told."""
    try:
        content = read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        not_kept(error, remark)
        return None
    seal, _, body = content.partition(b"\n")
    if seal != _seal(body):
        remark(f"cache file {path.name} is not used: it is damaged; {set_aside(path)}")
        return None
    return json.loads(body)


def write_table(path: Path, value: Any, remark: Remark) -> None:
    """Write JSON to that file, if it can be."""
    # Names that are no UTF-8 have lone surrogates, which JSON can hold as escapes only.
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()
    try:
        write_file(path, _seal(body) + b"\n" + body, durable=False)
    except OSError as error:
        not_kept(error, remark)


def not_kept(error: Exception, remark: Remark) -> None:
    """Say that what is known of files will have to be found out again."""
    remark(f"hashes of files are computed and not kept: {one_line(error)}")


def _seal(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
