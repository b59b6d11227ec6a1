"""One run: build, train, evaluate, and say how it ended."""

from __future__ import annotations

import contextlib
import math
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import OutOfMemoryError  # bound here: a plugin may replace torch's attributes

from ganbench.api.data import Data
from ganbench.api.errors import GanbenchError, PluginNotUsable, one_line
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.provenance import provenance
from ganbench.machine.environment import describe_environment, limit_memory, peak_memory
from ganbench.machine.threads import computing_on
from ganbench.planning.chosen import ChosenTask
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Failure, Kept, Record, Status
from ganbench.results.recording import make_failure, make_record
from ganbench.results.store import (
    CHECKPOINT_FOLDER,
    GENERATOR_FILE,
    HISTORY_FILE,
)
from ganbench.running.company import ALONE, Company
from ganbench.running.contestant import contestant_of
from ganbench.running.continuing import obstacles
from ganbench.running.doubts import doubts_of
from ganbench.running.drawings import draw_scores
from ganbench.running.evaluator import Evaluator, Unstable, used
from ganbench.running.filmstrip import Filmstrip
from ganbench.running.generator import keep_generator
from ganbench.running.jury import jury_of
from ganbench.running.keeper import Keeper, Preempted
from ganbench.running.log import remark
from ganbench.running.observed import Observed
from ganbench.running.opened import OpenedSpec
from ganbench.running.players import Players
from ganbench.running.sheet import write_sheet
from ganbench.running.shown import by_class
from ganbench.running.task import trained_on
from ganbench.training.clock import BudgetClock
from ganbench.training.costs import Costs
from ganbench.training.feed import class_shares
from ganbench.training.in_place import in_place_told
from ganbench.training.loop import train
from ganbench.training.precision import products
from ganbench.training.seeds import seed_everything
from ganbench.training.stacking.stack import StackBroken
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

OUT_OF_MEMORY = ("t allocate memory", "out of memory", "ALLOC_FAILED")
"""What other errors say of it: of the system, of CUDA outside of torch's allocator, of cuBLAS."""


