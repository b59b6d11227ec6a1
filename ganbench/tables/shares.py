"""Shares of settings: at how many of a variant's settings does it succeed, alone or at all?

A setting is one point of a variant's parameters. It succeeds where every run that counts ended well
and the mean over its seeds reaches what is asked for; settings of which no run counts are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from ganbench.planning.references import parse_variant
from ganbench.results.record import COUNTED
from ganbench.statistics.groups import grouped
from ganbench.tables.contenders import is_setting_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench.planning.claims import Claim
    from ganbench.planning.references import VariantReference
    from ganbench.results.record import Column
    from ganbench.tables.grouping import Entry

Setting = frozenset[tuple[str, str]]
"""What a variant's name shows in brackets and behind colons."""

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
    own = _settings(claim.variant, part)
    others = _settings(claim.than, part) if claim.than else {}
    if claim.than:
        own = {key: entry for key, entry in own.items() if key in others}
    alone = [
        key
        for key, entry in own.items()
        if _succeeds(claim, entry, scores)
        and not (key in others and _succeeds(claim, others[key], scores))
    ]
    steps = [one for entry in own.values() for one in entry.values("steps", ("ok",))]
    return Share(
        count=len(alone),
        n=len(own),
        steps=fmean(steps) if steps else 0.0,
        possible=any(_succeeds(claim, entry, scores) for entry in part),
    )


def _settings(variant: str, part: Sequence[Entry]) -> dict[Setting, Entry]:
    """What was run of a variant, by its setting."""
    typed = parse_variant(variant)
    return {
        _setting(parse_variant(entry["variant"])): entry
        for entry in part
        if is_setting_of(typed, entry.runs[0])
    }


def _setting(shown: VariantReference) -> Setting:
    arguments = ((one.name, one.argument) for one in shown.parts if one.argument is not None)
    return frozenset((*shown.settings.items(), *arguments))


def _succeeds(claim: Claim, entry: Entry, scores: Scores) -> bool:
    assert claim.success is not None
    if entry.count("ok") < entry.count(*COUNTED):
        return False
    keys = [key for key in entry.runs[0] if key.startswith(f"{claim.score}/")]
    values = {key: entry.values(key, ("ok",)) for key in keys}
    return any(
        fmean(own) <= claim.success
        if scores[entry["setting"], key]["direction"] == "lower"
        else fmean(own) >= claim.success
        for key, own in values.items()
        if own
    )
