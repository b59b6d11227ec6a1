"""What tests steer other processes with: a gate that is never opened must not let anybody pass."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from .data.gates import ganbench_gates
from .steering import GATES, Gates, python_path, until

RUN = """
from ganbench_gates import Gates
gates = Gates.of_environment()
gates.come_to("half")
gates.tell("beyond")
"""


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    return Gates(tmp_path)


def begin(gates: Gates) -> subprocess.Popen[str]:
    env = {**os.environ, **python_path(GATES), **gates.environment}
    return subprocess.Popen([sys.executable, "-c", RUN], env=env, stderr=subprocess.PIPE, text=True)


def test_a_gate_holds_until_it_opens(gates: Gates) -> None:
    gates.shut("half")
    with begin(gates) as run:
        until(lambda: gates.told("half"), run)
        assert gates.told("half") == [run.pid]
        assert gates.told("beyond") == []
        gates.open("half")
        until(lambda: gates.told("beyond"), run)
        assert run.wait() == 0


def test_gates_are_open_at_first_and_where_there_are_none(gates: Gates) -> None:
    gates.come_to("half")
    assert gates.told("half") == []
    nowhere = Gates(None)
    nowhere.come_to("half")
    nowhere.tell("half")
    assert nowhere.told("half") == []


def test_a_gate_that_nobody_opens_fails_loudly(
    gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ganbench_gates, "SAFETY_SECONDS", -1.0)
    gates.shut("half")
    with pytest.raises(TimeoutError, match="nobody has opened the gate half"):
        gates.come_to("half")


def test_to_be_asked_to_stop_opens_a_gate_and_is_passed_on(gates: Gates) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))

    def ask() -> None:
        until(lambda: gates.told("half"))
        os.kill(os.getpid(), signal.SIGTERM)

    asking = threading.Thread(target=ask)
    gates.shut("half")
    try:
        asking.start()
        gates.come_to("half")
    finally:
        asking.join()
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
    assert gates.told("asked") == [os.getpid()]


def test_who_waits_for_the_dead_is_told() -> None:
    dead = subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit('my last words')"],
        stderr=subprocess.PIPE,
        text=True,
    )
    with dead, pytest.raises(AssertionError, match="exit code 1: my last words"):
        until(lambda: False, dead)
