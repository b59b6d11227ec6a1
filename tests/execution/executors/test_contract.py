"""What every executor does, ours as a third party's: start a job, and say how it ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.executors import Ending, Executor
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors.executor import open_executor
from ganbench.execution.job import BUSY, PREEMPTED, Job
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import take_fence

from ...clusters import RayCluster, SlurmCluster
from ...steering import GATES, HAZARDS, python_path, until

PLUGINS = (HAZARDS, GATES, Path(__file__).parents[2] / "data" / "executors")
CLUSTERS = ("ray", "slurm")
EXECUTORS = (
    "local",
    pytest.param("pods", marks=pytest.mark.whole),
    *(pytest.param(name, marks=pytest.mark.cluster) for name in CLUSTERS),
)
MUCH = {"limit_seconds": 3600.0, "host_bytes": 2**31, "output_bytes": 2**40}
PATIENCE = 600.0
"""For a job that leaves when it is asked to: it is never used up."""


@dataclass(frozen=True)
class Site:
    """Where one executor is tried.

    Args:
        executor: its name.
        catalogue: with it and the hazards.
        store: of the runs.
    """

    executor: str
    catalogue: Catalogue
    store: RunStore

    def opened(self, jobs: int = 1, **limits: Any) -> AbstractContextManager[Executor]:
        conditions = Conditions(jobs=jobs, **{**MUCH, **limits})
        return open_executor(self.executor, conditions.resources("cpu", 1), self.catalogue)

    def spec(self, variant: str, steps: int = 30) -> RunSpec:
        budget = Budget("steps", steps)
        chosen = Selection(variants=[variant], tasks=["ring8"], seeds=[0], budget=budget)
        return make_plan(chosen, self.catalogue).runs[0]

    def job(self, variant: str, steps: int = 30) -> Job:
        """A job in its folder, ready to be started."""
        spec = self.spec(variant, steps)
        folder = self.store.create(spec.run_id, spec.to_json())
        job = Job(specs=(spec,), folder=folder, device="cpu")
        job.write()
        return job

    def ending(self, variant: str, **limits: Any) -> Ending:
        """How the job of a variant ends when it is left alone."""
        with self.opened(**limits) as executor:
            return executor.start(self.job(variant)).result()

    def record(self, job: Job) -> Record | None:
        return self.store.finished([job.name]).records.get(job.name)

    def step(self, job: Job) -> int:
        return int((self.store.read_progress(job.name) or {}).get("step", 0))


@pytest.fixture(scope="module")
def catalogue() -> Iterator[Catalogue]:
    """Hazards and the third party's executor, for this process and for those that it starts."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in PLUGINS:
            patch.syspath_prepend(folder)
        for name, value in python_path(*PLUGINS).items():
            patch.setenv(name, value)
        yield Catalogue(entry_points(group=ENTRY_POINT_GROUP))


@pytest.fixture(scope="module")
def ray(catalogue: Catalogue) -> Iterator[str]:
    cluster = RayCluster(os.environ["PYTHONPATH"])
    yield cluster.executor
    cluster.stop()


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    cluster = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cluster.environment.items():
            patch.setenv(name, value)
        yield cluster.executor
    cluster.stop()


@pytest.fixture(params=EXECUTORS)
def site(request: pytest.FixtureRequest, catalogue: Catalogue, tmp_path: Path) -> Site:
    chosen = request.param
    executor = request.getfixturevalue(chosen) if chosen in CLUSTERS else chosen
    return Site(executor, catalogue, RunStore(tmp_path / "runs"))


def test_a_job_is_done_and_so_is_one_that_raises(site: Site) -> None:
    """Two at a time; a run that fails is a job that is done: its record says how."""
    jobs = {name: site.job(name) for name in ("vanilla", "hazard-raise")}
    with site.opened(jobs=2) as executor:
        assert executor.slots == 2
        futures = [executor.start(job) for job in jobs.values()]
        assert [one.result() for one in futures] == [Ending(exit_code=0)] * 2
    statuses = {}
    for name, job in jobs.items():
        record = site.record(job)
        assert record is not None
        statuses[name] = record["status"]
    assert statuses == {"vanilla": "ok", "hazard-raise": "error"}


def test_an_exit_code_is_told(site: Site) -> None:
    assert site.ending("hazard-hard-exit") == Ending(exit_code=3)


def test_a_signal_is_told(site: Site) -> None:
    assert site.ending("hazard-kill") == Ending(signal=signal.SIGKILL)


@pytest.mark.parametrize(
    ("variant", "limit", "limits"),
    [
        ("hazard-hang", "time", {"limit_seconds": 1.0}),
        ("hazard-hang", "memory", {"host_bytes": 10**6}),
        ("hazard-flood", "output", {"output_bytes": 10**6}),
    ],
    ids=["time", "memory", "output"],
)
def test_who_is_over_a_limit_is_ended_for_it(
    site: Site, variant: str, limit: str, limits: dict[str, Any]
) -> None:
    ending = site.ending(variant, **limits)
    assert ending.breach is not None
    assert ending.breach.limit == limit
    assert "\n" not in ending.breach.message


def test_who_finds_the_disk_full_has_an_exit_code_and_no_record(site: Site, disk: Path) -> None:
    store = RunStore(disk / "runs")
    on_disk = replace(site, store=store)
    assert on_disk.ending("hazard-disk") == Ending(exit_code=1)
    assert not list(store.root.glob("*/record.json"))


def test_a_busy_folder_is_left_alone(site: Site) -> None:
    job = site.job("vanilla")
    with take_fence(job.folder / LOCK_FILE) or pytest.fail("it is free"), site.opened() as executor:
        assert executor.start(job).result() == Ending(exit_code=BUSY)
    assert site.record(job) is None


def test_who_is_asked_to_stop_keeps_the_state(site: Site) -> None:
    job = site.job("vanilla", steps=10**7)
    with site.opened() as executor:
        future = executor.start(job)
        until(lambda: site.step(job))
        executor.stop(PATIENCE)
        assert future.done()
        assert future.result() == Ending(exit_code=PREEMPTED)
    assert (job.folder / "checkpoint" / "latest.safetensors").exists()
    assert site.record(job) is None


def test_who_does_not_stop_is_ended(site: Site) -> None:
    job = site.job("hazard-hang")
    with site.opened() as executor:
        future = executor.start(job)
        until(lambda: site.step(job) == 2)  # and in the third step it hangs
        executor.stop(0.0)
        assert future.done()
        assert future.result() == Ending(signal=signal.SIGKILL)
    with take_fence(job.folder / LOCK_FILE) or pytest.fail("it has outlived its executor"):
        pass


@pytest.mark.whole
def test_the_place_of_a_run_changes_nothing(
    catalogue: Catalogue, tmp_path: Path, ganbench_cli: Any
) -> None:
    """The whole command on both, with a run that leaves no record of its own."""
    found = {}
    for executor in ("local", "pods:lab"):
        runs = tmp_path / executor[:5]
        done = ganbench_cli(
            *("run", "vanilla", "hazard-kill", "--task", "ring8", "--seeds", "0", "--jobs", "2"),
            *("--budget", "30steps", "--retries", "0", "--executor", executor, "--runs", str(runs)),
            plugins=PLUGINS,
        )
        assert done.returncode == 1, done.stderr
        records = RunStore(runs).read_all().records
        found[executor] = [
            [one["run_id"], one["status"], one["fresh"], [p["scores"] for p in one["points"]]]
            for one in records
        ]
        assert [one["status"] for one in records] == ["killed", "ok"]
        assert not list(runs.glob("vanilla-*/job.json"))
    assert found["local"] == found["pods:lab"]
