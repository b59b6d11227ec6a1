"""Keeping a run's state while it trains, so that it can be stopped at any instant and go on.

A checkpoint holds everything that training changes: networks and their average, optimisers, loss,
every random generator, the order of the data, the budget clock, telemetry and evaluations. A run
that goes on from one ends with the same bits, on a CPU, as one that was never stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from ganbench.api.version import __version__
from ganbench.planning.budget import Budget
from ganbench.results.fields import SEVERAL
from ganbench.results.finals import FINAL_FOLDER, FinalNote, write_note
from ganbench.results.store import HISTORY_FILE
from ganbench.running.continuing import lengthened
from ganbench.running.evaluator import Evaluator
from ganbench.training.checkpoint import (
    UnstorableState,
    load_checkpoint,
    save_checkpoint,
    sound_checkpoints,
)
from ganbench.training.clock import BudgetClock
from ganbench.training.state import (
    random_state,
    restore_random_state,
    restore_trainer,
    trainer_state,
)
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

COST_SHARE = 0.01
"""Checkpoints take at most this share of the time, whatever pace is asked for."""


LEAST_SECONDS = 5.0
"""Since the start or the last checkpoint, to be worth another one before an evaluation."""


BYTES_PER_SECOND = 3e7
"""What a slow disk and a busy core write, read back and hash: as long as nothing is measured."""


MACHINE = ("device_name", "cpu", "cpu_kind")
"""What an environment says of a machine: a run may go on on another one."""


class Preempted(BaseException):
    """The run was asked to stop, and its state is kept. Not an `Exception`: plugins that catch
    everything must not catch this."""


class Keeper:
    """Writes checkpoints of one run at a pace, and when the run is asked to stop.

    Args:
        run_id: of the run: a checkpoint of another one is not used.
        folder: of the checkpoints.
        every: seconds between two of them.
        started: when the run did, by `time.monotonic`.
        trainer, clock, telemetry, evaluator: what changes while the run trains.
        environment: what this process runs on.
        timed: whether the budget is time, which is of one model of device only.
        remark: takes lines for the run's log.
    """

    def __init__(
        self,
        run_id: str,
        folder: Path,
        every: float,
        started: float,
        trainer: Trainer,
        clock: BudgetClock,
        telemetry: Telemetry,
        evaluator: Evaluator,
        environment: Mapping[str, Any],
        remark: Callable[[str], None],
        *,
        timed: bool,
    ) -> None:
        self._run_id = run_id
        self._folder = folder
        self._every = every
        self._trainer = trainer
        self._clock = clock
        self._telemetry = telemetry
        self._evaluator = evaluator
        self._machines = [{name: environment[name] for name in MACHINE}]
        self._timed = timed
        self._remark = remark
        self._stopping = False
        self._possible = True
        self._started = started
        self._saved = time.monotonic()
        self._rest = _expected_bytes(trainer) / BYTES_PER_SECOND / COST_SHARE
        self._wall_before = 0.0
        self.seconds = 0.0
        self.resumed = 0

    @property
    def wall_seconds(self) -> float:
        """Time since the start, and before the checkpoint that the run went on from."""
        return self._wall_before + time.monotonic() - self._started

    @property
    def machine(self) -> dict[str, str | None]:
        """What the run has run on, of several machines all: an environment's part."""
        found = {}
        for name in MACHINE:
            values = dict.fromkeys(one[name] for one in self._machines if one[name])
            found[name] = SEVERAL.join(values) or None
        return found

    def resume(self) -> bool:
        """Go on from the newest checkpoint that can be used, the one before the last if need be;
        False, and nothing changed, if there is none."""
        return any(
            state["run_id"] == self._run_id and self._restore(state)
            for state in sound_checkpoints(self._folder, self._remark)
        )

    def go_on_from(self, origin: Path, budget: Budget, marks: int) -> list[int] | None:
        """Go on from the end of a finished run that had a smaller budget.

        Args:
            origin: its folder, which holds its final checkpoint and its history.
            budget, marks: this run's.

        Returns:
            Which of its evaluations this run has, counted from 0; None, and nothing changed, if its
            checkpoint is not there or cannot be used.
        """
        state = load_checkpoint(origin / FINAL_FOLDER, self._remark)
        if state is None or state["run_id"] != origin.name:
            return None
        lengthier, kept = lengthened(state, budget, marks)
        self._telemetry.copy(origin / HISTORY_FILE)
        return kept if self._restore(lengthier) else None

    def keep_final(self, run: Path, spec: dict[str, Any], obstacles: list[str]) -> None:
        """Keep the state at the end of the training, before the last evaluation.

        Args:
            run: folder of the run; the checkpoint and its note have a folder in it.
            spec: of the run.
            obstacles: what keeps other runs from going on from it.
        """
        try:
            save_checkpoint(run / FINAL_FOLDER, self._state())
            write_note(run / FINAL_FOLDER, FinalNote(spec=spec, obstacles=obstacles))
        except (UnstorableState, OSError) as error:
            self._remark(f"the final checkpoint is not kept: {error}")

    def _restore(self, state: dict[str, Any]) -> bool:
        if (made_by := state.get("made_by")) != self._makers():
            self._remark(
                f"the checkpoint is not used: it is of {made_by}, this is {self._makers()}"
            )
            return False
        before = [one for one in state.get("machines", ()) if one not in self._machines]
        try:
            self._telemetry.restore(state["telemetry"])
        except ValueError as error:
            self._remark(f"the checkpoint is not used: {error}")
            return False
        restore_trainer(self._trainer, state["trainer"])
        self._clock.restore(state["clock"])
        self._evaluator.restore(state["evaluator"])
        restore_random_state(state["random"], self._trainer.device)
        self._wall_before, self.resumed = state["wall_seconds"], state["resumed"] + 1
        self._machines = [*before, *self._machines]
        self.seconds = state["seconds"]
        return True

    def stop_soon(self) -> None:
        """Ask for a checkpoint and the end of the process at the next step."""
        self._stopping = True

    def due(self) -> bool:
        """Whether it is time for a checkpoint, or to stop."""
        return self._stopping or self._age() >= max(self._every, self._rest)

    def keep(self, *, before_evaluation: bool) -> None:
        """Write a checkpoint if it is time; to be called between two steps, the clock stopped.

        Before an evaluation, which may take long, one is written whatever the pace, if the last is
        not too recent.

        Raises:
            Preempted: the run was asked to stop.
        """
        worthwhile = before_evaluation and self._age() >= max(LEAST_SECONDS, self._rest)
        if worthwhile or self.due():
            self.save()
        if self._stopping:
            raise Preempted

    def save(self) -> None:
        """Write a checkpoint now, if this run can have one; what keeps it from it is reported."""
        if not self._possible:
            return
        started = time.monotonic()
        try:
            save_checkpoint(self._folder, self._state())
        except UnstorableState as error:
            self._possible = False
            self._remark(f"no checkpoints: this run would start over if stopped: {error}")
        except OSError as error:
            self._remark(f"a checkpoint could not be written, training goes on: {error}")
        took = time.monotonic() - started
        self.seconds += took
        self._saved, self._rest = time.monotonic(), took / COST_SHARE

    def _age(self) -> float:
        return time.monotonic() - self._saved

    def _makers(self) -> str:
        """What a run must go on with, or its record would tell of one half only."""
        device = self._trainer.device.type
        if self._timed:  # what it gets done in its time goes by the model
            device = self._machines[-1]["device_name"] or device
        return f"ganbench {__version__} with torch {torch.__version__} on {device}"

    def _state(self) -> dict[str, Any]:
        return {
            "run_id": self._run_id,
            "made_by": self._makers(),
            "machines": self._machines,
            "trainer": trainer_state(self._trainer),
            "clock": self._clock.state(),
            "telemetry": self._telemetry.state(),
            "evaluator": self._evaluator.state(),
            "random": random_state(self._trainer.device),
            "wall_seconds": self.wall_seconds,
            "seconds": self.seconds,
            "resumed": self.resumed,
        }


def _expected_bytes(trainer: Trainer) -> int:
    """Of a checkpoint: every trained number and its two moments."""
    sides = trainer.trained.values()
    return 3 * sum(one.numel() * one.element_size() for side in sides for one in side)
