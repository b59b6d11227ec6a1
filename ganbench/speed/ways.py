"""All ways to train a subject that are compared: every engine, and the loops that are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from ganbench.speed.engines import ENGINES
from ganbench.speed.loops import Loop, Terms, bare, terms_of, textbook
from ganbench.speed.subject import Subject
from ganbench.speed.turns import Contender

LOOPS: Final[Mapping[str, Callable[[Subject, Terms], Loop]]] = {"bare": bare, "textbook": textbook}
"""Those written by hand, by name."""


class ByHand:
    """A loop as a contender."""

    seeds = 1

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def advance(self, steps: int) -> None:
        """Take so many generator steps."""
        for _ in range(steps):
            next(self._loop)


def ways_of(subject: Subject, folder: Path) -> Mapping[str, Callable[[], Contender]]:
    """What makes each, by name: engines first.

    Args:
        subject: what is trained.
        folder: for what they write.
    """
    found: dict[str, Callable[[], Contender]] = {
        name: partial(engine.make, subject, folder)
        for name, engine in ENGINES.items()
        if engine.takes(subject)
    }
    terms = terms_of(subject)
    if not isinstance(terms, str):
        found |= {name: partial(_by_hand, loop, subject, terms) for name, loop in LOOPS.items()}
    return found


def _by_hand(loop: Callable[[Subject, Terms], Loop], subject: Subject, terms: Terms) -> Contender:
    return ByHand(loop(subject, terms))
