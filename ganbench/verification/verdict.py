"""What a check of a run comes to: the same, another trajectory of its training, or wrong.

From its generator, every score comes out the same to a relative 1e-6, and what a GPU has computed
to 1e-3 on another model. Training again gives the same
bits where processor, versions and threads are the same: another number is wrong there. Elsewhere
sums are rounded differently, and training soon takes another trajectory, as far from the first as
another seed's. It can then only be asked whether both numbers are what the other seeds predict of
one more, or stand out from them together. That holds in about 19 of 20 honest cases, and it finds
claims that are better by a multiple, not by some per cent: docs/reading-tables.md has the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ganbench.statistics.intervals import geometric_prediction_interval, prediction_interval
from ganbench.verification.claimed import ClaimedRun

TOLERANCE: Final = 1e-6
ROUGHER: Final = 1e-3
"""Where what a GPU has computed is computed on another model or a CPU: each rounds products and
convolutions its own way, and a value at the edge of a byte, or of a ball, falls to either side."""
FLIPS: Final = 5e-3
"""There, of scores that are no distances: a few samples of a thousand that fall to the other."""
LEVEL: Final = 0.95
RECOMPUTED: Final = "recomputed from its generator"
RETRAINED: Final = "trained again from its spec"
ROUNDING: Final = ("device_name", "cpu", "cpu_kind", "torch", "cuda", "threads")
"""What of a record's environment decides how sums are rounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """One score, as claimed and as found.

    Args:
        key, label: of the score.
        claimed, found: its values; None where it is missing.
        verdict: `same` (all bits), `equal` (to the tolerance), or `differs`; of another trajectory
            `within seeds` or `outside seeds`, `as claimed` where both stand out to the same side,
            or `no spread` where the other seeds are all alike, and one of both is like them.
        low, high: what the other seeds allow, where that was asked.
    """

    key: str
    label: str
    claimed: float | None
    found: float | None
    verdict: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a check.

    Args:
        run_id: of the run.
        method: `RECOMPUTED` or `RETRAINED`.
        status: how the run ended this time.
        claimed_status: how it is said to have ended.
        rescored: one per score.
        elsewhere: why there may be other bits, such as ``torch 2.6.0, here 2.7.0``; empty where
            there may not.
        tolerance: relative, within which scores are equal.
    """

    run_id: str
    method: str
    status: str
    claimed_status: str
    rescored: tuple[Rescored, ...]
    elsewhere: tuple[str, ...] = ()
    tolerance: float = TOLERANCE

    @property
    def holds(self) -> bool:
        """Whether the claim is confirmed."""
        sound = not self._count("differs", "outside seeds")
        return sound and self.status == self.claimed_status

    @property
    def summary(self) -> str:
        """One line: how it was checked, and what came out."""
        where = f" ({'; '.join(self.elsewhere)})" if self.elsewhere else ""
        of = f"of {len(self.rescored)} scores"
        if self.status != self.claimed_status:
            outcome = f"it ended as {self.status}, not as {self.claimed_status}{where}"
        elif wrong := self._count("differs"):
            outcome = f"{wrong} {of} differ{where}"
        elif outside := self._count("outside seeds"):
            outcome = f"another trajectory{where}, outside of the interval of the other seeds"
            outcome += f" in {outside} {of}"
        elif told := self._trajectory():
            outcome = f"another trajectory{where}, {told}"
        elif self._count("equal"):
            outcome = f"equal to {self.tolerance:g}{where if self.tolerance > TOLERANCE else ''}"
        else:
            outcome = "equal, bit by bit"
        return f"{self.run_id}: {self.method}: {outcome}"

    def _trajectory(self) -> str:
        """How scores that may differ lie to the other seeds; empty where none differs."""
        words = {
            "within seeds": "within the interval of the other seeds",
            "as claimed": "beyond their interval, on the side of the claim,",
            "no spread": "with no interval known, as the other seeds are alike,",
        }
        counts = {one: self._count(one) for one in words if self._count(one)}
        if set(counts) <= {"within seeds"}:
            return "".join(words[one] for one in counts)
        told = ", ".join(f"{words[one]} in {count}" for one, count in counts.items())
        return f"{told} of {len(self.rescored)} scores"

    def _count(self, *verdicts: str) -> int:
        return sum(one.verdict in verdicts for one in self.rescored)


