"""Paths of a machine, which are never published."""

from __future__ import annotations

import re
from typing import Final

_BEGIN = r"""(?:/(?=[^\s/])|~[^/\\,"]*[/\\]|[A-Za-z]:[/\\])"""

_PATH: Final = re.compile(
    rf"""(?<="){_BEGIN}(?:[^"\\]|\\.)*(?=")"""
    rf"""|(?<![\w.)\]/~\\]){_BEGIN}(?:[^,;"'\[\]|]|(?<=\w)'(?=\w))*"""
)
"""An absolute path: all of what double quotes hold, or up to what ends a value in a reference, in a
list or in a sentence. An apostrophe within a word ends nothing."""


def without_paths(text: str) -> str:
    """The text with absolute paths cut to their last part: ``images:/home/me/cats`` is ``cats``."""
    return _PATH.sub(lambda match: re.split(r"[\\/]", match[0].rstrip("\\/"))[-1], text)
