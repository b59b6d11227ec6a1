"""What tests of several folders share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"

# What a script starts in the background ignores Ctrl-C, and so do its children: these shall not.
signal.signal(signal.SIGINT, signal.default_int_handler)

RunCli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session", autouse=True)
def _no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests see no settings of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture
def ganbench_cli(tmp_path: Path) -> RunCli:
    """Call the real command in a process of its own, in an empty folder.

    `plugins`: folders with further distributions, as if they were installed.
    """

    def run(
        *arguments: str, plugins: Sequence[Path] = (), timeout: float = 300, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "NO_COLOR": "1", **environment}
        env["PYTHONPATH"] = os.pathsep.join([*map(str, plugins), env.get("PYTHONPATH", "")])
        return subprocess.run(
            [sys.executable, "-m", "ganbench", *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
