"""The parts of a run's folder: not all of it is needed for everything."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from ganbench.results.finals import FINAL_FOLDER, NOTE_FILE
from ganbench.results.record import RECORD_FILE
from ganbench.results.store import (
    CANCEL_FILE,
    CHECKPOINT_FOLDER,
    GENERATOR_FILE,
    JOB_FILE,
    LOCK_FILE,
    PROGRESS_FILE,
    SPEC_FILE,
)
from ganbench.storage.lease import lease_numbers

_ASIDE: Final = re.compile(r".*\.(damaged|replaced)-[0-9]+")


class Part(Enum):
    """What files of a run are needed for."""

    SUMMARY = "tables and states"
    PAGE = "its page in a report"
    GENERATOR = "samples"
    STATE = "going on"


def part_of(name: str) -> Part | None:
    """The part that a file belongs to; None if it concerns one machine alone.

    Args:
        name: of the file, relative to the run's folder.
    """
    if name in (SPEC_FILE, RECORD_FILE, PROGRESS_FILE, CANCEL_FILE, f"{FINAL_FOLDER}/{NOTE_FILE}"):
        return Part.SUMMARY
    if lease_numbers([name]):
        return Part.SUMMARY
    if name == GENERATOR_FILE:
        return Part.GENERATOR
    if name.startswith((f"{CHECKPOINT_FOLDER}/", f"{FINAL_FOLDER}/")):
        return Part.STATE
    if name in (LOCK_FILE, JOB_FILE) or _ASIDE.fullmatch(name) or "/." in f"/{name}":
        return None
    return Part.PAGE
