"""Whether a run's scores come out again: from the generator that it left, or trained once more.

From the generator, every score must be the same to a relative 1e-6: the samples, the real side and
the protocol are. A retrained run must be the same where machine and versions are; elsewhere it is
one more seed's worth of chance, and must lie within what the other seeds allow.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from ganbench.api.errors import InvalidResults, UsageError
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.execution.conditions import DEFAULTS, Conditions
from ganbench.execution.executors.executor import open_executor
from ganbench.execution.pins import require_same_code
from ganbench.execution.supervisor import Supervisor
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.running.build import Builder
from ganbench.running.evaluator import Evaluator, Unstable
from ganbench.running.generator import load_generator
from ganbench.statistics.intervals import prediction_interval
from ganbench.training.clock import BudgetClock
from ganbench.training.seeds import seed_everything
from ganbench.verification.claims import Claim, read_claim

TOLERANCE: Final = 1e-6
LEVEL: Final = 0.95
RECOMPUTED: Final = "recomputed from its generator"
RETRAINED: Final = "trained again from its spec"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One score, as claimed and as found.

    Args:
        key, label: of the score.
        claimed, found: its values; None where it is missing.
        verdict: `same` (all bits), `equal` (to 1e-6), `within seeds`, or `differs`.
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
        comparisons: one per score.
    """

    run_id: str
    method: str
    status: str
    claimed_status: str
    comparisons: tuple[Comparison, ...]

    @property
    def holds(self) -> bool:
        """Whether the claim is confirmed."""
        sound = all(one.verdict != "differs" for one in self.comparisons)
        return sound and self.status == self.claimed_status

    @property
    def summary(self) -> str:
        """One line: how it was checked, and what came out."""
        kinds = {one.verdict for one in self.comparisons}
        if self.status != self.claimed_status:
            outcome = f"it ended as {self.status}, not as {self.claimed_status}"
        elif "differs" in kinds:
            wrong = sum(one.verdict == "differs" for one in self.comparisons)
            outcome = f"{wrong} of {len(self.comparisons)} scores differ"
        elif "within seeds" in kinds:
            outcome = "equal within the interval of the other seeds"
        elif "equal" in kinds:
            outcome = f"equal to {TOLERANCE:g}"
        else:
            outcome = "equal, bit by bit"
        return f"{self.run_id}: {self.method}: {outcome}"


class _DiscriminatorNeeded(Exception):
    """A score looks at the discriminator, which a run does not leave."""


class _Absent(nn.Module):
    def forward(self, _: Tensor) -> Tensor:
        raise _DiscriminatorNeeded


def verify_run(
    run_id: str,
    runs: Path,
    *,
    weights: Path | None,
    retrain: bool,
    conditions: Conditions,
    remark: Callable[[str], None],
) -> Verdict:
    """Check a run of a runs folder or of a published leaderboard; see `read_claim` and `verify`."""
    claim = read_claim(run_id, runs, weights)
    catalogue = installed_catalogue(conditions.plugins)
    return verify(claim, catalogue, retrain=retrain, conditions=conditions, remark=remark)


def verify(
    claim: Claim,
    catalogue: Catalogue,
    *,
    retrain: bool = False,
    conditions: Conditions = DEFAULTS,
    remark: Callable[[str], None] = print,
) -> Verdict:
    """Check a claim, from the run's generator if there is one.

    Args:
        claim: the run.
        catalogue: where its names are looked up.
        retrain: train it again even if there is a generator.
        conditions: how it is trained again.
        remark: takes lines of talk.

    Raises:
        PluginNotUsable: the code that is installed is not the code that was run.
        InvalidResults: it ran under another protocol, or its generator is not the one it left.
        UsageError: it ran on a GPU and there is none.
    """
    if claim.protocol != PROTOCOL_VERSION:
        raise InvalidResults(
            f"{claim.run_id} ran under protocol {claim.protocol}, this ganbench has "
            f"{PROTOCOL_VERSION}: its numbers cannot come out again",
            "verify it with the ganbench that ran it",
        )
    require_same_code(claim.spec, catalogue)
    if claim.weights is not None and claim.scores and not retrain:
        try:
            status, scores = _evaluate(claim, claim.weights, catalogue)
            return _judge(claim, RECOMPUTED, status, scores)
        except _DiscriminatorNeeded:
            remark("a score looks at the discriminator, which is not kept: training again")
    elif not retrain:
        remark(f"{claim.run_id} has left no generator: training again")
    record = _train(claim, catalogue, conditions)
    points = record["points"]
    return _judge(claim, RETRAINED, record["status"], points[-1]["scores"] if points else {})


