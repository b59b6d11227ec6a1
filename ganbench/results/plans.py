"""Plans under way: told in the runs folder for as long as the command that carries them out lives.

They say which runs are still to come, and give a plan a name by which it can be cancelled, on any
machine that sees the folder. Never imports torch.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Final

import msgspec

from ganbench.api.errors import GanbenchError
from ganbench.planning.runspec import RunSpec
from ganbench.results.requests import Request, ask, asked
from ganbench.results.store import RUN_ID, RunStore
from ganbench.storage.locks import is_held, take_fence
from ganbench.storage.reading import read_file
from ganbench.storage.writing import cannot_write, make_folder, write_file

FOLDER: Final = ".plans"
"""In a runs folder: its name is that of no run."""


class Cancelled(GanbenchError):
    """Somebody has cancelled the plan; its runs have kept their state."""

    exit_code = 128 + 15


class PlannedRun(msgspec.Struct, frozen=True):
    """A run of a plan that is under way; the fields are those of its spec."""

    run_id: Annotated[str, msgspec.Meta(pattern=rf"^{RUN_ID}\Z")]
    variant: str
    task: str
    seed: int


class LivePlan(msgspec.Struct, frozen=True):
    """A plan whose command is at work.

    Args:
        name: unique in its runs folder.
        host, pid: where, and the process of the command.
        started: UTC, ISO 8601.
        total: all runs of the plan, those included that were finished before.
        runs: those that were not.
    """

    name: str
    host: str
    pid: int
    started: str
    total: int
    runs: list[PlannedRun]


class Announcement:
    """A plan that is told of; whoever carries it out asks whether it is to go on.

    Args:
        name: of the plan.
        request: file in which somebody may ask for its end.
    """

    def __init__(self, name: str, request: Path) -> None:
        self.name = name
        self._request = request

    def require_wanted(self) -> None:
        """To be asked once a second.

        Raises:
            Cancelled: somebody does not want the plan any more.
        """
        if request := asked(self._request):
            raise Cancelled(
                f"the plan {self.name} was {request}",
                "the same command goes on where the runs were",
            )


@contextlib.contextmanager
def announced(
    store: RunStore, suite: str, total: int, specs: Sequence[RunSpec]
) -> Iterator[Announcement]:
    """Tell of a plan for the time of a block, or of this process if that is killed in it.

    Args:
        store: where its runs are.
        suite: begins the plan's name.
        total: runs of the plan, finished ones included.
        specs: those that are to be run; none: nothing is told, and nothing written.

    Raises:
        GanbenchError: the runs folder cannot be written to.
    """
    name = f"{re.sub(r'[^A-Za-z0-9]+', '-', suite).strip('-') or 'plan'}-{secrets.token_hex(3)}"
    folder = store.root / FOLDER
    request = folder / f"{name}.cancel"
    if not specs:
        yield Announcement(name, request)
        return
    for path in folder.glob("*.json"):
        if _live(path) is None:
            _forget(path)
    path = folder / f"{name}.json"
    plan = LivePlan(
        name=name,
        host=socket.gethostname(),
        pid=os.getpid(),
        started=f"{datetime.now(UTC):%FT%TZ}",
        total=total,
        runs=[
            PlannedRun(run_id=one.run_id, variant=one.variant, task=one.task.name, seed=one.seed)
            for one in specs
        ],
    )
    with contextlib.ExitStack() as stack:
        try:
            # Held before there is a plan to be found: whoever finds one looks at its lock.
            if fence := _fence(path.with_suffix(".lock")):
                stack.enter_context(fence)
            stack.callback(_forget, path)
            write_file(path, msgspec.json.encode(plan), durable=False)
        except OSError as error:
            raise cannot_write(path, error) from None
        yield Announcement(name, request)


def live_plans(store: RunStore) -> list[LivePlan]:
    """The plans that are under way in a runs folder, the first one first."""
    paths = (store.root / FOLDER).glob("*.json")
    found = [plan for path in paths if (plan := _live(path)) is not None]
    return sorted(found, key=lambda plan: (plan.started, plan.name))


def cancel_plan(store: RunStore, name: str) -> Request:
    """Ask for the end of a plan.

    Raises:
        GanbenchError: the runs folder cannot be written to.
    """
    return ask(store.root / FOLDER / f"{name}.cancel")


def _live(path: Path) -> LivePlan | None:
    """The plan in a file, if the process that has written it lives."""
    try:
        plan = msgspec.json.decode(read_file(path), type=LivePlan)
    except (OSError, msgspec.MsgspecError):
        return None
    if plan.name != path.stem:
        return None
    if (plan.host, plan.pid) == (socket.gethostname(), os.getpid()):
        return plan  # to look at one's own lock would release it
    return plan if is_held(path.with_suffix(".lock")) else None


def _fence(lock: Path) -> IO[bytes] | None:
    while True:
        make_folder(lock.parent)
        # Another command may end just now, and take the folder with it.
        with contextlib.suppress(FileNotFoundError):
            return take_fence(lock)


def _forget(path: Path) -> None:
    for suffix in (".json", ".cancel", ".lock"):
        with contextlib.suppress(OSError):
            path.with_suffix(suffix).unlink()
    with contextlib.suppress(OSError):  # others are under way
        path.parent.rmdir()
