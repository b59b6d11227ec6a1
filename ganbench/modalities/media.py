"""What people look at, listen to and read: files whose suffix says how they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SUFFIXES: Final = (".png", ".webp", ".wav", ".txt", ".csv")
"""Those that a report can show."""


ALL: Final = "samples"
"""Stem of the one file that holds all samples."""


def stem_of(place: int) -> str:
    """Stem of the file of one sample, counted from 0."""
    return f"{place:05}"


@dataclass(frozen=True, slots=True)
class Media:
    """One file's content, drawn from samples.

    Args:
        content: of the file; texts are UTF-8.
        suffix: of its name, one of `SUFFIXES`.

    Raises:
        ValueError: nobody could show a file of that suffix.
    """

    content: bytes
    suffix: str

    def __post_init__(self) -> None:
        if self.suffix not in SUFFIXES:
            raise ValueError(f"{self.suffix!r} is none of {', '.join(SUFFIXES)}")
