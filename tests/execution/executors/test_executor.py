"""Executors by name, built from plugins, and stopped however their use ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, PluginNotUsable, UsageError
from ganbench.api.executors import Limits, Resources
from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.execution.executors.child import Place
from ganbench.execution.executors.executor import (
    GRACE_SECONDS,
    choose_executor,
    open_executor,
)
from ganbench.execution.executors.local import LocalExecutor

LIMITS = Limits(seconds=60.0, host_bytes=None, output_bytes=10**9)
RESOURCES = Resources(device="cpu", jobs=3, limits=LIMITS)

PLUGIN = """
from ganbench import ExecutorSpec, GanbenchError, Parameter, hookimpl

class Cluster:
    stops = []

    def __init__(self, resources, partition="", slots=5, refusal=""):
        if refusal:
            raise GanbenchError(refusal, "start the cluster")
        self.slots = {0: "many", 1: 0}.get(slots, slots)
        self.asked = resources, partition

    def stop(self, grace):
        self.stops.append(grace)
        if len(self.stops) == 1 and self.asked[1] == "impatient":
            raise KeyboardInterrupt

def broken(resources):
    raise ValueError("no scheduler")

@hookimpl
def ganbench_executors():
    parameters = {
        "partition": Parameter(default="", help="where"),
        "slots": Parameter(default=5, help="how many"),
        "refusal": Parameter(default="", help="why not"),
    }
    return [
        ExecutorSpec(name="cluster", description="c", build=Cluster, parameters=parameters,
                     argument="partition"),
        ExecutorSpec(name="broken", description="b", build=broken),
        ExecutorSpec(name="lost", description="l", build="no_such_module:build"),
    ]