def judge_recomputed(
    claim: ClaimedRun, status: str, found: Mapping[str, float], device_name: str | None
) -> Verdict:
    """The verdict on scores that were computed from the run's generator.

    Args:
        claim: the run.
        status, found: how the evaluation ended this time, and with which scores.
        device_name: what it was done on.
    """
    then = claim.environment.get("device_name")
    if claim.device != "cuda" or then == device_name:
        return _judge(claim, RECOMPUTED, status, found, ())
    other = f"device {_or_unknown(then)}, here {_or_unknown(device_name)}"
    return _judge(claim, RECOMPUTED, status, found, (other,), ROUGHER)


def judge_retrained(
    claim: ClaimedRun, status: str, found: Mapping[str, float], environment: Mapping[str, Any]
) -> Verdict:
    """The verdict on a run that was trained again.

    Args:
        claim: the run.
        status, found: how it ended this time, and with which scores.
        environment: of its record: where that was.
    """
    return _judge(claim, RETRAINED, status, found, _elsewhere(claim, environment))


def _elsewhere(claim: ClaimedRun, environment: Mapping[str, Any]) -> tuple[str, ...]:
    """Why the bits need not be the same."""
    reasons = [
        f"{name.replace('_', ' ')} {_or_unknown(claim.environment.get(name))}, "
        f"here {_or_unknown(environment.get(name))}"
        for name in ROUNDING
        if claim.environment.get(name) != environment.get(name)
    ]
    if claim.device == "cuda":
        reasons.append("a GPU adds in no fixed order")
    return tuple(reasons)


def _or_unknown(value: object) -> object:
    return "unknown" if value is None else value


def _judge(
    claim: ClaimedRun,
    method: str,
    status: str,
    found: Mapping[str, float],
    elsewhere: tuple[str, ...],
    tolerance: float = TOLERANCE,
) -> Verdict:
    keys = sorted({*claim.scores, *found})
    level = None
    if elsewhere and method == RETRAINED:  # so that all of them lie within, 95 times of 100
        level = 1 - (1 - LEVEL) / max(1, len(keys))
    rescored = tuple(_compared(claim, key, found.get(key), level, tolerance) for key in keys)
    return Verdict(
        run_id=claim.run_id,
        method=method,
        status=status,
        claimed_status=claim.status,
        rescored=rescored,
        elsewhere=elsewhere,
        tolerance=tolerance,
    )


def _compared(
    claim: ClaimedRun, key: str, found: float | None, level: float | None, tolerance: float
) -> Rescored:
    """One score; `level` is that of the seeds' interval, None where the bits must be the same."""
    claimed = claim.scores.get(key)
    label = claim.labels.get(key, key)
    one = Rescored(key=key, label=label, claimed=claimed, found=found, verdict="differs")
    if claimed is None or found is None:
        return one
    if claimed == found:
        return replace(one, verdict="same")
    slack = FLIPS if tolerance > TOLERANCE and key not in claim.distances else 1e-12
    if math.isclose(claimed, found, rel_tol=tolerance, abs_tol=slack):
        return replace(one, verdict="equal")
    others = [scores[key] for scores in claim.others if key in scores]
    if level is None or len(others) < 2:
        return one
    if len(set(others)) == 1:  # such as a count of nothing found: no interval is known
        known = others[0] in (claimed, found)
        return replace(one, verdict="no spread" if known else "outside seeds")
    relative = key in claim.distances and min(claimed, found, *others) > 0
    seeds = (geometric_prediction_interval if relative else prediction_interval)(others, level)
    # Of both, or any claim would pass with an honest rerun. A seed that stands out may do so again.
    places = {(value > seeds.high) - (value < seeds.low) for value in (claimed, found)}
    alike = "within seeds" if places == {0} else "as claimed"
    verdict = alike if len(places) == 1 else "outside seeds"
    return replace(one, low=seeds.low, high=seeds.high, verdict=verdict)
