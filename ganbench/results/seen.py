"""What a mirror knows of a run's files in the bucket: those that were as there when it last looked.

So a file is not brought twice, and one that has gone there is told from one that was never there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from ganbench.storage.reading import read_file
from ganbench.storage.writing import cannot_write, make_folder, write_file

SEEN_FILE: Final = ".bucket.json"
"""In a run's folder."""


class Seen:
    """Names of a run's files with the tokens of the objects that they are copies of.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> dict[str, str]:
        """Name -> token; nothing where that cannot be told: then all is brought once more."""
        try:
            content = read_file(self._folder / SEEN_FILE)
            return msgspec.json.decode(content, type=dict[str, str])
        except (OSError, msgspec.MsgspecError):
            return {}

    def add(self, tokens: Mapping[str, str]) -> None:
        """Remember files.

        Raises:
            GanbenchError: the folder cannot be written to.
        """
        if tokens:
            self._write(self.read() | dict(tokens))

    def drop(self, names: Iterable[str]) -> None:
        """Forget files.

        Raises:
            GanbenchError: the folder cannot be written to.
        """
        gone, seen = set(names), self.read()
        if gone & seen.keys():
            self._write({name: seen[name] for name in seen if name not in gone})

    def _write(self, seen: Mapping[str, str]) -> None:
        make_folder(self._folder)
        try:
            write_file(self._folder / SEEN_FILE, msgspec.json.encode(seen), durable=False)
        except OSError as error:
            raise cannot_write(self._folder, error) from None
