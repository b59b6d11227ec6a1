"""Paths of a machine, which are never published."""

from __future__ import annotations

import re
from typing import Final

_BEGIN = r"""(?:/(?=[^\s/])|~[^/\\,"]*[/\\]|[A-Za-z]:[/\\])"""

_PATH: Final = re.compile(
    rf"""(?<="){_BEGIN}(?:[^"\\]|\\.)*(?=")"""
    rf"""|(?<='){_BEGIN}[^']*(?:'(?=\w)[^']*)*(?=')"""
    rf"""|(?<![\w.)\]/~\\]){_BEGIN}(?:[^,;"\[\]|]|,(?!\s*{_BEGIN})(?=[^,;"\[\]|:=]*/))*"""
)
"""An absolute path: all of what quotes hold, or up to what ends a value in a reference, in a list
or in a sentence. A comma before more of its folders ends nothing, and neither does an apostrophe
that was not opened or stands within a word: too much is cut rather than too little."""


def without_paths(text: str) -> str:
    """The text with absolute paths cut to their last part: ``images:/home/me/cats`` is ``cats``."""
    return _PATH.sub(lambda match: re.split(r"[\\/]", match[0].rstrip("\\/"))[-1], text)
