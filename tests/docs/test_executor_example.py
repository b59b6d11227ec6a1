"""The executor of docs/configuration.md trains, and leaves when it is asked to."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ganbench.results.store import RunStore

from ..steering import until

CONFIGURATION = Path(__file__).parents[2] / "docs" / "configuration.md"
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.whole
def test_it_trains_and_keeps_the_state(ganbench_cli: Cli, tmp_path: Path) -> None:
    text = CONFIGURATION.read_text("utf-8")
    (example,) = re.findall(r"<!-- executor example -->\n```python\n(.*?)```", text, re.DOTALL)
    (command,) = re.findall(r"`ganbench (run vanilla .* --executor plain --jobs 2)`", text)
    (tmp_path / "plain.py").write_text(example)
    chosen = [*command.split(), "--task", "ring8", "--seeds", "0"]
    done = ganbench_cli(*chosen, "--budget", "10steps")
    assert done.returncode == 0, done.stderr
    store = RunStore(tmp_path / "runs")
    (record,) = store.read_all().records
    assert record["status"] == "ok"

    endless = [sys.executable, "-m", "ganbench", *chosen, "--budget", "1000000steps"]
    with subprocess.Popen(endless, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as run:
        until(lambda: any(map(store.read_progress, store.read_all().unfinished)), run)
        run.send_signal(signal.SIGTERM)
        _, stderr = run.communicate()
    assert run.returncode == 143
    assert "the same command goes on" in stderr
    (unfinished,) = store.read_all().unfinished
    assert (store.folder(unfinished) / "job.json").exists()
