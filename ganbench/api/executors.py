"""The contract of executors: they start jobs and say how these ended, and nothing else.

Whether a job that has died is tried again, what its record says, and whose turn it is are decided
for all executors alike by whoever uses them. What a job has done stands in its folder.
"""

from __future__ import annotations

import signal
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from ganbench.api.checked import check_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one job may use. Its executor ends one that is over a limit, and says which it was.

    Args:
        seconds: wall time.
        host_bytes: main memory, of the worker and of all that it starts; None: what the executor
            finds good.
        output_bytes: of the files in its folder, checkpoints (in a folder of their own) left out.
    """

    seconds: float
    host_bytes: int | None
    output_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What the jobs of one plan are given.

    Args:
        device: `cpu` or `cuda`.
        jobs: how many may run at a time; None: as many as the executor finds good.
        limits: of each.
        threads: CPU threads of each, which are part of what a run is: whoever cannot give them
            refuses, and never gives fewer.
        gpus: those that may be used, as CUDA_VISIBLE_DEVICES names them; none: whatever there is.
        runs_per_gpu: jobs that share a GPU; who cannot let them do so refuses more than one.
    """

    device: str
    jobs: int | None
    limits: Limits
    threads: int = 1
    gpus: tuple[str, ...] = ()
    runs_per_gpu: int = 1


@dataclass(frozen=True, slots=True)
class Breach:
    """The limit for which a job had to be ended.

    Args:
        limit: which of them.
        message: how much was used and how much is allowed, in one line for the run's record.

    Raises:
        TypeError: a field is of another type.
    """

    limit: Literal["time", "memory", "output"]
    message: str

    def __post_init__(self) -> None:
        check_fields("Breach", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job has ended. With neither exit code nor signal: nobody knows, its machine has gone.

    Args:
        exit_code: with which its process left by itself.
        signal: number of the one that ended it.
        breach: why the executor ended it, if it did.

    Raises:
        TypeError: a field is of another type.
    """

    exit_code: int | None = None
    signal: int | None = None
    breach: Breach | None = None

    def __post_init__(self) -> None:
        check_fields("Ending", self)

    @classmethod
    def of(cls, returncode: int, breach: Breach | None = None) -> Ending:
        """From what `subprocess` and `multiprocessing` tell: of a signal, its negative number."""
        if returncode < 0:
            return cls(signal=-returncode, breach=breach)
        return cls(exit_code=returncode, breach=breach)

    @property
    def signal_name(self) -> str | None:
        """``SIGKILL``, or ``signal 37`` of one that has no name; None if it was no signal."""
        if self.signal is None:
            return None
        known = {Signal.value: Signal.name for Signal in signal.Signals}
        return known.get(self.signal, f"signal {self.signal}")


class JobHandle(Protocol):
    """What an executor needs to know of a job."""

    @property
    def name(self) -> str:
        """For queues and their listings: letters, digits and `.` `_` `+` `-`."""

    @property
    def folder(self) -> Path:
        """Absolute path of the job's folder, which its process must see under the same path."""

    @property
    def threads(self) -> int:
        """CPU threads that it uses; it limits itself to them."""

    @property
    def command(self) -> list[str]:
        """What does the job, on any machine that sees its folder: ``ganbench work FOLDER``, to be
        called in this process's working directory. On SIGTERM it keeps its state and leaves."""


class Executor(Protocol):
    """Where jobs run.

    A death is told and not mended: an executor's own retries must be off.
    """

    slots: int
    """How many jobs run at a time; no more are ever handed over."""

    def start(self, job: JobHandle) -> Future[Ending]:
        """Start a job, and return at once. The future tells how it has ended, as soon as no process
        of it is left; or it raises, as this may, a `GanbenchError` where nothing can be started."""

    def stop(self, grace: float) -> None:
        """Ask all jobs, by SIGTERM, to keep their state and leave; end those that have not left
        after `grace` seconds; return when none is left. Nothing is started afterwards. It may be
        called again, with less patience."""
