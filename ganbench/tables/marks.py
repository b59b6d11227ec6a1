"""What takes the rank from a row: signs that no generator has made its samples, missed thresholds,
rules that were not kept.

A mark is a short reason in words, as it is printed. Rows with a mark are listed after the ranked
ones, without a rank, and displace nobody.

Another reason is another function in `REASONS`: it is given the seeds of a row and what the scores
of their setting are, and returns a mark for all that is wrong. Nothing else has to know of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from ganbench.results.accounts import overspent
from ganbench.results.headings import distinct_labels, measurement_name
from ganbench.results.record import COUNTED
from ganbench.statistics.nulls import chance_of_rate
from ganbench.statistics.stability import geometric_mean
from ganbench.tables.controls import control
from ganbench.tables.thresholds import missed_thresholds
from ganbench.wording import number

if TYPE_CHECKING:
    from ganbench.results.record import Column
    from ganbench.tables.grouping import Entry

Columns = Mapping[str, "Column"]
"""Key -> what the score is, in the setting of a row."""

Reason = Callable[["Entry", Columns], Iterable[str]]
"""The marks of a row, for one kind of reason."""

LEVEL: Final = 0.001
"""The chance that a row exactly as good as real samples is called too good to be true: over all
tests of that row together (Bonferroni), and whatever other rows there are."""

RATES: Final = {"near_train": 1, "near_held-out": 1, "near_duplicates": 2}
"""Scores whose rate is too high where samples are copies, by what their keys begin with; and how
many samples count at once: two fakes that lie near each other are each other's near duplicate."""


def marks_of(entry: Entry, columns: Columns) -> tuple[str, ...]:
    """Why a row may have no rank, reason by reason; empty where it may have one."""
    return tuple(mark for reason in REASONS for mark in reason(entry, columns))


def too_good(entry: Entry, columns: Columns) -> list[str]:
    """What real samples would show against real samples less than once in a thousand rows."""
    tests = [*_nearer_than_real(entry), *_copies(entry, columns)]
    found = [(key, words) for chance, key, words in tests if chance * len(tests) < LEVEL]
    if not found:
        return []
    labels = distinct_labels({key: column["label"] for key, column in columns.items()})
    return [f"{labels[key]} {words}" for key, words in found]


def off_the_rules(entry: Entry, _: Columns) -> Iterator[str]:
    """Samples that are no independent draws; work beyond the budget that nobody had counted."""
    coupled = entry.values("coupled")
    if any(coupled):
        yield f"samples depend on each other in {sum(coupled)} of {len(coupled)} runs"
    if told := overspent(entry.runs, entry["budget_kind"], entry["budget_amount"]):
        yield told


REASONS: Final[tuple[Reason, ...]] = (control, too_good, missed_thresholds, off_the_rules)
"""Every reason for a mark, in the order in which they are printed."""

_Test = tuple[float, str, str]
"""The chance of what a row shows, the key of the score that shows it, and what it shows."""


def _nearer_than_real(entry: Entry) -> Iterator[_Test]:
    """The mean distance of the seeds against the law of a single one of real samples.

    All seeds are judged by the same reference, which is by chance nearer to the law or farther from
    it: their mean has not the smaller spread that means of independent distances have.
    """
    ends = entry.values("distance_end", ("ok",))
    if entry.floor is None or not ends:
        return
    mean = geometric_mean(ends)
    distance = math.fsum(ends) / len(ends) if mean is None else mean
    chance = entry.floor.chance(distance)
    if chance is not None:
        words = f"{number(distance)} is below its floor, {number(entry.floor.mean)}"
        yield chance, entry["primary"], words


def _copies(entry: Entry, columns: Columns) -> Iterator[_Test]:
    """Shares of samples that are copies, over all seeds.

    Where there is no utility there is nothing that copies could have won: a generator that has
    collapsed repeats itself, and is ranked by how far from the data that leads.
    """
    claims = entry.values("utility_end", COUNTED)
    if claims and max(claims) <= 0:
        return
    for key, column in columns.items():
        together, null = RATES.get(measurement_name(key)), column["null"]
        rates = entry.values(key, ("ok",)) if together else []
        if not together or not rates or null is None or not 0 < null < 1:
            continue
        error = column.get("null_error") or 0.0
        if error**2 >= null * (1 - null):  # so few real samples know nothing of the rate
            continue
        of_each = column["n_fake"] if together == 1 else min(column["n_fake"], column["n_real"])
        n = len(rates) * of_each // together
        count = min(n, math.floor(math.fsum(rates) * of_each / together + 1e-6))
        if n:
            chance = chance_of_rate(count, n, null, error)
            mean = math.fsum(rates) / len(rates)
            yield chance, key, f"{number(mean)}, of real samples {number(null)}"
