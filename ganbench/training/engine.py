"""How steps are carried out; never what is computed."""

from __future__ import annotations

from typing import Protocol

from ganbench.training.trainer import Trainer


class Engine(Protocol):
    """Carries out generator steps with their critic steps.

    `eager` (`training.loop`) does so one operation after the other, `stacked` (`training.stacking`)
    for several seeds as one program. Others may replay captured graphs. Where the bits differ from
    the eager ones, the engine is part of a run's identity.
    """

    trainer: Trainer
    """What is trained."""

    def step(self, number: int, progress: float, *, count: bool = False) -> tuple[int, float]:
        """Take generator step `number` with what belongs to it.

        Args:
            number: generator steps before it.
            progress: fraction of the budget that is spent.
            count: count its floating-point operations, known or not.

        Returns:
            Real samples that the discriminator has seen, and the FLOPs to charge: those of this
            step, and what earlier ones turn out to have cost beside what they were charged.
        """

    def cost(self, number: int) -> tuple[int, float]:
        """Real samples and FLOPs that it takes at most, with what belongs to it, as far as is
        known."""

    def settle(self) -> None:
        """Have all that a process has but once (random numbers, the log) be this training's: before
        its state is kept, and before anything but a step looks at it."""