"""

Find = Callable[[], list[EntryPoint]]


@pytest.fixture
def catalogue(install: Callable[..., None], find: Find) -> Catalogue:
    install("ganbench-cluster", {"my_cluster.py": PLUGIN})
    return Catalogue(find())


def opened(text: str, catalogue: Catalogue) -> Any:
    with open_executor(text, RESOURCES, catalogue) as executor:
        return executor


@pytest.mark.parametrize(
    ("text", "partition", "slots"),
    [
        ("cluster", "", 5),
        ("cluster:gpu", "gpu", 5),
        ("cluster:gpu[slots=7]", "gpu", 7),
        ("cluster[partition=gpu,slots=7]", "gpu", 7),
        ("cluster:ray://head:10001", "ray://head:10001", 5),
    ],
)
def test_a_name_with_its_address_and_settings(
    catalogue: Catalogue, text: str, partition: str, slots: int
) -> None:
    executor = opened(text, catalogue)
    assert executor.asked == (RESOURCES, partition)
    assert executor.slots == slots
    assert executor.stops == [GRACE_SECONDS]


def test_the_built_in_one_is_a_plugin_like_others() -> None:
    spec, parameters = choose_executor("local", installed_catalogue())
    assert (spec.name, parameters) == ("local", {})
    executor = opened("local", installed_catalogue())
    assert isinstance(executor, LocalExecutor)
    assert executor.slots == 3
    assert installed_catalogue().plugin_of(spec).name == "executors"


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("clustr", UsageError, "unknown executor 'clustr'.*did you mean cluster"),
        ("cluster[slot=7]", UsageError, "cluster has no parameter 'slot'"),
        ("cluster[slots=x]", UsageError, "cluster.slots is 'x', not an integer"),
        ("broken:gpu", UsageError, "executor broken takes nothing behind a colon: 'broken:gpu'"),
        ("broken", PluginNotUsable, "executor broken cannot be built: ValueError: no scheduler"),
        ("lost", PluginNotUsable, "executor lost cannot be built: ModuleNotFoundError: No module"),
        ("cluster[slots=0]", PluginNotUsable, "positive number of slots, it has 'many' (a str)"),
        ("cluster[slots=1]", PluginNotUsable, "positive number of slots, it has 0 (an int)"),
        ("cluster[refusal=the head is down]", GanbenchError, "the head is down"),
    ],
)
def test_what_is_wrong_is_named(
    catalogue: Catalogue, text: str, error: type[GanbenchError], message: str
) -> None:
    pattern = re.escape(message).replace(r"\.\*", "(?s:.*)")
    with pytest.raises(error, match=pattern) as told:
        opened(text, catalogue)
    if error is PluginNotUsable:
        assert "my_cluster" in told.value.message


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_however_a_block_ends_no_job_is_left(
    catalogue: Catalogue, error: type[BaseException]
) -> None:
    with pytest.raises(error), open_executor("cluster", RESOURCES, catalogue) as executor:
        raise error
    assert executor.stops == [GRACE_SECONDS]  # type: ignore[attr-defined]


def test_who_is_interrupted_again_has_no_more_patience(catalogue: Catalogue) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        open_executor("cluster:impatient", RESOURCES, catalogue) as executor,
    ):
        pass
    assert executor.stops == [GRACE_SECONDS, 0.0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("jobs", "threads", "slots"), [(None, 1, 6), (None, 2, 3), (None, 4, 1), (5, 2, 5), (1, 6, 1)]
)
def test_cores_are_shared_by_as_many_runs_as_they_have_threads_for(
    monkeypatch: pytest.MonkeyPatch, jobs: int | None, threads: int, slots: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for module in ("machine.threads", "execution.executors.local"):
        monkeypatch.setattr(f"ganbench.{module}.usable_cores", lambda: 6)
    executor = LocalExecutor(Resources(device="cpu", jobs=jobs, limits=LIMITS, threads=threads))
    assert executor.slots == slots
    executor.stop(0.0)


def taken_places(executor: LocalExecutor) -> list[Place]:
    return [executor._places.get_nowait() for _ in range(executor.slots)]


def on_gpus(monkeypatch: pytest.MonkeyPatch, jobs: int | None, each: int) -> LocalExecutor:
    monkeypatch.setattr("ganbench.execution.executors.local.cuda_devices", lambda: ("0", "1"))
    return LocalExecutor(Resources(device="cuda", jobs=jobs, limits=LIMITS, runs_per_gpu=each))


@pytest.mark.parametrize(
    ("jobs", "each", "gpus"), [(None, 1, "01"), (None, 3, "010101"), (1, 3, "0"), (3, 2, "010")]
)
def test_gpus_are_shared_by_as_many_runs_as_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, jobs: int | None, each: int, gpus: str
) -> None:
    """A second run goes to a GPU when each has one."""
    executor = on_gpus(monkeypatch, jobs, each)
    assert taken_places(executor) == [Place(gpu=gpu) for gpu in gpus]
    executor.stop(0.0)


def test_each_slot_has_cores_of_its_own_where_there_are_some_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = [frozenset({0, 1}), frozenset({2, 3})]
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(
        "ganbench.execution.executors.local.own_cores", lambda *of: asked.append(of) or own
    )
    monkeypatch.setattr("ganbench.machine.threads.usable_cores", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    executor = LocalExecutor(Resources(device="cpu", jobs=2, limits=LIMITS, threads=2))
    assert asked == [(2, 2)]
    assert taken_places(executor) == [Place(cores=cores) for cores in own]
    executor.stop(0.0)


def test_runs_of_more_threads_than_there_are_cores_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ganbench.machine.threads.usable_cores", lambda: 6)
    with pytest.raises(UsageError, match="runs of 7 threads each"):
        LocalExecutor(Resources(device="cpu", jobs=1, limits=LIMITS, threads=7))


def test_a_gpu_is_needed_for_slots_on_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ganbench.execution.executors.local.cuda_devices", lambda: ())
    with pytest.raises(GanbenchError, match="no usable GPU"):
        LocalExecutor(Resources(device="cuda", jobs=None, limits=LIMITS))
