"""What the Ray executor runs on the nodes of a cluster: the task that does a job, and the bell that
tells all tasks to stop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ganbench.api.executors import Ending
from ganbench.execution.executors.order import Order, Refusal, do_job

ORPHAN_SECONDS = 4.0
"""Grace of a job whose command has gone."""


def do_task(order: Order, folder: Path, bell: Any) -> Ending | Refusal:
    """Do the job in a folder, and leave when the bell is rung.

    Args:
        order: how.
        folder: of the run; this node must see it.
        bell: handle of the `Bell`.
    """
    with _Listener(bell) as stop_by:
        return do_job(order, folder, stop_by)


class Bell:
    """An actor that tells all jobs at once that they are to stop. It dies with the command.

    To cancel a task would do as well, but it could then not say how its job has ended.
    """

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

        self._away = ray.exceptions.ActorUnavailableError
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
            except self._away:  # Ray starts the bell again
                self._told, grace = self._listen(), None
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
