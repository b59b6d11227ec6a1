"""Slurm's commands, as the Slurm executor calls them: many jobs in a call, and few calls."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ganbench.api.errors import GanbenchError, PluginNotUsable, UsageError
from ganbench.api.executors import Resources
from ganbench.execution.executors.slurm_task import output_file

COMMANDS = ("sbatch", "squeue", "scancel")
CLUSTERS, VARIABLE = ("-M", "--clusters", "--cluster="), "SBATCH_CLUSTERS"
"""By which sbatch sends jobs to other clusters."""
MARGIN_MINUTES = 5
"""Between our limit of time and Slurm's: which one it was is then known."""
MARGIN_BYTES = 2**30
"""The same of memory: beside a worker and all that it starts, which our limit is about, a job has
the process that starts the worker, with torch imported."""


@dataclass(frozen=True, slots=True)
class Reported:
    """How Slurm says that an element has ended.

    Args:
        state: in Slurm's words, as ``COMPLETED`` or ``TIMEOUT``.
        exit_code: of its script, if that left by itself.
    """

    state: str
    exit_code: int | None


class Slurm:
    """The jobs of one executor, told by their name from all others of the same user.

    Args:
        name: of the jobs.
        resources: of each.
        partition: empty: the cluster's default.
        options: further ones of sbatch.

    Raises:
        PluginNotUsable: there is no Slurm on this machine.
    """

    def __init__(self, name: str, resources: Resources, partition: str, options: str) -> None:
        for command in COMMANDS:
            if shutil.which(command) is None:
                raise PluginNotUsable(
                    f"the executor slurm needs the command {command}, which is not here",
                    "start ganbench on a login node of the cluster",
                )
        if resources.runs_per_gpu > 1:
            raise GanbenchError(
                "slurm gives each run a GPU of its own",
                "leave out --runs-per-gpu",
            )
        self._name = name
        limits = resources.limits
        self._options = [
            *("--parsable", "--requeue", "--export=ALL", "--nodes=1", "--ntasks=1"),
            f"--cpus-per-task={resources.threads}",
            f"--time={int(limits.seconds // 60) + 1 + MARGIN_MINUTES}",
        ]
        if limits.host_bytes is not None:
            self._options.append(f"--mem={-(-(limits.host_bytes + MARGIN_BYTES) // 2**20)}M")
        if resources.device == "cuda":
            self._options.append("--gpus=1")
        if partition:
            self._options.append(f"--partition={partition}")
        # The name is last, and so ours: all other questions about the jobs go by it.
        self._options += [*_checked(options), f"--job-name={name}"]

    def submit(self, spool: Path, file: str, count: int) -> list[str]:
        """Put an array into the queue; the names of its elements.

        Args:
            spool: the executor's folder.
            file: of the array there.
            count: of its elements.

        Raises:
            GanbenchError: Slurm does not take it.
        """
        module = "ganbench.execution.executors.slurm_task"
        script = shlex.join([sys.executable, "-m", module, str(spool), file])
        done = _call(
            "sbatch",
            *self._options,
            f"--array=0-{count - 1}",
            f"--output={output_file(spool, '%A_%a')}",
            f"--wrap=exec {script}",
        )
        if done.returncode:
            raise GanbenchError(
                f"Slurm takes no jobs: {done.stderr.strip()}",
                "`sinfo` shows partitions; --executor slurm:PARTITION[options=...] sets options",
            )
        job = done.stdout.strip().partition(";")[0]
        return [f"{job}_{index}" for index in range(count)]

    def unfinished(self) -> set[str] | None:
        """Names of the elements that wait, run or are about to be run again; None: nobody knows."""
        return _words(self._squeue("--format=%i"))

    def names(self) -> set[str] | None:
        """Names of all jobs of this user that have not ended, those of other executors included."""
        return _words(_call("squeue", "--noheader", "--me", "--format=%j"))

    def finals(self, elements: Collection[str]) -> dict[str, Reported]:
        """How elements that are over have ended, as far as Slurm still knows."""
        arrays = sorted({element.partition("_")[0] for element in elements})
        done = self._squeue(
            "--states=all",
            f"--jobs={','.join(arrays)}",
            "--Format=JobArrayID:.40,State:.40,exit_code:.20",
        )
        found = {}
        for line in done.stdout.splitlines():
            element, state, status = line.split()
            code = int(status) >> 8 if int(status) & 0x7F == 0 else None
            found[element] = Reported(state, code)
        return {element: found[element] for element in elements if element in found}

    def signal(self, name: str, *options: str) -> None:
        """Send a signal to all that run."""
        _call("scancel", f"--name={self._name}", f"--signal={name}", *options)

    def cancel(self, *options: str) -> None:
        """Take all back."""
        _call("scancel", f"--name={self._name}", *options)

    def _squeue(self, *options: str) -> subprocess.CompletedProcess[str]:
        return _call("squeue", "--noheader", "--array", f"--name={self._name}", *options)


def _checked(options: str) -> list[str]:
    """Further options of sbatch, one by one; those that would take jobs out of sight are refused.

    Raises:
        UsageError: jobs would go to another cluster, of which nothing would be heard.
    """
    found = shlex.split(options)
    by = [f"options={options!r}"] if any(one.startswith(CLUSTERS) for one in found) else []
    by += [VARIABLE] if VARIABLE in os.environ else []
    if by:
        raise UsageError(
            f"the executor slurm sees jobs of its own cluster alone; {by[0]} has them go to "
            "another one",
            "leave it out, and start ganbench on a login node of that cluster",
        )
    return found


def _words(done: subprocess.CompletedProcess[str]) -> set[str] | None:
    return None if done.returncode else set(done.stdout.split())


def _call(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    line: Sequence[str] = [command, *arguments]
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True)  # noqa: S603
