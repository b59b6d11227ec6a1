"""What is under way while a page is written, for those who watch it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Live:
    """The part of a page that will be another one soon.

    Args:
        seconds: after which the page loads itself again.
        plans: a line on each plan under way.
        running: id of each run under way, and how much of its budget is spent, in [0, 1].
    """

    seconds: int
    plans: Sequence[str]
    running: Sequence[tuple[str, float]]
