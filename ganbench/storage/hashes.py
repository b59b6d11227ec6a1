"""Hashes of what files hold, and which of them need not be computed again. Never imports torch.

What identifies a file is its content: a copy, an unpacked archive or a clone of a folder is the
same data, whatever its times of change. Sizes and times only tell that a file has not been touched
since it was hashed; its hash is then taken from the cache.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganbench.api.errors import UsageError
from ganbench.storage.cache import cache_dir
from ganbench.storage.kept import FOLDER, Remark, not_kept, read_table, turn, write_table

SETTLED_NANOSECONDS = 2_000_000_000
"""A file that changed less long ago may change again without its times telling: file systems count
them in steps, of two seconds at the most."""

READERS = 8
"""Files that are read at a time: disks and networks are waited for."""

PORTION = 256
"""Files that a reader takes at a time: one by one, threads would mostly wait for each other."""

BYTES = 2**20
"""Of a file that are read at once."""

Stamp = tuple[int, int, int, int]
"""Size of a file, its times of change of content and of anything at all (nanoseconds), its inode.
Nobody can set the second time: new content with the old size and the old time does not deceive."""

Known = Mapping[str, tuple[Stamp, str]]
"""Stamps and hashes of files by name."""


def hash_files(root: Path, files: Sequence[str], remark: Remark) -> list[str]:
    """Hexadecimal SHA-256 of the content of each file, in their order.

    The first process that needs them reads the files, others wait. A cache that is damaged, or that
    cannot be written to, costs time and nothing else.

    Args:
        root: folder that the files are in.
        files: relative to it.
        remark: takes one line for whatever is not as it should be.

    Raises:
        OSError: a file cannot be read; `filename` is its path.
    """
    root = root.absolute()
    name = hashlib.sha256(os.fsencode(root)).hexdigest()
    try:
        kept = cache_dir(FOLDER) / f"{name}.json"
    except UsageError as error:
        not_kept(error, remark)
        known: Known = _hashed(root, files)
    else:
        with turn(kept, remark) as writable:
            settled = time.time_ns() - SETTLED_NANOSECONDS
            known, new = _up_to_date(root, files, _read(kept, remark))
            if new and writable:
                _write(kept, known, settled, remark)
    return [known[file][1] for file in files]


def _up_to_date(root: Path, files: Sequence[str], before: Known) -> tuple[Known, bool]:
    """What is known of the files now, and of others in that folder if it is more than before, which
    is told, too."""

    def is_known(file: str) -> bool:
        # Text, not paths: of 50,000 files these would take most of the time.
        status = os.stat(os.path.join(root, file))  # noqa: PTH116, PTH118
        return file in before and before[file][0] == _stamp(status)

    def is_as_it_was(file: str) -> bool:
        try:
            return is_known(file)
        except OSError:
            return False

    new = _hashed(root, [file for file in files if not is_known(file)])
    known = {file: new.get(file) or before[file] for file in files}
    if new:
        known |= {one: before[one] for one in before if one not in known and is_as_it_was(one)}
    return known, bool(new)


def _hashed(root: Path, files: Sequence[str]) -> dict[str, tuple[Stamp, str]]:
    portions = [files[start : start + PORTION] for start in range(0, len(files), PORTION)]
    with ThreadPoolExecutor(READERS) as pool:
        found = pool.map(lambda some: [_hash(os.path.join(root, one)) for one in some], portions)  # noqa: PTH118
        hashes = [one for some in found for one in some]
    return dict(zip(files, hashes, strict=True))


def _hash(path: str) -> tuple[Stamp, str]:
    # Plain calls of the system: `open` and `file_digest` take three times as long on small files.
    file = os.open(path, os.O_RDONLY)
    try:
        digest = hashlib.sha256()
        while part := os.read(file, BYTES):
            digest.update(part)
        # Afterwards: a file that was written to meanwhile is then too young to be kept.
        return _stamp(os.fstat(file)), digest.hexdigest()
    finally:
        os.close(file)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _read(path: Path, remark: Remark) -> Known:
    """What was known of a folder's files; nothing, if that cannot be told."""
    return {
        file: ((size, modified, changed, inode), digest)
        for file, size, modified, changed, inode, digest in read_table(path, remark) or []
    }


def _write(path: Path, known: Known, settled: int, remark: Remark) -> None:
    rows = [
        (file, *stamp, digest)
        for file, (stamp, digest) in known.items()
        if max(stamp[1], stamp[2]) < settled
    ]
    write_table(path, rows, remark)
