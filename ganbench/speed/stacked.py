"""Seeds that are trained together, as something that can be timed."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from ganbench.speed.subject import Subject
from ganbench.speed.trained import ENDLESS, MIDDLE
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import train
from ganbench.training.stacking.stack import why_not
from ganbench.training.stacking.turns import Member, Turns
from ganbench.training.telemetry import Telemetry

SEEDS: Final = 5
"""As many as a rank takes."""


def stacks(subject: Subject) -> bool:
    """Whether a subject's seeds can be trained together."""
    trainer = subject.trainer()
    plain = subject.spec.precision == "float32"
    return plain and why_not(trainer.networks, trainer.objective) is None


class Stacked:
    """Trains seeds together as runs do: a loop, a clock and telemetry for each, in threads.

    Like `Trained` it takes the first step of runs, and then steps from their middle. A turn ends
    where the first seed would keep its state: as long as that does not go on, nobody does.

    Args:
        subject: what is trained.
        folder: telemetry goes there.
    """

    seeds = SEEDS

    def __init__(self, subject: Subject, folder: Path) -> None:
        self._subject = subject
        self._folder = folder
        self._turns = Turns(SEEDS, subject.device)
        self._clocks = [
            BudgetClock(ENDLESS, subject.device, marks=1, now=lambda: 0.0) for _ in range(SEEDS)
        ]
        self._until = 1
        self._is_over = threading.Semaphore(0)
        self._is_ours = threading.Semaphore(0)
        for place in range(SEEDS):
            threading.Thread(target=self._train, args=(place,), daemon=True).start()
        self._turns.begin()
        self._is_over.acquire()
        for clock in self._clocks:
            clock.restore({**clock.state(), "steps": MIDDLE})
        self._until = MIDDLE
        self._before = self._clocks[0].flops

    def advance(self, steps: int) -> None:
        """Take so many generator steps of each seed."""
        self._until += steps
        self._is_ours.release()
        self._is_over.acquire()

    @property
    def flops_per_step(self) -> float:
        """Counted FLOPs of a generator step with what belongs to it, on average."""
        clock = self._clocks[0]
        return (clock.flops - self._before) / (clock.steps - MIDDLE)

    def due(self) -> bool:
        """Whether the turn is over, as the loop asks the first seed's `StateKeeper`."""
        return self._clocks[0].steps >= self._until

    def keep(self, *, before_evaluation: bool) -> None:
        """Wait for the next turn."""
        self._is_over.release()
        self._is_ours.acquire()

    def _train(self, place: int) -> None:
        self._turns.enter(place)
        member = Member(self._subject.trainer(place), self._turns, place)
        telemetry = Telemetry(self._folder / f"history-{place}.jsonl")
        keeper = self if place == 0 else None
        train(member, self._clocks[place], telemetry, lambda: None, keeper, place)
