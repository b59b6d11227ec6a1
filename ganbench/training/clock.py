"""The budget clock: what a run has spent on training, and when it must stop or be evaluated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ganbench.api.errors import PluginNotUsable
from ganbench.planning.budget import Budget

FREE_STEPS = 1000
"""In a row: a budget of which they spend nothing would never be spent."""

_NOTHING = {
    "flops": "they have no products, convolutions or attention, whose FLOPs are counted",
    "images": "the discriminator has seen no real sample in them",
}

_SPENT = ("steps", "images", "flops", "_on_clock", "_timed", "_aside", "_passed")


class BudgetClock:
    """Counts generator steps, images, FLOPs and device seconds; evaluation is not on it.

    Counted budgets (FLOPs, images, steps) are never overshot by what is known: a step is taken only
    if it fits.
    A time budget is overshot by less than a step: the device is synchronised rarely while the end
    is far, and at every step when it is near.

    The first step is not timed: it pays for warming up and for counting FLOPs. Nor are steps that
    are taken aside, to be looked at; each is taken to last as long as a timed one did.

    Args:
        budget: what may be spent.
        device: whose seconds count.
        marks: number of evaluations, at equal fractions of the budget.
        now: seconds of this training, from any beginning; None: those of the machine.
    """

    def __init__(
        self,
        budget: Budget,
        device: torch.device,
        marks: int,
        now: Callable[[], float] | None = None,
    ) -> None:
        self.steps = 0
        self.images = 0
        self.flops = 0.0
        self._on_clock = 0.0
        self._timed = 0
        """Steps whose time is in `_on_clock`."""
        self._aside = 0
        self._budget = budget
        self._marks = marks
        self._passed = 0
        self._synchronize = device.type == "cuda"
        self._device = device
        self._clock = now
        self._started: float | None = None
        self._next_look = 0
        self._free = 0
        """Steps in a row that have spent nothing of the budget."""

    @property
    def seconds(self) -> float:
        """Device time of all steps but the first, as far as it has been looked at."""
        share = self._aside / self._timed if self._timed else 0.0
        return self._on_clock * (1 + share)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Stand while a step is taken that is slower than others, since it is looked at."""
        self.stop()
        yield
        self._aside += 1
        self.start()

    def start(self) -> None:
        """Let device time run, from here on."""
        self._started = self._now()
        self._next_look = self.steps + 1

    def stop(self) -> None:
        """Add the device time since `start`, and let it stand."""
        if self._started is not None:
            self._add(self._now())
            self._started = None

    def count_step(self, images: int, flops: float) -> None:
        """Count one generator step with its critic steps.

        Args:
            images: real samples that the discriminator saw.
            flops: floating-point operations of all of it.

        Raises:
            PluginNotUsable: such a training would never end.
        """
        cost = {"images": images, "flops": flops}.get(self._budget.kind, 1)
        self._free = 0 if cost else self._free + 1
        if self._free == FREE_STEPS:
            raise PluginNotUsable(
                f"{FREE_STEPS:,} steps in a row have spent nothing of the budget: "
                + _NOTHING[self._budget.kind],
                "give it a budget in steps or in seconds",
            )
        self.steps += 1
        self.images += images
        self.flops += flops

    def state(self) -> dict[str, Any]:
        """What has been spent, and which marks are passed. The clock must be stopped."""
        return {name: getattr(self, name) for name in _SPENT}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        for name in _SPENT:
            setattr(self, name, state[name])

    def fraction(self) -> float:
        """The share of the budget that is spent, as far as is known without synchronising."""
        kind = self._budget.kind
        spent = self.seconds if kind == "seconds" else float(getattr(self, kind))
        return min(1.0, spent / self._budget.amount)

    def allows(self, images: int, flops: float) -> bool:
        """Whether a step of that cost still fits. The first step always fits.

        Args:
            images, flops: as in `count_step`.
        """
        if self.steps == 0:
            return True
        amount = self._budget.amount
        if self._budget.kind == "seconds":
            self._look()
            return self.seconds < amount
        after = {
            "steps": self.steps + 1,
            "images": self.images + images,
            "flops": self.flops + flops,
        }
        return after[self._budget.kind] <= amount

    @property
    def passed(self) -> int:
        """Marks that are evaluated."""
        return self._passed

    def mark_due(self) -> bool:
        """Whether an evaluation before the final one is due."""
        if self._budget.kind == "seconds":
            self._look()
        return self._due() < 1 and self._due() <= self.fraction()

    def pass_marks(self) -> None:
        """Count the marks up to here as evaluated."""
        while self._due() < 1 and self._due() <= self.fraction():
            self._passed += 1

    def _due(self) -> float:
        """The fraction of the budget at which the next evaluation is due; 1 is the final one."""
        return (self._passed + 1) / self._marks

    def _look(self) -> None:
        """Bring `seconds` up to date, if the next mark may have been reached since the last look.

        Half of the steps that would lead to the mark at the present pace pass unlooked at: the
        number of synchronisations grows with the logarithm of the steps between two marks.
        """
        if self._started is None or self.steps < self._next_look:
            return
        now = self._now()
        self._add(now)
        self._started = now
        left = self._due() * self._budget.amount - self.seconds
        pace = self.seconds / max(self.steps - 1, 1)
        self._next_look = self.steps + max(1, int(left / pace / 2) if pace > 0 else 1)

    def _add(self, now: float) -> None:
        """Add the time since the clock was started or looked at, of the steps taken since then."""
        assert self._started is not None
        self._on_clock += now - self._started
        self._timed = max(0, self.steps - 1 - self._aside)

    def _now(self) -> float:
        if self._synchronize:
            torch.cuda.synchronize(self._device)
        return time.perf_counter() if self._clock is None else self._clock()
