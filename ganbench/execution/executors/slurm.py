"""The Slurm executor: elements of job arrays, asked for with `sbatch`.

Slurm is asked for places and for what has become of jobs that say nothing. How a job has ended it
tells itself, in a file: exit codes of Slurm's are lost without its accounting, and a job's state is
not final as long as it may be put back into the queue. Slurm's own requeue, of jobs that it has
pre-empted or whose node has died, stays on: such a job goes on from its checkpoint.

Jobs outlive a command that is killed, as one expects of Slurm; the next one finds what they do.
"""

from __future__ import annotations

import contextlib
import queue
import secrets
import shutil
import signal
import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Breach, Ending, JobHandle, Resources
from ganbench.execution.executors.order import Order
from ganbench.execution.executors.slurm_commands import Reported, Slurm
from ganbench.execution.executors.slurm_task import Batch, Told, output_file, told_file
from ganbench.execution.lost import is_transient
from ganbench.results.store import LOG_FILE
from ganbench.storage.reading import tail
from ganbench.storage.writing import cannot_write, make_folder, write_file

SLOTS = 100
"""Jobs in the queue at a time, where nobody says how many."""
ARRAY_SIZE = 1000
"""Elements of an array: what Slurm allows by default."""
LOOK_SECONDS = 0.1
"""Between two looks into the folder in which jobs tell of their end."""
ASK_SECONDS = 5.0
"""Between two questions to Slurm about all jobs; there is one process for a whole cluster to
answer them."""
STOP_SECONDS = 0.25
"""The same, when jobs are to end."""
KILL_SECONDS = 10.0
"""For what is killed to be gone."""
SPOOL = ".slurm"
"""Folder beside the runs in which the jobs of commands tell of their ends."""
FORGET_SECONDS = 3600.0
"""Age of such a folder whose command may be about to submit its first jobs."""
LOOKS = 2
"""How often a job must be found missing: its own file may come late on a shared file system."""

_BREACHES: Final = {
    "TIMEOUT": Breach("time", "stopped by Slurm after its limit of time; --limit sets it"),
    "OUT_OF_MEMORY": Breach("memory", "stopped by Slurm for its memory; --host-memory sets it"),
}


@dataclass(slots=True)
class _Element:
    """A job in the queue, or running.

    Args:
        folder: of its run.
        ending: to be told.
        missing: how often Slurm has not named it since it last did.
    """

    folder: Path
    ending: Future[Ending]
    missing: int = 0


