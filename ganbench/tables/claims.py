"""Published results beside ours: do they agree, and if not, why?

Both sides are means over runs, or shares of settings, with an error. They agree where their
difference is within the 95 % limits of both together, and ours are narrow enough to say so. Where
it is not, what differs may be the protocol's length: a result is *not reached* as long as runs here
did fewer steps than the paper's, and *differs* from then on.
"""

from __future__ import annotations

import math
from statistics import fmean
from typing import TYPE_CHECKING, Final

from ganbench.planning.references import parse_variant
from ganbench.results.headings import distinct_labels
from ganbench.results.record import COUNTED
from ganbench.statistics.intervals import Interval, clopper_pearson, mean_interval
from ganbench.tables.contenders import is_meant
from ganbench.tables.forms.table import Cell, Heading, Row, Table
from ganbench.tables.grouping import entries
from ganbench.tables.shares import Share, shares
from ganbench.tables.twins import twin_notes
from ganbench.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench.planning.claims import Claim
    from ganbench.results.frame import Runs
    from ganbench.tables.grouping import Entry
    from ganbench.tables.shares import Scores

AGREES: Final = "agrees"
DIFFERS: Final = "differs"
NOT_REACHED: Final = "not reached"

LIMITS: Final = 1.96
"""Standard errors of a published mean on either side of it that are taken for its 95 % limits."""

WIDEST: Final = 4.0
"""How many times wider than the published interval ours may be and still agree with anything; half
of the number itself where that has no error."""

WIDEST_SHARE: Final = 1 / 3
"""Half the interval that a share of one half would have from which on so few settings say nothing:
it then takes in two thirds of all shares."""

LONGER: Final = 1.25
"""How many times the published steps ours may be before that is told."""

_HEADINGS: Final = (
    Heading("variant"),
    Heading("score"),
    Heading("published"),
    Heading("± error"),
    Heading("its runs"),
    Heading("ours"),
    Heading("verdict"),
    Heading("why"),
)


def claims_table(claims: Sequence[Claim], runs: Runs, suite: str) -> Table:
    """One row per claim and setting that was run; claims without a run have a row that says so.

    A score that a task has by several extractors is as many numbers, and has a row for each.

    Args:
        claims: of the suite.
        runs: any; those of other suites are left out.
        suite: its name.
    """
    found = entries(runs.only(suite=[suite]))
    rows = [
        row
        for claim in claims
        for row in (_rows if claim.success is None else _shares)(claim, found, runs.scores)
    ]
    sources = dict.fromkeys(": ".join(filter(None, (one.source, one.protocol))) for one in claims)
    notes = (*sources, *twin_notes(run for entry in found for run in entry.twins))
    return Table("claims", f"{suite}: published results", _HEADINGS, tuple(rows), notes, 1)


def verdict(claim: Claim, values: Sequence[float], steps: float) -> tuple[str, str]:
    """Whether our runs bear a claim out, and why it is not more than that.

    Args:
        claim: the published number.
        values: of the same score, one for each of our runs.
        steps: generator steps of our runs.
    """
    if len(values) < 2:
        return NOT_REACHED, "one run has no interval; add seeds" if values else "no finished run"
    error = LIMITS * claim.error
    theirs = Interval(claim.published, claim.published - error, claim.published + error)
    ours = mean_interval(values)
    wide = (ours.high - ours.low) / 2 > (WIDEST * error or abs(claim.published) / 2)
    return _weighed(claim, ours, theirs, steps, "add seeds" if wide else "")


