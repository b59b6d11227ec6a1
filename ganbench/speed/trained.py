"""An engine that trains one run, as something that can be timed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.engine import Engine
from ganbench.training.loop import train
from ganbench.training.telemetry import Telemetry

ENDLESS: Final = Budget("steps", 1e12)

MIDDLE: Final = 2048
"""Generator steps after which training is timed: telemetry writes a row at each of the first ones,
and losses may begin with many critic steps."""


class _TurnOver(Exception):
    """It is another contender's turn."""


class Trained:
    """Trains as a run does, with clock, telemetry and recounts; without evaluations, checkpoints.

    It takes the first step of a run, and then steps from its middle. A turn ends where a run would
    keep its state, and the next one goes on there.

    Args:
        engine: takes the steps.
        folder: telemetry goes there.
    """

    seeds = 1

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._clock = BudgetClock(ENDLESS, engine.trainer.device, marks=1)
        self._engine = engine
        self._telemetry = Telemetry(folder / "history.jsonl")
        self._until = 1
        self._train()
        self._clock.restore({**self._clock.state(), "steps": MIDDLE})
        self._before = self._clock.flops

    def advance(self, steps: int) -> None:
        """Take so many generator steps."""
        self._until = self._clock.steps + steps
        self._train()

    def due(self) -> bool:
        """Whether the turn is over, as the loop asks a `StateKeeper`."""
        return self._clock.steps >= self._until

    def keep(self, *, before_evaluation: bool) -> None:
        """End the turn."""
        raise _TurnOver

    @property
    def flops_per_step(self) -> float:
        """Counted FLOPs of a generator step with what belongs to it, on average."""
        return (self._clock.flops - self._before) / (self._clock.steps - MIDDLE)

    def _train(self) -> None:
        with suppress(_TurnOver):
            train(self._engine, self._clock, self._telemetry, lambda: None, self)