def _evaluate(claim: Claim, weights: Path, catalogue: Catalogue) -> tuple[str, dict[str, float]]:
    """Status and scores of the last evaluation, as the run's own evaluator gives them."""
    device = torch.device("cuda" if claim.device == "cuda" and torch.cuda.is_available() else "cpu")
    spec, task = claim.spec, claim.spec.task
    with _threads(claim.threads):
        builder = Builder(spec, catalogue, device)
        data = builder.data()
        seed_everything(spec.seed)
        trainer = builder.trainer(data, builder.recipe(data.info))
        load_generator(trainer.evaluated, weights, claim.digest)
        trainer.networks = replace(trainer.networks, discriminator=_Absent())
        clock = BudgetClock(task.budget, device, task.evaluations)
        clock.steps = claim.steps
        evaluator = Evaluator(
            task,
            trainer,
            clock,
            builder.real_side(data),
            builder.scores(task.scores),
            builder.scores(task.final_scores),
            lambda point: None,
        )
        try:
            evaluator.evaluate(final=True)
        except Unstable as error:
            return error.status, {}
    # Whether a run diverged is judged by its whole curve, of which one point is here.
    status: str = evaluator.verdict()[0]
    if "diverged" in (status, claim.status):
        status = claim.status
    return status, evaluator.points[-1]["scores"]


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(claim: Claim, catalogue: Catalogue, conditions: Conditions) -> Record:
    """The record of the same spec, run in a process and a folder of its own."""
    if claim.device == "cuda" and not torch.cuda.is_available():
        raise UsageError(f"{claim.run_id} was trained on a GPU, and there is none here")
    resources = replace(conditions, jobs=1).resources(claim.device)
    with (
        tempfile.TemporaryDirectory(prefix="ganbench-verify-") as folder,
        open_executor(conditions.executor, resources, catalogue) as executor,
    ):
        supervisor = Supervisor(
            RunStore(folder), executor, conditions, device=claim.device, threads=claim.threads
        )
        ((_, record),) = supervisor.records([claim.spec])
        return record


def _judge(claim: Claim, method: str, status: str, found: dict[str, float]) -> Verdict:
    keys = sorted({*claim.scores, *found})
    level = 1 - (1 - LEVEL) / max(1, len(keys))  # so that all of them lie within, 95 times of 100
    comparisons = tuple(
        _compared(claim, key, claim.scores.get(key), found.get(key), method == RETRAINED, level)
        for key in keys
    )
    return Verdict(
        run_id=claim.run_id,
        method=method,
        status=status,
        claimed_status=claim.status,
        comparisons=comparisons,
    )


def _compared(
    claim: Claim,
    key: str,
    claimed: float | None,
    found: float | None,
    by_chance: bool,
    level: float,
) -> Comparison:
    one = Comparison(
        key=key,
        label=claim.labels.get(key, key),
        claimed=claimed,
        found=found,
        verdict="differs",
    )
    if claimed is None or found is None:
        return one
    if claimed == found:
        return replace(one, verdict="same")
    if math.isclose(claimed, found, rel_tol=TOLERANCE, abs_tol=1e-12):
        return replace(one, verdict="equal")
    others = [scores[key] for scores in claim.others if key in scores]
    if not by_chance or len(others) < 2:
        return one
    # Both must be what another seed could give: else any claim would pass with an honest rerun.
    seeds = prediction_interval(others, level)
    within = all(seeds.low <= value <= seeds.high for value in (claimed, found))
    return replace(
        one,
        low=seeds.low,
        high=seeds.high,
        verdict="within seeds" if within else "differs",
    )
