"""Variants against each other: what of their difference is more than the choice of seeds.

The first variant is the reference A, each other one a B. They meet only within a part (see
`grouping`): suite, setting and device are never mixed. Every comparison is between the runs that
count, finished and unstable ones; accidents of the machine or the code are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from ganbench.api.errors import NothingSelected
from ganbench.results.record import COUNTED
from ganbench.statistics.intervals import (
    SEEDS_FOR_AN_ORDER,
    Interval,
    ratio_interval,
    seeds_to_decide,
)
from ganbench.statistics.permutation import PermutationTest, holm
from ganbench.statistics.ranking import probability_of_improvement
from ganbench.tables.contenders import Contenders, choose, contenders
from ganbench.tables.grouping import entries, weight
from ganbench.tables.labels import section_names
from ganbench.tables.marks import marks_of
from ganbench.tables.stratified import (
    ALPHA,
    Pair,
    final_distances,
    stratified_test,
    telling_distances,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.results.frame import Runs
    from ganbench.tables.grouping import Entry

DECIDED: Final = ("A better", "B better")
AS_REAL: Final = "as good as real"
MARKED: Final = "marked"
TOO_FEW: Final = "too few seeds"
NO_TEST: Final = "no test"

_MOST_SEEDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Contrast:
    """B against A on one task, or over all tasks that they share.

    Args:
        edition: suite, protocol and, for time budgets, device.
        section: the task and its setting; empty over all tasks.
        pairs: the runs of A and of B, task by task.
        a, b: labels.
        ratio: geometric mean of B's final distances over A's, of finished runs; below 1, B is
            nearer to the data. Over several tasks the geometric mean of their ratios, without
            limits (0 and infinity). None where a side has no finished run or no positive distance.
        improvement: probability that a run of B is better than one of A, unstable runs being worse
            than any other; in [0, 1], the mean over tasks.
        scale: what was tested: ``ln distance`` where all counted runs are finished, else
            ``utility``, of which unstable runs have 0; empty where there was no test.
        test: of B's losses minus A's: a negative difference means that B is better.
        p_adjusted: Holm's; None where there are too few seeds for a verdict.
        marks: why a side may have no rank, whoever is better: label, task, reasons in words.
        more_seeds: how many more of each side would decide it if means and spreads stayed: 0 where
            it is decided, infinite beyond 1,000, None where that cannot be said or would not help.
    """

    edition: tuple[Any, ...]
    section: str
    pairs: tuple[Pair, ...]
    a: str
    b: str
    ratio: Interval | None
    improvement: float | None
    scale: str
    test: PermutationTest | None
    marks: tuple[tuple[str, str, str], ...] = ()
    p_adjusted: float | None = None
    more_seeds: float | None = None

    @property
    def tasks(self) -> list[str]:
        """The tasks it is about."""
        return [a["task"] for a, _ in self.pairs]

    @property
    def seeds(self) -> tuple[int, int]:
        """Counted runs of A and of B, over all its tasks."""
        counts = [(a.count(*COUNTED), b.count(*COUNTED)) for a, b in self.pairs]
        return sum(a for a, _ in counts), sum(b for _, b in counts)

    @property
    def fewest(self) -> tuple[int, int]:
        """Counted runs of A and of B on the task where one of them has the fewest."""
        return min(((a.count(*COUNTED), b.count(*COUNTED)) for a, b in self.pairs), key=min)

    @property
    def has_the_seeds(self) -> bool:
        """Whether there was a test, of seeds enough for a verdict, whatever came out of it."""
        return self.test is not None and min(self.fewest) >= SEEDS_FOR_AN_ORDER

    @property
    def verdict(self) -> str:
        """``A better``, ``B better``, ``undecided``, ``as good as real`` both of them, or why
        nothing can be said."""
        if self.marks:
            return MARKED
        if self.test is None:
            return NO_TEST
        if not self.has_the_seeds:
            return TOO_FEW
        if all(_as_real(entry) for pair in self.pairs for entry in pair):
            return AS_REAL
        if self.p_adjusted is not None and self.p_adjusted < ALPHA:
            return DECIDED[self.test.difference < 0]
        return "undecided"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known of some variants against the first of them.

    Args:
        reference: label of A.
        others: labels of the Bs, in the order in which they were named.
        by_task: one contrast per B and shared setting of a task.
        overall: one per B and edition with two or more shared tasks.
        alone: sections that only one of a pair was run on, by the pair: who was and who was not.
    """

    reference: str
    others: tuple[str, ...]
    by_task: list[Contrast]
    overall: list[Contrast]
    alone: dict[tuple[str, str], list[str]]


