"""A job: what is to be run and how, as one file in the folder of its run. Never imports torch.

Any process that sees the folder can do it: `ganbench work FOLDER`. The file holds all that this
needs, the bytes of plugin files included, and no path but for theirs.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from ganbench.api.errors import InvalidResults, UsageError, one_line
from ganbench.api.version import PROTOCOL_VERSION, __version__
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice
from ganbench.execution.conditions import DEFAULTS
from ganbench.planning.runspec import RunSpec
from ganbench.results.schema import check_spec
from ganbench.results.store import JOB_FILE
from ganbench.storage.reading import read_file
from ganbench.storage.writing import cannot_write, write_file

FORMAT: Final = 1

BUSY: Final = 75
"""Exit code of a worker whose run another process has: EX_TEMPFAIL of sysexits.h."""
PREEMPTED: Final = 128 + 15
"""Exit code of a worker that was asked to stop (SIGTERM) and has kept its state."""
OTHER_CODE: Final = 76
"""Exit code of a worker that has other code than its run was planned with: EX_PROTOCOL."""


class _Maker(msgspec.Struct):
    """What a job file of any version tells: whether this one can read the rest."""

    format: int
    ganbench: str
    protocol: int


class _File(_Maker, kw_only=True, forbid_unknown_fields=True):
    """The content of a job file."""

    specs: Annotated[list[dict[str, Any]], msgspec.Meta(min_length=1)]
    device: Literal["cpu", "cuda"]
    checkpoint_seconds: Annotated[float, msgspec.Meta(gt=0)]
    plugins: PluginChoice  # its files' bytes become base64
    commit: str | None
    keep_final: bool
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Runs that one process does, and how.

    Args:
        specs: what to run: one, or seeds of one variant that are trained together.
        folder: the run folder of the first one, absolute; the others are beside it.
        device: `cpu` or `cuda`.
        checkpoint_seconds: between two checkpoints.
        plugins: which ones to load.
        commit: of ganbench's source tree, if it is one.
        keep_final: whether the state at the end is kept.
        origin: id of the finished run to go on from, which lies beside this one.
    """

    specs: tuple[RunSpec, ...]
    folder: Path
    device: str
    checkpoint_seconds: float = DEFAULTS.checkpoint_seconds
    plugins: PluginChoice = NO_CHOICE
    commit: str | None = None
    keep_final: bool = False
    origin: str | None = None

    @property
    def threads(self) -> int:
        """CPU threads that it computes on."""
        return max(spec.threads for spec in self.specs)

    @property
    def name(self) -> str:
        """For queues: the id of its first run."""
        return self.folder.name

    @property
    def command(self) -> list[str]:
        """What does it, with the Python that ganbench is running in here."""
        return [sys.executable, "-m", "ganbench", "work", str(self.folder)]

    def write(self) -> None:
        """Leave it in its folder, in the place of any other.

        Raises:
            GanbenchError: it cannot be written.
        """
        content = msgspec.json.encode(
            _File(
                format=FORMAT,
                ganbench=__version__,
                protocol=PROTOCOL_VERSION,
                specs=[spec.to_json() for spec in self.specs],
                device=self.device,  # type: ignore[arg-type]  # checked when it is read
                checkpoint_seconds=self.checkpoint_seconds,
                plugins=self.plugins,
                commit=self.commit,
                keep_final=self.keep_final,
                origin=self.origin,
            )
        )
        path = self.folder / JOB_FILE
        try:
            # Not durable: after a power cut whoever starts the run again writes it again.
            write_file(path, content + b"\n", durable=False)
        except OSError as error:
            raise cannot_write(path, error) from None


def read_job(folder: Path) -> Job:
    """The job in a folder.

    Raises:
        UsageError: there is none.
        InvalidResults: it is damaged, of another run, or of another ganbench.
    """
    path = folder / JOB_FILE
    try:
        content = read_file(path)
    except FileNotFoundError:
        raise UsageError(
            f"there is no job in {folder}: it has no {JOB_FILE}",
            "`ganbench run` leaves one in the folder of each run that it starts",
        ) from None
    except OSError as error:
        raise InvalidResults(f"{path} cannot be read: {error.strerror}") from None
    with _damage_told(path):
        maker = msgspec.json.decode(content, type=_Maker)
    _refuse_others(path, maker)
    with _damage_told(path):
        file = msgspec.json.decode(content, type=_File)
        specs = tuple(map(_spec, file.specs))
    if specs[0].run_id != folder.name:
        raise InvalidResults(
            f"{path} is the job of the run {specs[0].run_id}, and lies in the folder {folder.name}",
            "start the run with `ganbench run`, which writes its job anew",
        )
    return Job(
        specs=specs,
        folder=folder.absolute(),
        device=file.device,
        checkpoint_seconds=file.checkpoint_seconds,
        plugins=file.plugins,
        commit=file.commit,
        keep_final=file.keep_final,
        origin=file.origin,
    )


def _refuse_others(path: Path, maker: _Maker) -> None:
    ours = (FORMAT, __version__, PROTOCOL_VERSION)
    if (maker.format, maker.ganbench, maker.protocol) != ours:
        raise InvalidResults(
            f"{path} is a job of ganbench {maker.ganbench} (protocol {maker.protocol}), "
            f"here is ganbench {__version__} (protocol {PROTOCOL_VERSION})",
            "install the same ganbench in both places",
        )


def _spec(data: dict[str, Any]) -> RunSpec:
    check_spec(data)
    return RunSpec.from_json(data)


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    # A spec from a file can be wrong in as many ways as a call of a function.
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InvalidResults(
            f"{path} is damaged: {one_line(error)}",
            "start the run with `ganbench run`, which writes its job anew",
        ) from None
