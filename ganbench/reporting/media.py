"""Files of a run's folder, as a page can carry them in itself."""

from __future__ import annotations

import base64
import contextlib
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ganbench.storage.reading import read_file

PICTURES = {".png": "image/png", ".webp": "image/webp"}
_TYPES = {**PICTURES, ".wav": "audio/wav"}
"""Of what goes into a page as it is; anything else is text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One file: the template has a macro for every suffix.

    Args:
        suffix: of the file.
        uri: of pictures and sounds: all of it, as a data URI.
        text: of texts. Like everything on the page it is escaped.
        rows: of tables, the first of them headings.
    """

    suffix: str
    uri: str = ""
    text: str = ""
    rows: Sequence[Sequence[str]] = ()


def show(path: Path) -> Shown | None:
    """A file; None if it is gone by now: its run may be starting over."""
    try:
        content = read_file(path)
    except OSError:
        return None
    if mime := _TYPES.get(path.suffix):
        encoded = base64.b64encode(content).decode("ascii")
        return Shown(path.suffix, uri=f"data:{mime};base64,{encoded}")
    text = content.decode("utf-8", "replace")
    if path.suffix == ".csv":
        with contextlib.suppress(csv.Error):  # what is no table may still be read
            return Shown(path.suffix, rows=list(csv.reader(io.StringIO(text))))
    return Shown(".txt", text=text)