def compare(runs: Runs, names: Sequence[str], edition: tuple[Any, ...] | None = None) -> Comparison:
    """Compare the variants of these names with the first of them.

    Args:
        runs: of any number of suites, settings and protocols: they are kept apart.
        names: of two or more variants, as `contenders.choose` takes them.
        edition: only of this suite, protocol and device, as if there were no other; None: of all.

    Raises:
        UsageError: a name is unknown, doubtful or given twice, or there are fewer than two.
        NothingSelected: no other variant was run on a task and setting that the first was run on.
    """
    found = entries(runs)
    known = contenders(found)
    reference, *others = choose(names, known)
    columns = runs.columns
    marks = {id(entry): marks_of(entry, columns.get(entry["setting"], {})) for entry in found}
    sections = section_names(entry.runs[0] for entry in found)
    section_of = {entry.part: name for entry, name in zip(found, sections, strict=True)}
    by_task: list[Contrast] = []
    overall: list[Contrast] = []
    alone: dict[tuple[str, str], list[str]] = {}
    for other in others:
        shared = _shared(known, reference, other)
        pairs = [pair for pair in shared if edition in (None, pair[0].edition)]
        by_task += [_contrast(reference, other, [pair], section_of, marks) for pair in pairs]
        overall += [
            _contrast(reference, other, strata, section_of, marks)
            for strata in _editions(pairs)
            if len(strata) > 1
        ]
        alone |= _alone(known, reference, other, section_of)
    if not by_task:
        raise _nothing_shared(known, [reference, *others], section_of)
    places = {part: index for index, part in enumerate(section_of)}
    by_task.sort(key=lambda one: places[one.pairs[0][0].part])
    tested = sum(one.test is not None for one in by_task)  # the family, once all have the seeds
    by_task = [_with_more_seeds(one, tested) for one in _adjusted(by_task)]
    return Comparison(reference, tuple(others), by_task, _adjusted(overall), alone)


def family_size(contrasts: Sequence[Contrast]) -> int:
    """How many of some contrasts could be claimed, and so are corrected for.

    Which ones is known from the numbers of seeds alone, whatever the results are.
    """
    return sum(contrast.has_the_seeds for contrast in contrasts)


def _shared(known: Contenders, reference: str, other: str) -> list[Pair]:
    """What both were run on. A label has one entry in a part, or it would be two labels."""
    own = {entry.part: entry for entry in known[reference]}
    return [(own[entry.part], entry) for entry in known[other] if entry.part in own]


