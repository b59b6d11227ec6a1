"""The parts of a run's folder: not all of it is needed for everything."""

from __future__ import annotations

from enum import Enum


class Part(Enum):
    """What files of a run are needed for."""

    SUMMARY = "tables and states"
    PAGE = "its page in a report"
    GENERATOR = "samples"
    STATE = "going on"
