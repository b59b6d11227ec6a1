"""Starting the command in the background, with plugins that misbehave or wait for the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..steering import GATES, HAZARDS, Gates, python_path

Start = Callable[..., "subprocess.Popen[str]"]

ROOM = 2**21


@pytest.fixture
def gates(tmp_path: Path) -> Gates:
    """All open."""
    folder = tmp_path / "gates"
    folder.mkdir()
    return Gates(folder)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `ganbench run` in the background; whatever is left of it ends with the test.

    `gates`: where its runs wait. `steered`: its patience and its time limits are the test's
    (`data/gates/ganbench_steered.py`).
    """
    started: list[subprocess.Popen[str]] = []

    def begin(
        *arguments: str, gates: Gates | None = None, steered: bool = False
    ) -> subprocess.Popen[str]:
        module = "ganbench_steered" if steered else "ganbench"
        env = {**os.environ, "NO_COLOR": "1", **python_path(HAZARDS, GATES)}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", module, "run", *arguments],
                cwd=tmp_path,
                env=env | (gates.environment if gates else {}),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs: root, to mount a small disk ({done.stderr.strip()})")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