def _editions(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """The strata of each suite, protocol and device: of every task the setting with most runs."""
    main: dict[tuple[Any, ...], dict[str, Pair]] = {}
    for a, b in sorted(pairs, key=weight):
        main.setdefault(a.edition, {})[a["task"]] = (a, b)
    return [[strata[task] for task in sorted(strata)] for strata in main.values()]


def _as_real(entry: Entry) -> bool:
    """Whether all of its runs are finished, and their mean distance one that real samples have."""
    ends = [distance for distance in final_distances(entry) if distance is not None]
    if entry.floor is None or not ends or len(ends) < entry.count(*COUNTED):
        return False
    return math.fsum(ends) / len(ends) <= entry.floor.reach


def _contrast(
    a: str,
    b: str,
    pairs: Sequence[Pair],
    section_of: dict[tuple[Any, ...], str],
    marks: Mapping[int, tuple[str, ...]],
) -> Contrast:
    scale, test = stratified_test(pairs)
    chances = [
        probability_of_improvement(telling_distances(theirs), telling_distances(ours))
        for ours, theirs in pairs
        if final_distances(ours) and final_distances(theirs)
    ]
    part = pairs[0][0].part
    return Contrast(
        edition=pairs[0][0].edition,
        section=section_of[part] if len(pairs) == 1 else "",
        pairs=tuple(pairs),
        a=a,
        b=b,
        ratio=_ratio(pairs),
        improvement=math.fsum(chances) / len(pairs) if len(chances) == len(pairs) else None,
        scale=scale,
        test=test,
        marks=tuple(
            (label, entry["task"], "; ".join(marks[id(entry)]))
            for pair in pairs
            for label, entry in zip((a, b), pair, strict=True)
            if marks[id(entry)]
        ),
    )


def _ratio(pairs: Sequence[Pair]) -> Interval | None:
    ratios = []
    for pair in pairs:
        ours, theirs = (entry.values("distance_end", ("ok",)) for entry in pair)
        if not ours or not theirs or min(*ours, *theirs) <= 0:
            return None
        ratios.append(ratio_interval(theirs, ours))
    if len(ratios) == 1:
        return ratios[0]
    mean = math.fsum(math.log(ratio.estimate) for ratio in ratios) / len(ratios)
    return Interval(math.exp(mean), 0.0, math.inf)


def _adjusted(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """With Holm's p-values: all contrasts with the seeds for a verdict are one family."""
    tests = [contrast.test if contrast.has_the_seeds else None for contrast in contrasts]
    p_values = iter(holm([test.p_value for test in tests if test is not None]))
    return [
        one if test is None else replace(one, p_adjusted=next(p_values))
        for one, test in zip(contrasts, tests, strict=True)
    ]


def _with_more_seeds(one: Contrast, family: int) -> Contrast:
    if one.verdict in DECIDED:
        return replace(one, more_seeds=0)
    (a, b), counts = one.pairs[0], one.seeds
    if one.verdict in (AS_REAL, MARKED) or one.scale != "ln distance" or min(counts) < 2:
        return one
    level = ALPHA / max(1, family)  # what Holm asks of the smallest p-value
    ours, theirs = ([d for d in telling_distances(entry) if d is not None] for entry in (a, b))
    by_spread = seeds_to_decide(ours, theirs, level=1 - level, most=_MOST_SEEDS)
    by_count = next(more for more in range(_MOST_SEEDS) if _smallest(counts, more) < level)
    more = math.inf if by_spread is None else max(1, by_spread, by_count)
    return replace(one, more_seeds=more)


def _smallest(counts: tuple[int, int], more: int) -> float:
    """The smallest p-value that a permutation test of so many more runs could give."""
    a, b = counts[0] + more, counts[1] + more
    return (2 if a == b else 1) / math.comb(a + b, a)


def _alone(
    known: Contenders, reference: str, other: str, section_of: dict[tuple[Any, ...], str]
) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for present, absent in ((reference, other), (other, reference)):
        own, lacking = ({entry.part for entry in known[name]} for name in (present, absent))
        sections = [section for part, section in section_of.items() if part in own - lacking]
        if sections:
            found[present, absent] = sections
    return found


def _nothing_shared(
    known: Contenders, labels: Sequence[str], section_of: dict[tuple[Any, ...], str]
) -> NothingSelected:
    where = [
        f"{label}: {'; '.join(section_of[entry.part] for entry in known[label])}"
        for label in labels
    ]
    if len({entry.part[0] for label in labels for entry in known[label]}) > 1:
        where.append("a run is kept under the suite that ran it first: name yours with --suite")
    return NothingSelected(
        f"no other variant was run on a task of {labels[0]} in the same setting",
        "\n  ".join(where),
    )
