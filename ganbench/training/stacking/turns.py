"""Trainings that take turns in one process, and their steps together.

Each has a thread and a loop of its own, with its own clock, evaluations, checkpoints and end; one
of them is at work at a time. When all wait for their next step, it is taken for all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import torch

from ganbench.training.loop import Eager
from ganbench.training.stacking.stack import Asked, Stack, Taken
from ganbench.training.stacking.streams import Streams
from ganbench.training.trainer import Trainer


class Turns:
    """Whose turn it is.

    Args:
        count: of the trainings.
        device: on which all of them train.
        settled: called with the place of the training for which the process is set up next.
    """

    def __init__(
        self, count: int, device: torch.device, settled: Callable[[int], None] = lambda place: None
    ) -> None:
        self.stack: Stack | None = None
        self._streams = Streams(count, device)
        self._trainers: dict[int, Trainer] = {}
        self._live = list(range(count))
        self._gates = [threading.Semaphore(0) for _ in range(count)]
        self._asked: dict[int, Asked] = {}
        self._taken: dict[int, Taken] = {}
        self._spent = [0.0] * count
        self._since = 0.0
        self._holder: int | None = None
        self._settled_for: int | None = None
        self._tell_settled = settled
        self._device = device

    def begin(self) -> None:
        """Give the first one its turn."""
        self._hand_to(0)

    def enter(self, place: int) -> None:
        """Wait for one's first turn."""
        self._gates[place].acquire()

    def leave(self, place: int) -> None:
        """Be done: the others go on without."""
        self._live.remove(place)
        self._asked.pop(place, None)
        self._pass_on()

    def now(self, place: int) -> float:
        """Seconds that this process has spent on a training: those of its turns, and its share of
        the steps that were taken together."""
        running = time.perf_counter() - self._since if self._holder == place else 0.0
        return self._spent[place] + running

    def settle(self, place: int) -> None:
        """As of `Engine.settle`, for whose turn it is."""
        self._streams.settle(place)
        if self._settled_for != place:
            self._settled_for = place
            with suppress(OSError, ValueError):  # a log that cannot be opened costs no run
                self._tell_settled(place)

    def join(self, place: int, trainer: Trainer) -> None:
        """Take part, from one's first step on."""
        self._trainers[place] = trainer

    def step(self, place: int, ask: Asked) -> Taken:
        """Take a step when all the others want one."""
        self._asked[place] = ask
        self._pass_on()
        self._gates[place].acquire()
        return self._taken.pop(place)

    def _pass_on(self) -> None:
        """Let the next one work; if all wait, take the step that they wait for first."""
        if self._live and all(place in self._asked for place in self._live):
            self._take()
        self._hand_to(next((place for place in self._live if place not in self._asked), None))

    def _take(self) -> None:
        """Those that are behind go first: they were interrupted earlier than the others."""
        number = min(self._asked[place].number for place in self._live)
        asked = {p: self._asked[p] for p in self._live if self._asked[p].number == number}
        self._hand_to(None)
        began = time.perf_counter()
        try:
            if self.stack is None:
                self.stack = Stack(self._trainers, self._streams)
            self._taken |= self.stack.take(asked)
        except BaseException as error:  # nobody may be left waiting
            self._taken |= dict.fromkeys(asked, Taken(error=error))
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        share = (time.perf_counter() - began) / len(asked)
        for place in asked:
            self._spent[place] += share
            del self._asked[place]

    def _hand_to(self, place: int | None) -> None:
        now = time.perf_counter()
        if self._holder is not None:
            self._spent[self._holder] += now - self._since
        self._holder, self._since = place, now
        if place is not None:
            self._gates[place].release()


class Member:
    """One training of several: implements `ganbench.training.engine.Engine`.

    Args:
        trainer: what is trained.
        turns: those that it takes part in.
        place: which one it is.
    """

    name = "stacked"

    def __init__(self, trainer: Trainer, turns: Turns, place: int) -> None:
        self.trainer = trainer
        self._turns = turns
        self._place = place
        self._eager = Eager(trainer)
        turns.join(place, trainer)

    def step(self, number: int, progress: float, *, count: bool = False) -> tuple[int, float]:
        """Take a generator step together with the others' ones.

        Raises:
            Exception: as the step raises it.
        """
        taken = self._turns.step(self._place, Asked(number, progress, count))
        if taken.error is not None:
            self.settle()
            raise taken.error
        return taken.drawn, taken.flops

    def cost(self, number: int) -> tuple[int, float]:
        """Real samples and FLOPs of that generator step with what belongs to it."""
        return self._eager.cost(number)

    def settle(self) -> None:
        """Have the process's random numbers and log be this training's."""
        self._turns.settle(self._place)
