"""What a variant costs beside its steps: its start, an evaluation, memory; each told by a process
that does nothing else."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from ganbench.planning.budget import Budget
from ganbench.running.contestant import contestant_of
from ganbench.running.evaluator import Evaluator
from ganbench.running.jury import jury_of
from ganbench.speed.subject import Subject
from ganbench.speed.trained import Trained
from ganbench.speed.ways import ways_of
from ganbench.training.clock import BudgetClock
from ganbench.training.feed import class_shares
from ganbench.training.loop import Eager

STEPS = 4
"""That are taken for memory to reach where it stays: optimisers make their state in the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Of one run.

    Args:
        start_seconds: from asking for a process to the end of the first step.
        evaluation_seconds: of one evaluation at a mark of the budget.
    """

    start_seconds: float
    evaluation_seconds: float


def costs(subject: Subject, asked: float) -> Costs:
    """What a run costs before its first step is done, and at every mark.

    Args:
        subject: as a run would train it.
        asked: when the process was asked for, by `time.monotonic`.
    """
    trainer, task = subject.trainer(), subject.opened.task
    contestant = contestant_of(trainer, class_shares(subject.data, task.task.labels))
    jury = jury_of(task, contestant, subject.data, subject.catalogue, subject.device)
    with tempfile.TemporaryDirectory() as folder:
        Trained(Eager(trainer), Path(folder))  # takes the first step
    started = time.monotonic() - asked
    clock = BudgetClock(Budget("steps", 2), subject.device, marks=2)
    evaluator = Evaluator(
        task.task, contestant, clock, jury.side, jury.scores, jury.final_scores, jury.references
    )
    evaluator.evaluate()
    return Costs(start_seconds=started, evaluation_seconds=evaluator.seconds)


def peak_bytes(way: str, subject: Subject, asked: float) -> int:
    """Bytes that training one way takes at its peak, beside libraries and stored samples.

    Args:
        way: as `ways_of` names it.
        subject: as a run would train it.
        asked: when the process was asked for.
    """
    _ = subject.data
    above = _watch(subject.device)
    with tempfile.TemporaryDirectory() as folder:
        ways_of(subject, Path(folder))[way]().advance(STEPS)
    return above()


def _watch(device: torch.device) -> Callable[[], int]:
    """What tells by how many bytes memory has been above where it is now, at the most."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        return lambda: torch.cuda.max_memory_allocated(device) - before
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak is what it is now
    held = _peak()
    return lambda: _peak() - held


def _peak() -> int:
    """Bytes of this process at its peak, as Linux counts them."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) * 1024
