"""A plan of 24 runs on a cluster that loses a worker, then a node, then the command itself.

Every run finishes, and the leaderboard is that of one machine that nothing happens to.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganbench.results.store import LOCK_FILE, RECORD_FILE, RunStore
from ganbench.storage.locks import is_held

from ..clusters import CPUS
from ..steering import Gates, is_alive, until, workers
from .conftest import Cluster

pytestmark = pytest.mark.cluster

RUNS = 24
AT_A_TIME = 2 * CPUS
GATE = "step-8"
SUITE = """
name = "campaign"
variants = ["hazard-gated"]
seeds = "{}"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "20steps"
fakes = 1000
evaluations = 2
scores = ["modes", "sliced-w2"]
"""


class Campaign:
    """The plan in a folder.

    Args:
        folder: for suite and runs.
        gates: where its runs wait.
        seeds: of the runs.
    """

    def __init__(self, folder: Path, gates: Gates, seeds: str = f"0-{RUNS - 1}") -> None:
        self._folder = folder
        self._gates = gates
        self._commands: list[subprocess.Popen[str]] = []
        (folder / "campaign.toml").write_text(SUITE.format(seeds))
        self.runs = folder / "runs"

    def start(self, executor: str, jobs: int, *options: str) -> subprocess.Popen[str]:
        command = self._begin(
            *("run", "--suite", "campaign.toml", "--executor", executor, "--jobs", str(jobs)),
            *("--device", "cpu", "--retries", "3", "--checkpoint-every", "0.000001s", *options),
        )
        self._commands.append(command)
        return command

    def finish(self, executor: str, jobs: int) -> None:
        command = self.start(executor, jobs)
        _, stderr = command.communicate()
        assert command.returncode == 0, stderr

    def held(self) -> set[str]:
        """Ids of runs that a worker is at."""
        return {one.name for one in self.runs.iterdir() if is_held(one / LOCK_FILE)}

    def ended(self) -> set[str]:
        return {one.parent.name for one in self.runs.glob(f"*/{RECORD_FILE}")}

    def leaderboard(self) -> dict[str, list[dict[str, str]]]:
        """The published tables, but for times, memory and when it was."""
        command = self._begin("publish", "--suite", "campaign.toml", "--unranked", "--out", "out")
        _, stderr = command.communicate()
        assert command.returncode == 0, stderr
        found = {}
        for file in (self._folder / "out" / "campaign").glob("*.csv"):
            with file.open(newline="") as table:
                found[file.name] = [
                    {key: cell for key, cell in row.items() if not _is_of_the_hour(key)}
                    for row in csv.DictReader(table)
                ]
        return found

    def _begin(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ganbench", *arguments],
            cwd=self._folder,
            env={**os.environ, **self._gates.environment, "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> None:
        for command in self._commands:
            command.kill()
            command.communicate()


def _is_of_the_hour(column: str) -> bool:
    return "seconds" in column or column.startswith(("started", "finished", "peak_memory"))


@pytest.fixture
def campaigns(tmp_path: Path) -> Iterator[tuple[Campaign, Campaign, Gates]]:
    """One for the cluster, one for this machine, and the gates of the first."""
    for name in ("cluster", "local", "shut", "open"):
        (tmp_path / name).mkdir()
    gates = Gates(tmp_path / "shut")
    found = (
        Campaign(tmp_path / "cluster", gates),
        Campaign(tmp_path / "local", Gates(tmp_path / "open")),
    )
    yield *found, gates
    for one in found:
        one.end()


def test_it_ends_as_on_one_machine(
    cluster: Cluster, campaigns: tuple[Campaign, Campaign, Gates]
) -> None:
    campaign, undisturbed, gates = campaigns
    gates.shut(GATE)
    # Half of the plan at first: else all of it might have ended before its command is killed.
    command = campaign.start(cluster.executor, AT_A_TIME, "--seeds", f"0-{RUNS // 2 - 1}")
    until(lambda: len(gates.told(GATE)) == AT_A_TIME, command)

    os.kill(gates.told(GATE)[0], signal.SIGKILL)  # a worker: its run is tried again
    until(lambda: len(gates.told(GATE)) == AT_A_TIME + 1, command)

    before = campaign.held()
    cluster.lose_node()
    until(lambda: len(campaign.held()) <= CPUS, command)
    lost = before - campaign.held()
    gates.open(GATE)
    _, stderr = command.communicate()  # the other node does it all
    assert command.returncode == 0, stderr
    assert len(campaign.ended()) == RUNS // 2
    assert len(lost) == AT_A_TIME - CPUS

    gates.shut(GATE)
    seen = {*gates.told(GATE)}
    command = campaign.start(cluster.executor, AT_A_TIME)
    until(lambda: len({*gates.told(GATE)} - seen) == CPUS, command)
    command.kill()
    command.wait()
    if cluster.ends_jobs_with_their_command:
        until(lambda: not any(map(is_alive, gates.told(GATE))))
    gates.open(GATE)
    campaign.finish(cluster.executor, AT_A_TIME)

    records = RunStore(campaign.runs).read_all().records
    assert len(records) == RUNS
    assert {record["status"] for record in records} == {"ok"}
    assert sum(record["resumed"] for record in records) >= len(lost) + 1
    assert not workers(campaign.runs)
    undisturbed.finish("local", 2)
    assert campaign.leaderboard() == undisturbed.leaderboard()
    assert len(campaign.leaderboard()["runs.csv"]) == RUNS
