"""The Ray executor's own parts, without a cluster."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, PluginNotUsable
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors import ray as module
from ganbench.execution.executors import ray_task
from ganbench.execution.executors.ray import RayExecutor
from ganbench.execution.executors.ray_task import ORPHAN_SECONDS, Bell

RESOURCES = Conditions().resources("cpu", 1)


def cluster(*nodes: dict[str, float]) -> Any:
    return SimpleNamespace(nodes=lambda: [{"Alive": True, "Resources": node} for node in nodes])


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(PluginNotUsable, match=r"pip install 'ganbench\[ray\]'"):
        RayExecutor(RESOURCES)


def test_addresses_of_clients_are_refused() -> None:
    with pytest.raises(GanbenchError, match="for clients from outside"):
        module._connect(SimpleNamespace(), "ray://somewhere:10001")


def test_there_is_room_for_what_fits_on_single_nodes() -> None:
    nodes = ({"CPU": 7.0, "GPU": 1.0}, {"CPU": 1.0, "GPU": 4.0}, {"CPU": 64.0})
    for demand, room in (
        ({"CPU": 2.0}, 3 + 0 + 32),
        ({"CPU": 1.0, "GPU": 1.0}, 1 + 1 + 0),
        ({"CPU": 1.0, "GPU": 0.1}, 7 + 1 + 0),
    ):
        assert module._room(cluster(*nodes), demand) == room
    with pytest.raises(GanbenchError, match=r"no node .* has what one run needs: 65 CPU"):
        module._room(cluster(*nodes), {"CPU": 65.0})


def test_a_bell_is_heard_by_all_who_have_begun_and_by_those_who_come_later() -> None:
    async def scene() -> None:
        bell = Bell()
        first, second = (asyncio.create_task(bell.heard(name, 0)) for name in "ab")
        left = asyncio.create_task(bell.heard("c", 0))
        await asyncio.sleep(0)
        await bell.leave("c")
        assert await left is None
        assert await bell.ring(4.0) == ["a", "b"]
        assert (await first, await second, await bell.heard("late", 0)) == (4.0, 4.0, 4.0)
        again = asyncio.create_task(bell.heard("a", 1))
        await asyncio.sleep(0)
        assert await bell.ring(0.0) == ["a"]
        assert await again == 0.0

    asyncio.run(scene())


class Line:
    """A bell's handle: what it answers is in the hands of the test."""

    def __init__(self) -> None:
        self.asked: list[Future[float | None]] = []
        self.heard = self.leave = self

    def remote(self, *_: object) -> Any:
        self.asked.append(Future())
        return SimpleNamespace(future=lambda: self.asked[-1])


class AwayError(Exception):
    """Of an actor that is started again."""


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which the test sets; Ray is stood in for."""
    found = [100.0]
    monkeypatch.setattr(ray_task, "time", SimpleNamespace(monotonic=lambda: found[0]))
    ray = SimpleNamespace(
        get_runtime_context=lambda: SimpleNamespace(get_task_id=lambda: "task"),
        exceptions=SimpleNamespace(ActorUnavailableError=AwayError),
    )
    monkeypatch.setitem(sys.modules, "ray", ray)
    return found


def test_a_job_has_as_long_as_the_last_ring_says(now: list[float]) -> None:
    line = Line()
    stop_by = ray_task._Listener(line)
    assert stop_by() is None
    line.asked[-1].set_result(600.0)
    assert stop_by() == 700.0
    now[0] = 110.0
    assert stop_by() == 700.0
    line.asked[-1].set_result(0.0)
    assert stop_by() == 110.0


def test_without_its_command_a_job_leaves(now: list[float]) -> None:
    line = Line()
    stop_by = ray_task._Listener(line)
    line.asked[-1].set_exception(RuntimeError("the actor has died"))
    assert stop_by() == 100.0 + ORPHAN_SECONDS
    now[0] = 200.0
    assert stop_by() == 100.0 + ORPHAN_SECONDS


def test_a_bell_that_is_started_again_ends_no_job(now: list[float]) -> None:
    line = Line()
    stop_by = ray_task._Listener(line)
    line.asked[-1].set_exception(AwayError())
    assert stop_by() is None
    line.asked[-1].set_result(5.0)
    assert stop_by() == 105.0
