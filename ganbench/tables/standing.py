"""Ranks: ranges where intervals overlap or a test over all pairs leaves the order open, none
without full coverage, and none for marked rows.

A rank needs every task and every seed, and `SEEDS_FOR_AN_ORDER` of these: with fewer no order can
be told from chance, whatever the intervals look like. Where so many have been asked for and a
variant has fewer results, because runs of it have failed, its rank stays open. Who has no rank
displaces nobody who has one.

From `SEEDS_FOR_A_PROVISIONAL_RANK` seeds on, the reason for having no rank says which ones the 95 %
intervals leave open among those in the same state: a tier for whoever cannot pay for five. It is
wide, since intervals of three values are, and it is no rank: it stands in no column of ranks.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final

from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.statistics.intervals import SEEDS_FOR_AN_ORDER, Interval, mean_interval
from ganbench.statistics.nulls import Floor
from ganbench.statistics.ranking import rank_ranges, undecided_pairs
from ganbench.tables.aggregate import Aggregate, Estimate
from ganbench.tables.coverage import Coverage, sentence
from ganbench.tables.grouping import Entry, weight
from ganbench.wording import counted

Part = tuple[Any, ...]

SEEDS_FOR_A_PROVISIONAL_RANK: Final = 3
"""With two, an interval is 12.7 standard errors wide to each side: it leaves all ranks open."""

NEVER_TRAINED: Final = "never trained"
"""Why a variant has no retained utility, where no run was ever better than the real mean."""


def few_seeds(count: int) -> str:
    """Why nobody has a rank."""
    return f"{counted(count, 'seed')}: a rank needs {SEEDS_FOR_AN_ORDER}"


_LAST: Final = Interval(-1.0, -1.0, -1.0)
"""Below every utility, for the rank alone: it stands in no mean and in no table."""


def add_standings(
    rows: Iterable[Aggregate], coverage: Coverage | None, unranked: Mapping[str, str]
) -> None:
    """Fill in the ranks of leaderboard rows, and the reasons where there is none.

    Rows with a run that `unranked` (run id -> reason) names have no rank and displace nobody.
    """
    admitted = []
    barred: dict[Part, dict[str, None]] = {}
    for row in rows:
        ids = row.entry.values("run_id")
        reason = next((unranked[run_id] for run_id in ids if run_id in unranked), None)
        if reason:
            row.facts["unranked"] = row.facts["incomplete"] = reason
            barred.setdefault(_whose(row), {})[reason] = None
        else:
            admitted.append(row)
    # Ranks are given within an edition: utilities of two protocols or devices are two scales.
    for members in grouped(admitted, lambda row: row.entry.edition).values():
        parts = grouped(members, lambda row: row.entry.part)
        main = _main_parts(members)
        # Of another budget of a task its own seeds are asked for: a try with a seed of its own,
        # in the same folder, takes no rank away from those who never tried it.
        needed = coverage or _occurring(row for part in main for row in parts[part])
        for part, own in parts.items():
            here = needed if part in main else coverage or _occurring(own)
            for row in own:
                row.facts["incomplete"] = here.missing_seeds(row.entry.runs)
            if len(here.seeds) >= SEEDS_FOR_AN_ORDER:
                _rank_on_task([row for row in own if not row["incomplete"] and not row.marks])
        _rank_in_suite(members, needed, main, barred)


def _whose(row: Aggregate) -> Part:
    """The variant by its code, within its edition."""
    return row.entry.edition, row.entry.own_code


def _occurring(rows: Iterable[Aggregate]) -> Coverage:
    return Coverage.of(run for row in rows for run in row.entry.runs)


def _rank_on_task(complete: Sequence[Aggregate]) -> None:
    # A variant all of whose runs failed has no distance, and no place among those that have one.
    distances = {
        row: row.estimates["distance"]
        for row in complete
        if row.estimates["distance"].value is not None
    }
    known = {row: _seen(one.claim, row.entry.floor) for row, one in distances.items()}
    undecided = _undecided(distances, logarithms=all(row.logarithms for row in distances))
    _assign("distance_rank", rank_ranges(known, undecided=undecided))
    retained = {
        row: row.estimates["retained_utility"]
        for row in complete
        if "retained_utility" in row.estimates
    }
    # Who never trained has retained nothing of it: that is a place, and no missing number.
    never = [row for row in complete if row["retained_utility_missing"] == NEVER_TRAINED]
    _assign("stability_rank", _falling(retained, dict.fromkeys(never, _LAST)))


def _falling(
    estimates: Mapping[Aggregate, Estimate], last: Mapping[Aggregate, Interval] | None = None
) -> dict[Aggregate, tuple[int, int]]:
    """Ranks of what is better if it is higher; behind them those who are last by definition."""
    claims = {row: one.claim for row, one in estimates.items()} | dict(last or {})
    return rank_ranges(claims, lower_is_better=False, undecided=_undecided(estimates))


def _undecided(
    estimates: Mapping[Aggregate, Estimate], *, logarithms: bool = False
) -> set[frozenset[Aggregate]]:
    """Pairs of those of which an order can be claimed by their intervals alone, and cannot here."""
    certain = {
        row: one.limits
        for row, one in estimates.items()
        if one.n >= SEEDS_FOR_AN_ORDER and one.limits is not None
    }
    sizes = {row: estimates[row].n for row in certain}
    return undecided_pairs(certain, sizes, logarithms=logarithms)


def _seen(distance: Interval, floor: Floor | None) -> Interval:
    """A distance with its limits, as far as it can be told from that of real samples."""
    return distance if floor is None else Interval(*(max(one, floor.reach) for one in distance))


def _assign(name: str, ranks: Mapping[Aggregate, tuple[int, int]]) -> None:
    for row, (low, high) in ranks.items():
        row.facts |= {f"{name}_low": low, f"{name}_high": high}


def _rank_in_suite(
    members: Sequence[Aggregate],
    needed: Coverage,
    parts: set[Part],
    barred: Mapping[Part, Iterable[str]],
) -> None:
    """Rank the variants of one edition by their mean utility over tasks, equally weighted.

    A mean over tasks needs one setting of each (`parts`), or those run twice would count twice.
    """
    for row in members:
        if row.entry.part not in parts:
            row.facts["unranked"] = f"the suite is ranked on another setting of {row['task']}"
    chosen = [row for row in members if row.entry.part in parts]
    # Tasks that others have run count as missing here: leaving out a hard one must not pay.
    tasks = {*needed.tasks, *(row["task"] for row in chosen)}
    variants = list(grouped(chosen, lambda row: row.entry.own_code).values())
    by_any_code: dict[str, set[str]] = {}
    for row in chosen:
        by_any_code.setdefault(row["variant"], set()).add(row["task"])
    claims: dict[Aggregate, Estimate] = {}  # of each variant by its first row
    open_: dict[Aggregate, Interval] = {}  # of the provisional tier
    provisional = SEEDS_FOR_A_PROVISIONAL_RANK <= len(needed.seeds) < SEEDS_FOR_AN_ORDER
    few = few_seeds(len(needed.seeds)) if provisional else ""
    for own in variants:
        absent = sorted(tasks - {row["task"] for row in own})
        # Why some of its runs may not be ranked is why the others have no rank in the suite.
        problem = "; ".join(barred.get(_whose(own[0]), ())) or _problem(
            own, absent, needed, by_any_code[own[0]["variant"]]
        )
        found = [row.entry for row in own]
        estimate = Estimate() if absent else _suite_utility(found, parts)
        for row in own:
            row.facts["unranked"], row.estimates["suite_utility"] = problem, estimate
        if problem is None:  # who has no rank displaces nobody who has one
            claims[own[0]] = estimate
        elif problem == few and estimate.limits is not None:
            open_[own[0]] = estimate.limits
    for first, (low, high) in rank_ranges(open_, lower_is_better=False).items():
        of = f"{low} to {high} of {len(open_)}" if low < high else f"{low} of {len(open_)}"
        for row in next(own for own in variants if own[0] is first):
            row.facts["unranked"] = f"provisional rank {of}; {few}"
    ranks = _falling(claims)
    for own in variants:
        if own[0] in ranks:
            _assign("rank", dict.fromkeys(own, ranks[own[0]]))


def _main_parts(members: Iterable[Aggregate]) -> set[Part]:
    """One setting of each task: the one with the most runs, then the one last run."""
    by_part = grouped((row.entry for row in members), lambda entry: entry.part)
    own = sorted(by_part.values(), key=weight)
    return set({entries[0]["task"]: entries[0].part for entries in own}.values())


def _suite_utility(own: Iterable[Entry], parts: set[Part]) -> Estimate:
    """A variant's mean utility over the suite's tasks, all with equal weight.

    The interval is over seeds: of each seed's mean over tasks, for seeds that have all of them.
    """
    by_seed: dict[int, dict[Part, float]] = {}
    for entry in own:
        for run in entry.runs:
            # Accidents of the machine are no result; a run that diverged is one, with utility 0.
            if run["status"] in COUNTED and run["utility"] is not None:
                by_seed.setdefault(run["seed"], {})[entry.part] = run["utility"]
    means = [
        math.fsum(utilities.values()) / len(parts)
        for utilities in by_seed.values()
        if len(utilities) == len(parts)
    ]
    return Estimate.of(means, mean_interval, (0.0, 1.0))


def _problem(
    own: Sequence[Aggregate], absent: Sequence[str], needed: Coverage, elsewhere: Container[str]
) -> str | None:
    """What keeps a variant by one code from a rank in the suite.

    Args:
        own: its rows.
        absent: tasks that it was not run on.
        needed: what a rank needs.
        elsewhere: tasks that it was run on by any code.
    """
    if not absent and len(own) > len({row.entry.part for row in own}):
        return "run with several versions of data or scores"
    problems: dict[str, str | None] = {}
    for row in own:
        entry, problem = row.entry, row["incomplete"]
        if problem is None and len(entry.values("utility", COUNTED)) < entry.count(*COUNTED):
            problem = "no distance with a floor and a cap"
        problems[str(entry["task"])] = "; ".join(filter(None, (*row.grave_marks, problem))) or None
    few = len(needed.seeds) < SEEDS_FOR_AN_ORDER
    return sentence(absent, problems, elsewhere) or (few_seeds(len(needed.seeds)) if few else None)
