"""A command that is forked is as one that is started."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ganbench.execution.executors.forkserver import PRELOADED

from .warm import Warm

ENVIRONMENT = {**os.environ, "NO_COLOR": "1"}
PLUGIN = """
import os, pathlib, sys
from ganbench import hookimpl

@hookimpl
def ganbench_losses():
    for stream in (sys.stdout, sys.stderr):
        print("my", os.environ.get("GANBENCH_MINE"), pathlib.Path.cwd().name, file=stream)
    return []
"""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--version",), 0),
        (("list", "variants"), 0),
        (("-P", "mine.py", "plugins"), 0),
        (("table",), 2),
        (("nonsense",), 2),
        (("info", "nothing"), 2),
    ],
)
def test_it_says_and_returns_the_same(
    arguments: tuple[str, ...], code: int, warm: Warm, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(PLUGIN)
    env = {**ENVIRONMENT, "GANBENCH_MINE": "own"}
    assert warm.suits(env)
    forked = warm.run(arguments, tmp_path, env)
    started = subprocess.run(
        [sys.executable, "-m", "ganbench", *arguments],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    assert forked.returncode == started.returncode == code
    assert (forked.stdout, forked.stderr) == (started.stdout, started.stderr)
    assert ("own" in forked.stdout + forked.stderr) == ("mine.py" in arguments)


def test_a_variable_that_is_read_at_the_start_asks_for_a_start(warm: Warm) -> None:
    assert warm.suits({**ENVIRONMENT, "PYTHONPATH": "/elsewhere", "COLUMNS": "70"})
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "HOME", "LC_ALL"):
        assert not warm.suits({**ENVIRONMENT, name: "7"})


def test_what_libraries_set_when_they_are_imported_asks_for_none(warm: Warm) -> None:
    for name in PRELOADED:
        if not name.endswith(".server"):
            import_module(name)
    assert warm.suits(os.environ)


def test_nothing_hangs_where_the_process_has_ended(tmp_path: Path) -> None:
    ended = Warm(sys.executable, ENVIRONMENT)
    ended.close()
    with pytest.raises(OSError, match=r"No such file|refused"):
        ended.run(["--version"], tmp_path, ENVIRONMENT)
