"""Several runs in one process, whose steps are taken together: seeds of one variant on one task."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ganbench.machine.threads import computing_on
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.running.company import Company
from ganbench.running.run import Run
from ganbench.training.stacking.turns import Member, Turns
from ganbench.training.trainer import Trainer

MakeRun = Callable[[RunSpec, Company], Run]


class Together:
    """Runs that are done in one process.

    Args:
        specs: that differ in their seed alone.
        make: makes the run of a spec.
        device: where all of them train.
        settled: called with the number of the run that is at work next.
        ended: takes a run and its record, as they come.
    """

    def __init__(
        self,
        specs: Sequence[RunSpec],
        make: MakeRun,
        device: torch.device,
        settled: Callable[[int], None],
        ended: Callable[[Run, Record], None],
    ) -> None:
        self._turns = Turns(len(specs), device, settled)
        self._threads = specs[0].threads
        self._ended = ended
        self._errors: list[BaseException] = []
        self.runs = [make(spec, self._company(place)) for place, spec in enumerate(specs)]

    def execute(self) -> None:
        """Do all of them, to their records or until they are asked to stop.

        Raises:
            Preempted: some were asked to stop, and have kept their state.
            StackBroken: they cannot go on together.
            BaseException: what is no run's fault, as one of them raises it.
        """
        workers = [
            threading.Thread(target=self._work, args=(place,)) for place in range(len(self.runs))
        ]
        with computing_on(self._threads):
            for worker in workers:
                worker.start()
            self._turns.begin()
            for worker in workers:
                worker.join()
        if self._errors:
            raise self._errors[0]

    def stop_soon(self) -> None:
        """Have all of them keep their state and leave; may be called at any instant."""
        for run in self.runs:
            run.stop_soon()

    def _company(self, place: int) -> Company:
        def engine(trainer: Trainer) -> Member:
            return Member(trainer, self._turns, place)

        now = functools.partial(self._turns.now, place)
        return Company(engine=engine, now=now, told=functools.partial(self._told, place))

    def _told(self, place: int) -> dict[str, Any]:
        stack = self._turns.stack
        fallen = stack.fallen.get(place) if stack is not None else None
        return {"engine": "stacked" if fallen is None else f"eager: {fallen}"}

    def _work(self, place: int) -> None:
        self._turns.enter(place)
        try:
            self._turns.settle(place)
            torch.set_num_threads(self._threads)  # each thread has a number of its own
            record = self.runs[place].perform()
            self._ended(self.runs[place], record)
        except BaseException as error:
            self._errors.append(error)
        finally:
            with contextlib.suppress(BaseException):
                self._turns.leave(place)
