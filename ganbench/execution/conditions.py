"""How a plan is run: all that may be asked for and changes no number. Never imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError
from ganbench.api.executors import Limits, Resources
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice
from ganbench.planning.runspec import RunSpec
from ganbench.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the command, its options and `ganbench.run` say beside the selection of runs.

    These are the defaults of all three: they stand nowhere else.

    Args:
        executor: where runs run, as typed: ``local``, ``NAME:ADDRESS``, ``NAME[key=value]``.
        jobs: runs at a time; None: as many as the executor finds good.
        runs_per_gpu: runs that share a GPU; only for budgets that are counted.
        limit_seconds: wall time of one run.
        host_bytes: main memory of one run and of all that it starts; None: what the executor finds
            good.
        output_bytes: of a run's files, checkpoints left out.
        retries: further tries, from its checkpoint, for a run whose worker has vanished.
        checkpoint_seconds: between two checkpoints of a run.
        keep_checkpoints: keep the state in which a run ends, for one of a larger budget.
        from_finished: go on from finished runs of smaller budgets, where that changes no bit.
        fresh: run again what is finished.
        retry_failed: run again what ended for reasons of the machine or the code.
        fail_fast: start no further run once one has failed; those under way go on to their end.
        plugins: which ones to load.

    Raises:
        TypeError: a field is of another type.
        UsageError: a number is out of range.
    """

    executor: str = "local"
    jobs: int | None = None
    runs_per_gpu: int = 1
    limit_seconds: float = 12 * 3600.0
    host_bytes: int | None = None
    output_bytes: int = 10**9
    retries: int = 1
    checkpoint_seconds: float = 60.0
    keep_checkpoints: bool = False
    from_finished: bool = False
    fresh: bool = False
    retry_failed: bool = False
    fail_fast: bool = False
    plugins: PluginChoice = NO_CHOICE

    def __post_init__(self) -> None:
        check_fields("Conditions", self)
        for name in (
            "jobs",
            "runs_per_gpu",
            "limit_seconds",
            "host_bytes",
            "output_bytes",
            "checkpoint_seconds",
        ):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} is {value!r}, not a positive number")
        if self.retries < 0:
            raise UsageError(f"retries is {self.retries!r}, a negative number")

    def resources(self, device: str, threads: int, gpus: tuple[str, ...] = ()) -> Resources:
        """What an executor gives to runs on that device, of so many CPU threads each."""
        limits = Limits(
            seconds=self.limit_seconds, host_bytes=self.host_bytes, output_bytes=self.output_bytes
        )
        return Resources(
            device=device,
            jobs=self.jobs,
            limits=limits,
            threads=threads,
            gpus=gpus,
            runs_per_gpu=self.runs_per_gpu,
        )

    def require_sharing(
        self, specs: Iterable[RunSpec], device: str, gpus: Sequence[str] = ()
    ) -> None:
        """Make sure that runs may share a GPU, if they are to.

        Args:
            specs: of the runs.
            device: `cpu` or `cuda`, on which they run.
            gpus: of this machine, if it is one of this.

        Raises:
            UsageError: there is none to share, or a run's budget is time, of which it would get
                less than it is charged.
        """
        specs = list(specs)
        crowded = bool(gpus) and min(self.jobs or 0, len(specs)) > len(gpus)
        if self.runs_per_gpu == 1 and not crowded:
            return
        asked = f"--runs-per-gpu {self.runs_per_gpu}"
        if self.runs_per_gpu == 1:
            asked = f"--jobs {self.jobs} on {counted(len(gpus), 'GPU')}"
        if device != "cuda":
            raise UsageError(f"{asked}: runs train on the CPU", "--jobs says how many at a time")
        for spec in specs:
            if spec.task.budget.kind == "seconds":
                raise UsageError(
                    f"{asked}: {spec.task.name} has a budget of time, which runs sharing a GPU "
                    "take from each other",
                    "leave that out, or use a counted budget: --budget 2PFLOP",
                )


DEFAULTS = Conditions()
