"""Generators that need no training: what every task is scored with beside the runs.

They are computed from the training samples, and never ranked. Most of them are *trivial*: whoever
does no better has learned nothing that a page of statistics would not tell. The best of these is
where utility begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from ganbench.statistics.stability import utility

if TYPE_CHECKING:
    from ganbench.results.record import Column

PERFECT: Final = "perfect generator"
COPIES: Final = "training copies"
GAUSSIAN: Final = "Gaussian of the train set"
SHUFFLED: Final = "shuffled coordinates"
ONE: Final = "one sample"
NOISE: Final = "uniform noise"

REFERENCES: Final = (COPIES, GAUSSIAN, SHUFFLED, NOISE, ONE)
"""In the order in which tables list them."""

TRIVIAL: Final = (GAUSSIAN, SHUFFLED, NOISE, ONE)
"""All but copies, which are no model of the data but the data."""

EQUAL_LAW: Final = 2.0
"""A trivial generator within so many floors may have the law of the data itself, as shuffled
coordinates have where coordinates are independent: being as good as it is then no shame."""


def trivial_distance(
    floor: float | None, cap: float | None, references: Mapping[str, float]
) -> float | None:
    """The distance at which utility is 0: that of the best trivial generator.

    The real mean alone, whose distance is the cap, is one of them, and the only one that is known
    where none was measured. Left out are those that nothing tells from the data: at most
    `EQUAL_LAW` floors away.

    Args:
        floor, cap: of a task's primary distance.
        references: name of a reference generator -> its distance.

    Returns:
        Above the floor; None where no utility can be told: without a floor above 0, or with a cap
        that is not above it.
    """
    if floor is None or cap is None or not 0 < floor < cap:
        return None
    distances = [references[name] for name in TRIVIAL if name in references]
    return min([cap, *(distance for distance in distances if distance > EQUAL_LAW * floor)])


def reference_utilities(column: Column | None) -> dict[str, float]:
    """The utilities of the perfect and of the reference generators, by name; empty where a task's
    primary distance tells none, or no generator was measured.

    Args:
        column: of that distance.
    """
    measured = column.get("references", {}) if column else {}
    if column is None or not measured:
        return {}
    floor = column["floor"]
    zero = trivial_distance(floor, column["cap"], measured)
    if floor is None or zero is None:
        return {}
    known = [name for name in REFERENCES if name in measured]
    return {PERFECT: 1.0, **{name: utility(measured[name], zero, floor) for name in known}}
