"""Whether a run's scores come out again: from the generator that it left, or trained once more.

How what comes out is judged is in `verdict.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ganbench.api.errors import GanbenchError, InvalidResults, UsageError
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.execution.conditions import DEFAULTS, Conditions
from ganbench.execution.executors.executor import choose_executor, open_executor
from ganbench.execution.pins import require_same_code
from ganbench.execution.supervisor import Supervisor
from ganbench.machine.devices import cpu_name
from ganbench.machine.threads import computing_on
from ganbench.results.record import COUNTED, Record
from ganbench.results.store import RunStore
from ganbench.running.evaluator import Evaluator, Unstable
from ganbench.running.kept import kept_contestant
from ganbench.running.opened import OpenedSpec
from ganbench.running.task import real_side, scores_there
from ganbench.scoring.evaluation import NotThereError
from ganbench.training.clock import BudgetClock
from ganbench.verification.claimed import ClaimedRun, read_claim
from ganbench.verification.verdict import Verdict, judge_recomputed, judge_retrained


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
    catalogue = open_catalogue(conditions.plugins, remark, need_files=True)
    return verify(claim, catalogue, retrain=retrain, conditions=conditions, remark=remark)


def verify(
    claim: ClaimedRun,
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
        GanbenchError: it could not be trained again here, by an accident.
    """
    if claim.protocol != PROTOCOL_VERSION:
        raise InvalidResults(
            f"{claim.run_id} ran under protocol {claim.protocol}, this ganbench has "
            f"{PROTOCOL_VERSION}: its numbers cannot be reproduced",
            "verify it with the ganbench that ran it",
        )
    require_same_code(claim.spec, catalogue)
    if claim.weights is not None and claim.scores and not retrain:
        try:
            status, scores, lost = _evaluate(claim, claim.weights, catalogue, remark)
            known = _without_lost(claim, scores, lost, remark)
            return judge_recomputed(known, status, scores, _name_of(_where(claim)))
        except NotThereError:
            remark("all scores need more than the generator, and only that is kept: training again")
    elif not retrain:
        remark(f"{claim.run_id} has left no generator: training again")
    record = _train(claim, catalogue, conditions)
    status = record["status"]
    if status not in COUNTED and status != claim.status:  # an accident of this machine
        why = record["failure"]["message"] if record["failure"] else status
        raise GanbenchError(
            f"{claim.run_id} could not be trained again here, it ended as {status}: {why}",
            "its claim is neither confirmed nor refuted"
            + ("" if status == "error" else "; --limit and --host-memory allow it more"),
        )
    scores = record["points"][-1]["scores"] if record["points"] else {}
    return judge_retrained(claim, status, scores, record["environment"])


def _evaluate(
    claim: ClaimedRun, weights: Path, catalogue: Catalogue, remark: Callable[[str], None]
) -> tuple[str, dict[str, float], list[str]]:
    """Status and scores of the last evaluation, as the run's own evaluator gives them; and which
    scores measure nothing, since they look at more than the generator.

    Raises:
        NotThereError: nothing is left to measure.
    """
    device = torch.device(_where(claim))
    opened, task = OpenedSpec(claim.spec, catalogue, remark), claim.spec.task
    chosen, lost = opened.task, list[str]()
    with computing_on(claim.spec.threads):
        contestant = kept_contestant(opened, device, weights, claim.digest)
        clock = BudgetClock(task.budget, device, task.evaluations)
        clock.steps = claim.steps
        evaluator = Evaluator(
            task,
            contestant,
            clock,
            real_side(chosen, opened.data, catalogue, device),
            scores_there(chosen.scores, catalogue, lost.append),
            scores_there(chosen.final_scores, catalogue, lost.append),
        )
        try:
            evaluator.evaluate(final=True)
        except Unstable as error:
            return error.status, {}, lost
    # Whether a run diverged is judged by its whole curve, of which one point is here.
    status: str = evaluator.verdict()[0]
    if "diverged" in (status, claim.status):
        status = claim.status
    scores = evaluator.points[-1]["scores"]
    if lost and not scores:
        raise NotThereError
    return status, scores, lost


def _where(claim: ClaimedRun) -> str:
    """The device on which the claim is evaluated: its own kind, if there is one here."""
    return "cuda" if claim.device == "cuda" and torch.cuda.is_available() else "cpu"


def _name_of(device: str) -> str:
    """As records have it; torch numbers GPUs by itself."""
    return torch.cuda.get_device_name() if device == "cuda" else cpu_name()


def _without_lost(
    claim: ClaimedRun,
    found: Mapping[str, float],
    lost: Sequence[str],
    remark: Callable[[str], None],
) -> ClaimedRun:
    """The claim without the numbers of lost scores, each of which is named."""
    missing = sorted(claim.scores.keys() - found.keys())
    if not lost or not missing:
        return claim
    labels = ", ".join(claim.labels.get(key, key) for key in missing)
    remark(
        f"not verified: {labels}; {', '.join(lost)} looks at more than the generator that is kept; "
        "--retrain verifies all"
    )
    return replace(claim, scores={key: one for key, one in claim.scores.items() if key in found})


def _train(claim: ClaimedRun, catalogue: Catalogue, conditions: Conditions) -> Record:
    """The record of the same spec, run in a process and a folder of its own."""
    place, _ = choose_executor(conditions.executor, catalogue)
    if claim.device == "cuda" and not place.remote and not torch.cuda.is_available():
        reason = f"{claim.run_id} was trained on a GPU, and there is none here"
        raise UsageError(reason, "train it where there is one: --executor")
    resources = replace(conditions, jobs=1).resources(claim.device, claim.spec.threads)
    with (
        tempfile.TemporaryDirectory(prefix="ganbench-verify-") as folder,
        open_executor(conditions.executor, resources, catalogue) as executor,
    ):
        supervisor = Supervisor(RunStore(folder), executor, conditions, device=claim.device)
        ((_, record),) = supervisor.records([claim.spec])
        return record
