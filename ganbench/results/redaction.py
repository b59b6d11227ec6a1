"""Paths of a machine, which are never published."""

from __future__ import annotations

import re
from typing import Final

_PATH: Final = re.compile(
    r"""(?<![\w.)\]/~\\])(?:/(?=[^\s/])|~[^/\\,"]*[/\\]|[A-Za-z]:[/\\])[^,;"'\[\]|]*"""
)
"""An absolute path, up to what ends a value in JSON, in a reference or in a list."""


def without_paths(text: str) -> str:
    """The text with absolute paths cut to their last part: ``images:/home/me/cats`` is ``cats``."""
    return _PATH.sub(lambda match: re.split(r"[\\/]", match[0].rstrip("\\/"))[-1], text)
