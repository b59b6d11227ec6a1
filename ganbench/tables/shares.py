"""Shares of settings: at how many of a variant's settings does it succeed, alone or at all?

A setting is one point of a variant's parameters. It succeeds where every run that counts ended well
and the mean over its seeds reaches what is asked for, under each version of the code that ran it;
settings of which no run counts are left out.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from ganbench.planning.references import parse_variant
from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.tables.contenders import is_setting_of, shown_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench.planning.claims import Claim
    from ganbench.results.record import Column
    from ganbench.tables.grouping import Entry

Setting = list["Entry"]
"""What was run of one: an entry for each version of the code."""

Scores = dict[tuple[str, str], "Column"]
"""(setting of a part, key) -> what the score is, as of `Runs.scores`."""


@dataclass(frozen=True, slots=True)
class Share:
    """At how many settings a claim's variant succeeds in one part.

    Args:
        count: of them.
        n: settings that were run; with another variant beside it, settings that both were run at.
        steps: generator steps of these runs, on average; 0 where none ended well.
        possible: whether anything in that part succeeds, whatever variant it is of.
    """

    count: int
    n: int
    steps: float
    possible: bool = True


def shares(claim: Claim, found: Iterable[Entry], scores: Scores) -> list[Share]:
    """One for each part in which settings of the claim's variant were run.

    Args:
        claim: about a share.
        found: of the claim's suite.
        scores: which of them are better small.
    """
    on_task = [entry for entry in found if entry["task"] == claim.task and entry.count(*COUNTED)]
    return [_share(claim, part, scores) for part in grouped(on_task, _part).values()]


def _part(entry: Entry) -> tuple[object, ...]:
    return entry.part


def _share(claim: Claim, part: Sequence[Entry], scores: Scores) -> Share:
    own, others = (_settings(variant, part) for variant in (claim.variant, claim.than))
    beside = [[one for one in others if _same(each, one)] for each in own]
    pairs = [(each, rest) for each, rest in zip(own, beside, strict=True) if rest or not claim.than]

    def good(setting: Setting) -> bool:
        return all(_succeeds(claim, entry, scores) for entry in setting)

    ran = [entry for each, _ in pairs for entry in each]
    steps = [one for entry in ran for one in entry.values("steps", ("ok",))]
    return Share(
        count=sum(good(each) and not any(map(good, rest)) for each, rest in pairs),
        n=len(pairs),
        steps=fmean(steps) if steps else 0.0,
        possible=any(_succeeds(claim, entry, scores) for entry in part),
    )


def _settings(variant: str, part: Sequence[Entry]) -> list[Setting]:
    """What was run of a variant."""
    if not variant:
        return []
    typed = parse_variant(variant)
    own = [entry for entry in part if is_setting_of(typed, entry.runs[0])]
    return list(grouped(own, _parameters).values())


def _parameters(entry: Entry) -> str:
    parameters: str = entry.runs[0]["variant_parameters"]
    return parameters


def _same(one: Setting, other: Setting) -> bool:
    """Whether two variants were run at the same setting: whatever the name of either shows has one
    value in both. A name leaves out defaults, and what both leave out each has as it usually has.
    """
    keys = shown_keys(one[0].runs[0]) | shown_keys(other[0].runs[0])
    own, theirs = (json.loads(_parameters(each[0])) for each in (one, other))
    return all(key in own and key in theirs and own[key] == theirs[key] for key in keys)


def _succeeds(claim: Claim, entry: Entry, scores: Scores) -> bool:
    assert claim.success is not None
    if entry.count("ok") < entry.count(*COUNTED):
        return False
    keys = [key for key in entry.runs[0] if key.startswith(f"{claim.score}/")]
    values = {key: entry.values(key, ("ok",)) for key in keys}
    reached = [
        fmean(own) <= claim.success
        if scores[entry["setting"], key]["direction"] == "lower"
        else fmean(own) >= claim.success
        for key, own in values.items()
        if own
    ]
    return bool(reached) and all(reached)