def share_verdict(claim: Claim, share: Share) -> tuple[str, str]:
    """The same of a share of settings, with exact limits on both sides.

    Args:
        claim: about a share.
        share: ours.
    """
    if not share.n:
        return NOT_REACHED, "not run"
    ours = clopper_pearson(share.count, share.n)
    theirs = clopper_pearson(round(claim.published * claim.runs), claim.runs)
    middle = clopper_pearson(share.n // 2, share.n)  # not ours: that depends on what came out
    few = (middle.high - middle.low) / 2 > WIDEST_SHARE
    said, why = _weighed(claim, ours, theirs, share.steps, "add settings" if few else "")
    if said == AGREES and not share.possible and (not claim.steps or share.steps < claim.steps):
        # Where nothing works yet, that something fails is no finding.
        said, why = NOT_REACHED, f"nothing succeeds here; {why}"
    return said, "; ".join(filter(None, (f"{share.count} of {share.n} settings", why)))


def _weighed(
    claim: Claim, ours: Interval, theirs: Interval, steps: float, more: str
) -> tuple[str, str]:
    """What two intervals say of each other, each with its half that faces the other's estimate; of
    one that is too wide to say anything, what to do."""
    short = claim.steps > 0 and steps < claim.steps
    part = f"{steps / claim.steps:.2g} of its {claim.steps:,} steps" if short else ""
    if 0 < LONGER * claim.steps < steps:
        part = f"{steps / claim.steps:.2g} times its {claim.steps:,} steps"
    apart = abs(ours.estimate - theirs.estimate)
    if ours.estimate > theirs.estimate:
        half = math.hypot(ours.estimate - ours.low, theirs.high - theirs.estimate)
    else:
        half = math.hypot(ours.high - ours.estimate, theirs.estimate - theirs.low)
    if more:
        return NOT_REACHED, "; ".join(filter(None, (f"our interval is too wide; {more}", part)))
    if apart <= half:
        return AGREES, part
    if short:
        return NOT_REACHED, part
    told = f"{number(apart)} {'above' if ours.estimate > theirs.estimate else 'below'} it"
    return DIFFERS, "; ".join(filter(None, (told, part)))


def _shares(claim: Claim, found: Iterable[Entry], scores: Scores) -> Iterable[Row]:
    for share in shares(claim, found, scores) or [Share(0, 0, 0.0)]:
        cell = Cell(*clopper_pearson(share.count, share.n), share.n) if share.n else Cell()
        yield _row(claim, cell, *share_verdict(claim, share))


def _rows(claim: Claim, found: Iterable[Entry], scores: Scores) -> Iterable[Row]:
    typed = parse_variant(claim.variant)
    own = [
        entry
        for entry in found
        if entry["task"] == claim.task and is_meant(typed, claim.variant, entry.runs[0])
    ]
    if not own:
        yield _row(claim, Cell(), NOT_REACHED, "not run")
    for entry in own:
        steps = entry.values("steps", ("ok",))
        for score, values in _values(claim, entry, scores).items():
            said, why = verdict(claim, values, fmean(steps) if steps else 0.0)
            if lost := entry.count(*COUNTED) - entry.count("ok"):
                why = "; ".join(filter(None, (why, f"{lost} unstable left out")))
            yield _row(claim, _cell(values), said, why, score)


def _values(claim: Claim, entry: Entry, scores: Scores) -> dict[str, list[float]]:
    """What the claimed score came to, by its name; by headings where several extractors have it."""
    labels = {
        key: scores[entry["setting"], key]["label"]
        for key in entry.runs[0]
        if key.startswith(f"{claim.score}/") and entry.values(key, ("ok",))
    }
    names = distinct_labels(labels) if len(labels) > 1 else dict.fromkeys(labels, measured(claim))
    found = {name: entry.values(key, ("ok",)) for key, name in names.items()}
    return found or {measured(claim): []}


def _row(claim: Claim, ours: Cell, said: str, why: str, score: str = "") -> Row:
    cells = (
        Cell(claim.variant),
        Cell(score or measured(claim)),
        Cell(claim.published),
        Cell(claim.error or None),
        Cell(claim.runs),
        ours,
        Cell(said),
        Cell(why),
    )
    return Row(claim.task, cells)


def measured(claim: Claim) -> str:
    """What a claim's number is of, in words: its score, or a share of settings."""
    score = claim.score.replace("_", " ")
    if claim.success is None:
        return score
    alone = f" where {claim.than} does not" if claim.than else ""
    return f"share reaching {score} {number(claim.success)}{alone}"


def _cell(values: Sequence[float]) -> Cell:
    if not values:
        return Cell()
    mean, low, high = mean_interval(values)
    if len(values) == 1:
        return Cell(mean, n=1)
    return Cell(mean, low, high, len(values))
