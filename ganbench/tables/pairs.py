"""How many pairs of ranked variants really differ: a note under the ranking."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER
from ganbench.statistics.permutation import ARRANGEMENTS, DRAWS, holm
from ganbench.tables.stratified import ALPHA, stratified_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.tables.forms.table import Table
    from ganbench.tables.grouping import Entry
    from ganbench.tables.panels import Line

_VARIANTS: Final = 20
_WORK: Final = 2e7
"""Values that all tests together may sum: about a second."""


def with_pairs(table: Table, lines: Sequence[Line]) -> Table:
    """The ranking with a note on how many pairs of ranked variants differ in utility.

    Stratified permutation tests, Holm's correction over the pairs. No note where there are too few
    seeds for an order, or so many pairs and seeds that the tests would take longer than the table.
    """
    ranked = [
        line
        for line in lines
        if line.row["rank_low"] is not None and "suite_utility" in line.row.estimates
    ]
    groups = grouped(ranked, lambda line: line.label)
    variants = {label: [line.entry for line in own] for label, own in groups.items()}
    if not 2 <= len(variants) <= _VARIANTS or not _affordable(variants):
        return table
    pairs = list(itertools.combinations(variants.values(), 2))
    tests = [
        stratified_test(list(zip(a, b, strict=True)), scales=("utility",))[1] for a, b in pairs
    ]
    p_values = holm([test.p_value for test in tests if test is not None])
    differ = sum(p_value < ALPHA for p_value in p_values)
    note = (
        f"{differ} of {len(pairs)} pairs of variants differ in utility at p < {ALPHA} (permutation "
        "test over seeds, Holm over all pairs); `ganbench compare` tests some against one of them"
    )
    return replace(table, notes=(*table.notes, note))


def _affordable(variants: dict[str, list[Entry]]) -> bool:
    """Whether there are seeds for an order, and few enough arrangements of them."""
    counts = [entry.count(*COUNTED) for own in variants.values() for entry in own]
    fewest, most, tasks = min(counts), max(counts), len(counts) // len(variants)
    arrangements = math.comb(2 * most, most) ** math.ceil(tasks / 2)  # as the test lists them
    drawn = arrangements > ARRANGEMENTS
    work = math.comb(len(variants), 2) * most * (DRAWS * tasks if drawn else arrangements)
    return fewest >= SEEDS_FOR_AN_ORDER and work <= _WORK
