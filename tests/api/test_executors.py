"""What executors say about the end of a job."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

import pytest

from ganbench import Breach, Ending


@pytest.mark.parametrize("code", [0, 3, 143])
def test_an_exit_code_is_taken_as_it_is(code: int) -> None:
    done = subprocess.run([sys.executable, "-c", f"import os; os._exit({code})"], check=False)
    assert Ending.of(done.returncode) == Ending(exit_code=code)
    assert Ending.of(done.returncode).signal_name is None


def test_a_signal_is_told_from_an_exit_code() -> None:
    script = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    done = subprocess.run([sys.executable, "-c", script], check=False)
    ending = Ending.of(done.returncode)
    assert (ending.exit_code, ending.signal, ending.signal_name) == (None, 9, "SIGKILL")


def test_a_signal_without_a_name_is_shown_by_its_number() -> None:
    number = signal.SIGRTMIN + 3
    assert Ending(signal=number).signal_name == f"signal {number}"


def test_the_limit_that_was_hit_comes_with_it() -> None:
    breach = Breach("memory", "used too much")
    assert Ending.of(-9, breach) == Ending(signal=9, breach=breach)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Breach("disk", "x"), "Breach: limit must be one of 'time', 'memory', 'output'"),  # type: ignore[arg-type]
        (lambda: Ending(exit_code="0"), "Ending: exit_code must be an integer or None"),  # type: ignore[arg-type]
        (lambda: Ending(breach="time"), "Ending: breach must be a Breach or None"),  # type: ignore[arg-type]
    ],
)
def test_what_an_executor_says_wrongly_is_named(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()
