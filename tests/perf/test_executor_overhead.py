"""What executors cost: the time and memory of the command for a plan of many runs, and the time
between two runs.

For the first, jobs do nothing: nodes and Slurm's commands are stood in for, so that what is
measured is ours, from specs through the supervisor and the executor to records. Processes that the
driver calls are part of its time.
"""

from __future__ import annotations

import contextlib
import os
import stat
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from ganbench.api.executors import Ending, Executor, Resources
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors import local
from ganbench.execution.executors.local import LocalExecutor
from ganbench.execution.executors.slurm import SlurmExecutor
from ganbench.execution.supervisor import Supervisor
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.store import RunStore

from ..clusters import SlurmCluster

pytestmark = pytest.mark.perf

RUNS = int(os.environ.get("GANBENCH_TEST_RUNS", "10000"))
SLOTS = 200
SECONDS = 0.010
WARM_SECONDS = 0.5
WARM_RUNS = 20
SLURM_SECONDS = 60.0
GROWTH = 30e6
"""Bytes: what allocators keep, and far from what ten thousand of anything take."""

COMMAND = """#!{python}
import os, re, sys
name, line = os.path.basename(sys.argv[0]), " ".join(sys.argv)
if name == "sbatch":
    count = int(re.search(r"--array=0-([0-9]+)", line)[1]) + 1
    spool = re.search(r"--output=(.*)/%A_%a.out", line)[1]
    for index in range(count):
        part = f"{{spool}}/.{{os.getpid()}}_{{index}}"
        open(part, "w").write('{{"ending": {{"exit_code": 3}}, "refusal": null}}')
        os.rename(part, f"{{spool}}/{{os.getpid()}}_{{index}}.json")
    print(os.getpid())
"""


def driver_seconds() -> float:
    """Of this process, and of those that it has called and that have ended."""
    return sum(os.times()[:4])


def nothing(*_: Any) -> Ending:
    """A job that leaves at once, and no record."""
    return Ending(exit_code=3)


@pytest.fixture
def opened(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Executor]:
    """The executor that the test is about."""
    executor = BUILDERS[request.param](tmp_path, monkeypatch)
    yield executor
    executor.stop(0.0)


def resources() -> Resources:
    return replace(Conditions().resources("cpu", 1), jobs=SLOTS)


def _local(_: Path, patch: pytest.MonkeyPatch) -> Executor:
    patch.setattr(local, "attend", nothing)
    return LocalExecutor(resources())


def _ray(_: Path, patch: pytest.MonkeyPatch) -> Executor:
    pytest.importorskip("ray", reason="needs: pip install 'ganbench[ray]'")
    from ganbench.execution.executors import ray

    # A function without a name is sent as it is: nodes do not know this module.
    patch.setattr(ray, "do_task", lambda *_: Ending(exit_code=3))
    return ray.RayExecutor(resources(), "local")


def _slurm(folder: Path, patch: pytest.MonkeyPatch) -> Executor:
    for name in ("sbatch", "squeue", "scancel"):
        command = folder / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(COMMAND.format(python=sys.executable))
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
    patch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return SlurmExecutor(resources())


BUILDERS: dict[str, Callable[[Path, pytest.MonkeyPatch], Executor]] = {
    "local": _local,
    "ray": _ray,
    "slurm": _slurm,
}


def specs() -> Iterator[RunSpec]:
    """One run after the other: what is measured is not what a plan of them takes."""
    chosen = Selection(variants=["vanilla"], tasks=["ring8"], seeds=[0], budget=Budget("steps", 30))
    (first,) = make_plan(chosen, installed_catalogue()).runs
    for seed in range(RUNS):
        yield replace(first, seed=seed)


@pytest.mark.parametrize("opened", BUILDERS, indirect=True)
def test_a_run_costs_the_driver_little_time_and_no_memory(opened: Executor, tmp_path: Path) -> None:
    supervisor = Supervisor(RunStore(tmp_path / "runs"), opened, Conditions(), device="cpu")
    process = psutil.Process()
    began, count, early = driver_seconds(), 0, 0
    for _, record in supervisor.records(list(specs())):
        assert record["status"] == "error"
        count += 1
        if count == RUNS // 5:
            early = process.memory_info().rss
    seconds = (driver_seconds() - began) / RUNS
    growth = process.memory_info().rss - early
    print(f"\n{count} runs: {seconds * 1e3:.2f} ms each, {growth / 1e6:+.1f} MB of memory")
    assert count == RUNS
    assert seconds < SECONDS
    assert growth < GROWTH


class Ended:
    """A job whose run has its record already: its worker starts, sees that, and leaves."""

    def __init__(self, folder: Path) -> None:
        self.name = folder.name
        self.folder = folder
        self.threads = 1
        self.command = [sys.executable, "-m", "ganbench", "work", str(folder)]
        folder.mkdir(parents=True)
        (folder / "record.json").touch()


@contextlib.contextmanager
def _real(name: str, folder: Path) -> Iterator[Executor]:
    """An executor on a real cluster, with one slot."""
    one = replace(resources(), jobs=1)
    with contextlib.ExitStack() as stack:
        executor: Executor
        if name == "local":
            executor = LocalExecutor(one)
        elif name == "ray":
            pytest.importorskip("ray", reason="needs: pip install 'ganbench[ray]'")
            from ganbench.execution.executors.ray import RayExecutor

            executor = RayExecutor(one, "local")
        else:
            cluster = SlurmCluster(folder)
            stack.callback(cluster.stop)
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for variable, value in cluster.environment.items():
                patch.setenv(variable, value)
            executor = SlurmExecutor(one)
        stack.callback(executor.stop, 0.0)
        yield executor


@pytest.mark.parametrize("name", ["local", "ray"])
def test_once_warm_a_run_starts_and_ends_at_once(name: str, tmp_path: Path) -> None:
    _seconds_a_job(name, tmp_path, WARM_SECONDS)


def _seconds_a_job(name: str, folder: Path, bound: float) -> None:
    with _real(name, folder) as executor:
        job = Ended(folder / "runs" / "vanilla-ring8-s0-0123456789")
        executor.start(job).result()
        took = []
        for _ in range(WARM_RUNS):
            began = time.monotonic()
            assert executor.start(job).result() == Ending(exit_code=0)
            took.append(time.monotonic() - began)
    median = statistics.median(took)
    print(f"\n{name}: {median:.3f} s a job, at most {max(took):.3f} s")
    assert median < bound


def test_slurm_starts_a_process_for_each_run(tmp_path: Path) -> None:
    """It has to import torch: nothing of Slurm's stays on a node between two jobs."""
    _seconds_a_job("slurm", tmp_path, SLURM_SECONDS)
