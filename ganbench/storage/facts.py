"""What was found out about contents, by their hash: found out once, and known from then on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ganbench.api.errors import UsageError
from ganbench.storage.cache import cache_dir
from ganbench.storage.kept import FOLDER, Remark, not_kept, read_table, turn, write_table


class Facts:
    """A table from the hash of a content to something about it, as JSON.

    Args:
        key: all that determines what is found out, besides the content.
        remark: takes one line for whatever is not as it should be.
    """

    def __init__(self, key: Mapping[str, Any], remark: Remark) -> None:
        text = json.dumps(key, sort_keys=True)
        self._name = f"{hashlib.sha256(text.encode()).hexdigest()}.json"
        self._remark = remark

    def known(self) -> dict[str, Any]:
        """What is known, by hash; empty where nothing is kept."""
        path = self._path()
        return {} if path is None else dict(read_table(path, self._remark) or {})

    def add(self, found: Mapping[str, Any], present: Collection[str]) -> None:
        """Keep what was found out; of what was known before, what is present alone."""
        path = self._path()
        if path is None:
            return
        with turn(path, self._remark) as writable:
            if writable:
                before = read_table(path, self._remark) or {}
                kept = {one: before[one] for one in before.keys() & set(present)}
                write_table(path, kept | dict(found), self._remark)

    def _path(self) -> Path | None:
        try:
            return cache_dir(FOLDER) / self._name
        except UsageError as error:
            not_kept(error, self._remark)
            return None
