"""What a run's folder has to look at, listen to or read: how it is called, and what is there.

A *sheet* is what the run has come to: ``samples.png``. A *frame* is the same of one evaluation and
much smaller, in a folder of its own: ``samples/003.webp``, counted from 0. Either may be several
files, as of sounds and their spectrograms: ``samples-2.wav``, ``samples/003-2.wav``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ganbench.modalities.media import SUFFIXES

SHEET: Final = "samples"
FRAMES_FOLDER: Final = "samples"
DRAWINGS_FOLDER: Final = "drawings"
"""Pictures of what scores have measured in the end: ``drawings/interpolations.png``."""

_NAME = re.compile(r"(samples|[0-9]{3,})(?:-([0-9]+))?(\.[a-z]+)")


def sheet_file(place: int, suffix: str) -> str:
    """Name of a sheet's file.

    Args:
        place: of the file among those of the sheet, from 0.
        suffix: of its name.
    """
    return _file(SHEET, place, suffix)


def frame_file(index: int, place: int, suffix: str) -> str:
    """Name, in the `FRAMES_FOLDER`, of a file of an evaluation's frame.

    Args:
        index: of the evaluation, from 0.
        place: of the file among those of the frame, from 0.
        suffix: of its name.
    """
    return _file(f"{index:03}", place, suffix)


def sheet_files(folder: Path) -> list[Path]:
    """The files of a run's sheet, in order; none where there is none, or no such folder."""
    return _media(folder).get(SHEET, [])


def frame_files(folder: Path) -> dict[int, list[Path]]:
    """The files of a run's frames by the number of their evaluation."""
    found = _media(folder / FRAMES_FOLDER)
    return {int(stem): files for stem, files in sorted(found.items()) if stem != SHEET}


def drawings(folder: Path) -> list[Path]:
    """The pictures that scores have drawn of a run, by name."""
    return sorted((folder / DRAWINGS_FOLDER).glob("*.png"))


def _file(stem: str, place: int, suffix: str) -> str:
    return f"{stem}{f'-{place + 1}' if place else ''}{suffix}"


def _media(folder: Path) -> dict[str, list[Path]]:
    """Files that can be shown, by what they show, in order; others are none of ours."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return {}
    found: dict[str, dict[int, Path]] = {}
    for path in paths:
        match = _NAME.fullmatch(path.name)
        if match and match[3] in SUFFIXES:
            found.setdefault(match[1], {})[int(match[2] or 1)] = path
    return {stem: [files[place] for place in sorted(files)] for stem, files in found.items()}