class SlurmExecutor:
    """Runs jobs as elements of Slurm's job arrays; all nodes see the runs folder.

    Args:
        resources: what jobs are given. By default at most `SLOTS` of them are in the queue.
        partition: whose nodes are used; empty: the cluster's default.
        options: further ones of sbatch.

    Raises:
        PluginNotUsable: there is no Slurm on this machine.
    """

    def __init__(self, resources: Resources, partition: str = "", options: str = "") -> None:
        self.slots = resources.jobs or SLOTS
        self._name = f"ganbench-{secrets.token_hex(4)}"
        self._slurm = Slurm(self._name, resources, partition, options)
        self._order = Order.here(resources)
        self._spool = Path()  # beside the first run
        self._new: queue.SimpleQueue[_Element] = queue.SimpleQueue()
        self._elements: dict[str, _Element] = {}
        self._waited_for: set[Future[Ending]] = set()
        self._batches = 0
        self._is_stopping = False
        self._is_killed = False
        self._is_over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="ganbench-slurm", daemon=True)
        self._keeper.start()

    def start(self, job: JobHandle) -> Future[Ending]:
        """Ask for a place, together with all jobs that are started at the same time.

        The future raises a `GanbenchError` if Slurm does not take it, or its node cannot do it.
        """
        ending: Future[Ending] = Future()
        self._waited_for.add(ending)
        self._new.put(_Element(job.folder, ending))
        return ending

    def stop(self, grace: float) -> None:
        """Ask all jobs to leave, end those that have not after so many seconds, and return."""
        if self._is_over.is_set():
            return
        self._is_stopping = True
        if self._waited_for:
            self._slurm.cancel("--state=PENDING")
            self._slurm.signal("TERM", "--batch")
            wait(set(self._waited_for), grace)
        if self._waited_for:
            self._is_killed = True
            self._slurm.signal("KILL", "--full")
            self._slurm.cancel()  # also what Slurm has put back into the queue meanwhile
            wait(set(self._waited_for), KILL_SECONDS)
        self._is_over.set()
        self._keeper.join()
        if self._batches:
            shutil.rmtree(self._spool, ignore_errors=True)
            with contextlib.suppress(OSError):
                self._spool.parent.rmdir()

    # What follows is the keeper's, a thread that alone knows the elements.

    def _keep(self) -> None:
        asked = 0.0
        try:
            while not self._is_over.wait(LOOK_SECONDS):
                self._submit()
                self._listen()
                pace = STOP_SECONDS if self._is_stopping else ASK_SECONDS
                if self._elements and time.monotonic() > asked + pace:
                    asked = time.monotonic()
                    self._ask()
        except Exception as error:  # nobody else would tell those who wait
            for ending in set(self._waited_for):
                ending.set_exception(error)

    def _submit(self) -> None:
        """Ask for places for what has been started since."""
        new: list[_Element] = []
        with contextlib.suppress(queue.Empty):
            while len(new) < ARRAY_SIZE:
                new.append(self._new.get_nowait())
        if not new:
            return
        try:
            if self._is_stopping:
                raise GanbenchError("the executor has been stopped")
            names = self._submit_array([str(one.folder) for one in new])
        except GanbenchError as error:
            for one in new:
                self._waited_for.discard(one.ending)
                one.ending.set_exception(error)
        else:
            self._elements.update(zip(names, new, strict=True))

    def _submit_array(self, folders: list[str]) -> list[str]:
        """The names of its elements."""
        if not self._batches:
            self._spool = Path(folders[0]).parent / SPOOL / self._name
            self._sweep()
        make_folder(self._spool)  # each time: a command with no job for long may seem to have ended
        self._batches += 1
        name = f"batch-{self._batches}"
        content = msgspec.json.encode(Batch(self._order, folders))
        try:
            write_file(self._spool / name, content, durable=False)
        except OSError as error:
            raise cannot_write(self._spool / name, error) from None
        return self._slurm.submit(self._spool, name, len(folders))

    def _sweep(self) -> None:
        """Remove the folders of commands that were killed, once all of their jobs have ended."""
        names = self._slurm.names()
        if names is None:
            return
        for folder in self._spool.parent.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # its command has just ended
                age = time.time() - folder.stat().st_mtime
                if folder.name not in names and age > FORGET_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)

    def _listen(self) -> None:
        """Settle those that have told how they ended."""
        if not self._elements:
            return
        for file in self._spool.glob("*.json"):
            if file.stem in self._elements:
                self._hear(file.stem)

    def _ask(self) -> None:
        """Settle those that Slurm no longer has."""
        unfinished = self._slurm.unfinished()
        if unfinished is None:  # it does not answer, which says nothing about jobs
            return
        over: dict[str, Ending | None] = {}
        for name, element in tuple(self._elements.items()):
            element.missing = 0 if name in unfinished else element.missing + 1
            if element.missing:
                told = self._hear(name)
                if name in self._elements and (told or element.missing >= LOOKS):
                    over[name] = told
        if over:
            finals = self._slurm.finals(over)
            for name, told in over.items():
                self._settle(name, self._ended(name, told, finals.get(name)))

    def _hear(self, name: str) -> Ending | None:
        """Settle an element by its own file, if that is its end: whom a signal has ended, or who
        was asked to leave, Slurm may put back into the queue. The ending that it tells, if any."""
        try:
            told = msgspec.json.decode(told_file(self._spool, name).read_bytes(), type=Told)
        except FileNotFoundError:
            return None
        if told.ending is None:
            assert told.refusal is not None
            self._settle(name, told.refusal.error)
        elif not is_transient(told.ending):
            self._settle(name, told.ending)
        return told.ending

    def _settle(self, name: str, ending: Ending | GanbenchError) -> None:
        element = self._elements.pop(name)
        self._waited_for.discard(element.ending)
        told_file(self._spool, name).unlink(missing_ok=True)
        output_file(self._spool, name).unlink(missing_ok=True)
        if self._is_killed and ending == Ending():  # whatever of the job has died first
            ending = Ending(signal=signal.SIGKILL)
        if isinstance(ending, Ending):
            element.ending.set_result(ending)
        else:
            element.ending.set_exception(ending)

    def _ended(self, name: str, told: Ending | None, final: Reported | None) -> Ending:
        """The ending of an element that is over, and has told nothing or of a signal.

        Why there was a signal it cannot know: for memory the kernel ends its worker alone, and at
        its limit of time all of it is asked to leave.
        """
        if final is not None and final.state in _BREACHES:
            return replace(told or Ending(), breach=_BREACHES[final.state])
        if told is not None:
            return told
        if final is None:
            return Ending()
        if final.state in ("COMPLETED", "FAILED") and final.exit_code is not None:
            self._log_output(name)
            return Ending(exit_code=final.exit_code)
        return Ending()

    def _log_output(self, name: str) -> None:
        """Put what a job has said before it could open its log into that."""
        with contextlib.suppress(OSError):
            said = tail(output_file(self._spool, name))
            with (self._elements[name].folder / LOG_FILE).open("a", encoding="utf-8") as log:
                log.write(f"{said}\n")
