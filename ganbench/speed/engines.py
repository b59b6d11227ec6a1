"""The engines that there are, each as something that can be timed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ganbench.speed.stacked import Stacked, stacks
from ganbench.speed.subject import Subject
from ganbench.speed.trained import Trained
from ganbench.speed.turns import Contender
from ganbench.training.loop import Eager


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """An engine, as something that can be timed.

    Args:
        make: trains a subject by it; the folder takes what it writes.
        takes: whether it carries out a subject's steps at all.
    """

    make: Callable[[Subject, Path], Contender]
    takes: Callable[[Subject], bool] = lambda subject: True


def _eager(subject: Subject, folder: Path) -> Trained:
    return Trained(Eager(subject.trainer()), folder)


ENGINES: Final[Mapping[str, Timed]] = {
    "eager": Timed(make=_eager),
    "stacked": Timed(make=Stacked, takes=stacks),
}
"""By name; the first one is what others are held against."""