class Run:
    """One run in this process.

    Args:
        spec: what to run.
        folder: where its files go.
        catalogue: where its names are looked up.
        device: where it runs.
        commit: of ganbench's source, for the record.
        checkpoint_seconds: between two checkpoints; infinite: only before evaluations.
        keep_final: whether the state at the end is kept, for runs of a larger budget.
        origin: folder of the finished run to go on from, if any.
        company: makes what takes its steps, and tells its time, where it shares its process.
    """

    def __init__(
        self,
        spec: RunSpec,
        folder: Path,
        catalogue: Catalogue,
        device: torch.device,
        commit: str | None = None,
        checkpoint_seconds: float = math.inf,
        *,
        keep_final: bool = False,
        origin: Path | None = None,
        company: Company = ALONE,
    ) -> None:
        self.spec = spec
        self.clock = BudgetClock(spec.task.budget, device, spec.task.evaluations, company.now)
        self._company = company
        self.evaluator: Evaluator | None = None
        self._folder = folder
        self._catalogue = catalogue
        self._device = device
        self._commit = commit
        self._checkpoint_seconds = checkpoint_seconds
        self._keep_final = keep_final
        self._origin = origin
        self._keeper: Keeper | None = None
        self._filmstrip = Filmstrip(folder, remark)
        self._training = False
        self._stopping = False
        self._observed = Observed(spec, folder, device, catalogue.observers())
        self._status: Status = "ok"
        self._failure: Failure | None = None
        self._parameters: dict[str, int] = {}
        self._kept: Kept = {}
        self._costs: Costs | None = None
        self._environment: dict[str, Any] = {}
        self._setup_seconds = 0.0
        self._started = datetime.now(UTC)
        self._wall = time.monotonic()
        self._now = company.now or time.monotonic
        self._began = self._now()

    def execute(self) -> Record:
        """Train and evaluate; whatever happens, return a record."""
        with computing_on(self.spec.threads):
            return self.perform()

    def perform(self) -> Record:
        """The same, in a process that computes on the threads that the spec says already."""
        self._try()
        self._environment |= self._company.told()
        if self._keeper is not None:
            self._environment |= self._keeper.machine
        record = self._record()
        self._observed.ended(record)
        return record

    def _try(self) -> None:
        try:
            self._train()
        except Unstable as error:
            self._fail(error.status, error)
        except (MemoryError, OutOfMemoryError) as error:
            self._fail("oom", error)
        except (Preempted, StackBroken):
            raise
        except SystemExit as error:
            self._fail(
                "error", RuntimeError(f"the code under test called sys.exit({error.code!r})")
            )
        except BaseException as error:  # a plugin may raise anything, KeyboardInterrupt included
            self._fail("oom" if any(one in str(error) for one in OUT_OF_MEMORY) else "error", error)

    def _train(self) -> None:
        self._environment = describe_environment(self._device, self._commit)
        if self._stopping:
            raise Preempted
        if self.spec.memory_bytes is not None:
            limit_memory(self._device, self.spec.memory_bytes)
        self._observed.started()
        opened = OpenedSpec(self.spec, self._catalogue)
        task, data = opened.task, opened.data
        self._kept["trained"] = trained_on(data)
        for line in doubts_of(data):
            remark(line)
        players = opened.players(self._device, self.spec.precision)
        trainer, evaluator = self._set_up(players, task, data)
        keeper, telemetry = self._keep(trainer, evaluator)
        self._setup_seconds = self._now() - self._began
        if self._stopping:  # nothing has changed since the last checkpoint
            raise Preempted
        self._costs = trainer.costs
        self._training = True
        engine = self._company.engine(trainer)
        with players.whose(), in_place_told(trainer), products(self.spec.precision):
            train(engine, self.clock, telemetry, self._evaluate, keeper, self.spec.seed)
        keeper.keep(before_evaluation=True)
        self._training = False
        if self._keep_final:
            reasons = obstacles(trainer, evaluator, self.spec.task.budget)
            keeper.keep_final(self._folder, self.spec.to_json(), reasons)
        self._evaluate(final=True)
        self._status, reason = evaluator.verdict()
        if reason:
            self._failure = make_failure(reason, step=self.clock.steps)
        digest = keep_generator(trainer.evaluated, self._folder / GENERATOR_FILE, print)
        self._kept["coupled"] = evaluator.coupled
        if digest:
            self._kept["generator_sha256"] = digest
        info = evaluator.data.info
        fakes = by_class(evaluator.fakes, evaluator.fake_labels)
        write_sheet(fakes, evaluator.real, self._title(), info, self._folder)
        chosen = (*task.scores, *task.final_scores)
        draw_scores(chosen, self._catalogue, evaluator.snapshot(), self._folder, remark)

    def _evaluate(self, *, final: bool = False) -> None:
        """Evaluate at a mark or at the end.

        An evaluation that is stopped or fails is done again when the run goes on, or is tried
        again: what was trained until then is kept.
        """
        assert self.evaluator is not None
        assert self._keeper is not None
        self._require_own_threads()
        try:
            self.evaluator.evaluate(final=final)
        except Unstable:
            raise
        except BaseException:
            with contextlib.suppress(Exception):  # the record is to tell of the first failure
                self._keeper.save()
            raise
        self._draw(self.evaluator)
        self._observed.evaluated(self.evaluator)

    def _require_own_threads(self) -> None:
        """Raise PluginNotUsable if what takes part computes on other threads than the spec says."""
        if (found := torch.get_num_threads()) != self.spec.threads:
            raise PluginNotUsable(
                f"what takes part has set torch's number of threads to {found}, "
                f"and the run's spec says {self.spec.threads}",
                "leave torch.set_num_threads alone, and run with --threads",
            )

    def _draw(self, evaluator: Evaluator) -> None:
        index, info = len(evaluator.points) - 1, evaluator.data.info
        fakes = by_class(evaluator.fakes, evaluator.fake_labels)
        self._filmstrip.add(index, fakes, evaluator.real, info)

    def stop(self) -> None:
        """Keep the state and leave; may be called at any instant, as by a signal.

        Raises:
            Preempted: at once where nothing is lost by it; else when the step under way is done.
        """
        in_step = self._training and self.evaluator is not None and not self.evaluator.measuring
        if in_step and self._keeper is not None:
            self._keeper.stop_soon()
        else:
            raise Preempted

    def stop_soon(self) -> None:
        """Keep the state and leave at the next step; may be called at any instant."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.stop_soon()

    def _keep(self, trainer: Trainer, evaluator: Evaluator) -> tuple[Keeper, Telemetry]:
        """What looks after the run's state, gone on from a checkpoint if there is one."""
        telemetry = Telemetry(self._folder / HISTORY_FILE, self._observed.trained)
        self._keeper = Keeper(
            self.spec.run_id,
            self._folder / CHECKPOINT_FOLDER,
            self._checkpoint_seconds,
            self._wall,
            trainer,
            self.clock,
            telemetry,
            evaluator,
            self._environment,
            remark,
            timed=self.spec.task.budget.kind == "seconds",
        )
        if not (self._keeper.resume() or self._go_on(self._keeper)):
            telemetry.clear()
        self._filmstrip.rewind(len(evaluator.points))
        return self._keeper, telemetry

    def _go_on(self, keeper: Keeper) -> bool:
        """Whether this run has gone on where another one ended."""
        if self._origin is None:
            return False
        task = self.spec.task
        kept = keeper.go_on_from(self._origin, task.budget, task.evaluations)
        if kept is None:
            remark(f"does not go on from {self._origin.name}: its final checkpoint cannot be used")
            return False
        self._filmstrip.take(self._origin, kept)
        remark(f"goes on from {self._origin.name} at step {self.clock.steps}")
        return True

    def _set_up(self, players: Players, task: ChosenTask, data: Data) -> tuple[Trainer, Evaluator]:
        # Seeded after loading: what a data set or a score does with global random numbers must not
        # reach the networks.
        seed_everything(self.spec.seed)
        trainer = players.trainer(data, self.spec.seed, task.task.labels)
        self._parameters = {
            side: sum(parameter.numel() for parameter in parameters)
            for side, parameters in trainer.trained.items()
        }
        contestant = contestant_of(trainer, class_shares(data, task.task.labels))
        jury = jury_of(task, contestant, data, self._catalogue, self._device)
        self.evaluator = Evaluator(
            task.task,
            contestant,
            self.clock,
            jury.side,
            jury.scores,
            jury.final_scores,
            references=jury.references,
            keep_generators=self._keep_final,
        )
        return trainer, self.evaluator

    def _title(self) -> str:
        return f"{self.spec.variant} on {self.spec.task.name}, seed {self.spec.seed}"

    def _fail(self, status: Status, error: BaseException) -> None:
        self._status = status
        foreseen = isinstance(error, Unstable | GanbenchError)
        message = one_line(error) if foreseen else told(error, self._catalogue.plugins)
        bare = foreseen and error.__cause__ is None
        trace = "" if bare else "".join(traceback.format_exception(error))
        self._failure = make_failure(message, traceback=trace, step=self.clock.steps)

    def _record(self) -> Record:
        steps, evaluator, pins = self.clock.steps, self.evaluator, self.spec.pins
        clocks = {
            "training": self.clock.seconds,
            "evaluation": evaluator.seconds if evaluator else 0.0,
            "setup": self._setup_seconds,
            "wall": time.monotonic() - self._wall,
            "checkpoints": 0.0,
        }
        if self._keeper is not None:
            clocks |= {"wall": self._keeper.wall_seconds, "checkpoints": self._keeper.seconds}
        if self._costs is not None:
            self._kept["recount"] = self._costs.recount()
        measured = (
            {}
            if evaluator is None
            else {
                "columns": evaluator.columns,
                "primary": evaluator.primary,
                "points": evaluator.points,
                "fresh": evaluator.fresh,
            }
        )
        return make_record(
            self.spec,
            self._status,
            self._failure,
            self._started,
            used=used(self.clock),
            flops_per_step=self.clock.flops / steps if steps else None,
            parameters=self._parameters,
            peak_memory_bytes=peak_memory(self._device),
            clocks=clocks,
            environment=self._environment
            | {"sources": {pin["distribution"]: provenance(pin["distribution"]) for pin in pins}},
            resumed=self._keeper.resumed if self._keeper else 0,
            **measured,
            **self._kept,
        )
