"""What the Ray executor runs on the nodes of a cluster: the task that does a job, and the bell that
tells all tasks to stop."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Ending, Limits
from ganbench.execution.executors.attend import attend
from ganbench.machine.versions import installed_versions, require_same_versions

ORPHAN_SECONDS = 4.0
"""Grace of a job whose command has gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What all jobs of a plan have in common.

    Args:
        working_folder: of the command: where relative paths of data sets begin.
        limits: of each job.
        versions: of what is installed where the plan was made.
        on_gpu: whether Ray has chosen a device for the job.
        environment: variables that the job needs.
    """

    working_folder: str
    limits: Limits
    versions: Mapping[str, str]
    on_gpu: bool
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a node cannot do a job, and what to do about it: a `GanbenchError` that can be sent."""

    message: str
    hint: str | None = None


def do_job(order: Order, folder: Path, bell: Any) -> Ending | Refusal:
    """Do the job in a folder, to its end.

    Args:
        order: how.
        folder: of the run; this node must see it.
        bell: handle of the `Bell`.
    """
    node = f"the Ray node {platform.node()}"
    try:
        require_same_versions(order.versions, installed_versions(), node)
        for needed in (Path(order.working_folder), folder):
            if not needed.is_dir():
                raise GanbenchError(
                    f"{node} does not see the folder {needed}",
                    "start in, and keep runs on, a file system that all nodes share",
                )
        os.environ.update(order.environment)  # before the fork server starts, which hands it on
        os.chdir(order.working_folder)
        visible = os.environ.get("CUDA_VISIBLE_DEVICES") if order.on_gpu else None
        with _Listener(bell) as stop_by:
            return attend(folder, visible, order.limits, stop_by)
    except GanbenchError as error:
        return Refusal(error.message, error.hint)
    except OSError as error:
        return Refusal(f"{node} cannot start a process: {error}")


class Bell:
    """An actor that tells all jobs at once that they are to stop. It dies with the command."""

    def __init__(self) -> None:
        self._graces: list[float] = []
        self._listening: dict[str, asyncio.Event] = {}

    async def heard(self, task: str, rings: int) -> float | None:
        """Wait until it has been rung more than so many times.

        Returns:
            Seconds until the job must have left; None: the task has stopped listening.
        """
        if len(self._graces) <= rings:
            self._listening[task] = event = asyncio.Event()
            await event.wait()
            del self._listening[task]
        return self._graces[-1] if len(self._graces) > rings else None

    async def ring(self, grace: float) -> list[str]:
        """Tell everybody; the ids of the tasks that have begun."""
        self._graces.append(grace)
        begun = list(self._listening)
        for event in self._listening.values():
            event.set()
        return begun

    async def leave(self, task: str) -> None:
        """The task has ended."""
        if event := self._listening.get(task):
            event.set()


class _Listener:
    """Hears the bell for one task, without ever waiting for it."""

    def __init__(self, bell: Any) -> None:
        import ray

        self._bell = bell
        self._task = ray.get_runtime_context().get_task_id()
        self._rings = 0
        self._stop_by: float | None = None
        self._told: Future[float | None] = self._listen()

    def _listen(self) -> Future[float | None]:
        # Not `ray.wait`, which for as long as it lasts gives the task's CPUs to others.
        told: Future[float | None] = self._bell.heard.remote(self._task, self._rings).future()
        return told

    def __call__(self) -> float | None:
        """When the job must have left, by `time.monotonic`; None: it may go on."""
        if self._told.done():
            try:
                grace = self._told.result()
            except Exception:  # the bell has gone, and the command with it
                self._told, grace = Future(), ORPHAN_SECONDS
            else:
                self._rings += 1
                self._told = self._listen()
            if grace is not None:
                self._stop_by = time.monotonic() + grace
        return self._stop_by

    def __enter__(self) -> _Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._bell.leave.remote(self._task)
