"""Other machines than this one: their clocks, their waiting and their cores."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import any_speed
from .steering import python_path

PROGRAM = """
import multiprocessing, queue, selectors, threading, time
from contextlib import suppress
from multiprocessing.connection import wait

def real():
    return time.clock_gettime(time.CLOCK_MONOTONIC)

before, told, after = real(), time.monotonic() * SPEED, real()
assert before - 1e-3 <= told <= after + 1e-3

one, other = multiprocessing.Pipe()

def get(seconds):
    with suppress(queue.Empty):
        queue.Queue().get(timeout=seconds)

for function in (
    time.sleep,
    threading.Event().wait,
    lambda seconds: wait([one], seconds),
    one.poll,
    selectors.DefaultSelector().select,
    get,
):
    before, told = real(), time.perf_counter()
    function(0.01)
    assert real() - before >= 0.009 * SPEED, function
    assert time.perf_counter() - told >= 0.009, function
"""


@pytest.mark.parametrize("speed", any_speed.SPEEDS.values())
def test_clocks_and_waits_agree(speed: float) -> None:
    env = {**os.environ, **python_path(any_speed.SPEED), "GANBENCH_TEST_SPEED": str(speed)}
    program = PROGRAM.replace("SPEED", str(speed))
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_crowded_machine_has_one_core(tmp_path: Path) -> None:
    cores = os.sched_getaffinity(0)
    test = tmp_path / "test_cores.py"
    for wanted, code in ((1, 0), (2, 1)):
        test.write_text(
            f"import os\n\ndef test_cores():\n    assert len(os.sched_getaffinity(0)) == {wanted}\n"
        )
        assert any_speed.pytest_on("crowded", ["-q", "-p", "no:cacheprovider", str(test)]) == code
    assert os.sched_getaffinity(0) == cores
