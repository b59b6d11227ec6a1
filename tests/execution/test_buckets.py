"""Plans on a bucket with real workers: the same results, none twice, and nothing lost by a kill."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ganbench.functions.results import publish
from ganbench.functions.runs import run
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.mirrors import open_runs
from ganbench.storage.bucket import Bucket

from ..steering import GATES, HAZARDS, Gates, python_path, until
from ..stores import new_store

pytestmark = pytest.mark.whole

GATE = "step-8"
SUITE = """
name = "campaign"
variants = ["{}"]
seeds = "{}"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "20steps"
fakes = 1000
evaluations = 2
scores = ["modes", "sliced-w2"]
"""


class Machine:
    """A machine of its own: no folder is shared with any other, but the cache of what is computed.

    Args:
        folder: all that it has.
        url: of the bucket.
        gates: where its runs wait.
    """

    def __init__(self, folder: Path, url: str, gates: Gates) -> None:
        folder.mkdir()
        (folder / "campaign.toml").write_text(SUITE.format("hazard-gated", "0-3"))
        self._folder = folder
        self._url = url
        self._environment = {"GANBENCH_CACHE": str(folder / "cache"), **gates.environment}
        self._commands: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The command in the background, steered as `data/gates/ganbench_steered.py` says."""
        self._commands.append(
            subprocess.Popen(
                [
                    *(sys.executable, "-m", "ganbench_steered"),
                    *(*arguments, "--runs", self._url),
                ],
                cwd=self._folder,
                env={
                    **os.environ,
                    "NO_COLOR": "1",
                    **python_path(HAZARDS, GATES),
                    **self._environment,
                },
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return self._commands[-1]

    def run(self, *options: str) -> subprocess.Popen[str]:
        return self.start(
            *("run", "--suite", "campaign.toml", "--jobs", "2", "--device", "cpu"),
            *("--checkpoint-every", "0.000001s", *options),
        )

    def states(self) -> list[str]:
        """What `status` says of the runs."""
        stdout, _ = finished(self.start("status", "--json"))
        return [state["status"] for state in json.loads(stdout)]

    def mirror(self, patch: pytest.MonkeyPatch) -> MirrorStore:
        """Its runs, without a look into the bucket."""
        with patch.context() as own:
            own.setenv("GANBENCH_CACHE", self._environment["GANBENCH_CACHE"])
            store = open_runs(self._url)
        assert isinstance(store, MirrorStore)
        return store

    def end(self) -> None:
        for command in self._commands:
            command.kill()
            command.communicate()


def finished(command: subprocess.Popen[str]) -> tuple[str, str]:
    stdout, stderr = command.communicate()
    assert command.returncode == 0, stderr
    return stdout, stderr


@pytest.fixture
def machines(tmp_path: Path, gates: Gates, url: str) -> Iterator[tuple[Machine, Machine]]:
    """Two with one bucket; their commands end with the test."""
    made = Machine(tmp_path / "one", url, gates), Machine(tmp_path / "other", url, gates)
    yield made
    for machine in made:
        machine.end()


@pytest.fixture(params=[pytest.param("file", marks=pytest.mark.slow), "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What lies in memory has one process alone."""
    return new_store(request.param, tmp_path, monkeypatch)


def table(folder: Path) -> Mapping[str, list[dict[str, str]]]:
    """The published files, but for times, memory and when it was."""
    found = {}
    for file in sorted(folder.rglob("*.csv")):
        with file.open(newline="") as opened:
            found[file.name] = [
                {key: cell for key, cell in row.items() if not _is_of_the_hour(key)}
                for row in csv.DictReader(opened)
            ]
    return found


def _is_of_the_hour(column: str) -> bool:
    return "seconds" in column or column.startswith(("started", "finished", "peak_memory"))


def with_checkpoints(bucket: Bucket) -> set[str]:
    """Runs that have any: one or, where a slow machine keeps several, the one before as well."""
    parts = (key.partition("/checkpoint/") for key in bucket.listing())
    return {run for run, found, _ in parts if found}


def test_the_leaderboard_of_a_bucket_is_that_of_a_folder(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    (suite := tmp_path / "campaign.toml").write_text(SUITE.format("vanilla", "0-1"))
    tables = []
    for name, runs in (("here", tmp_path / "runs"), ("there", store_url)):
        frame = run(everything=True, suite=suite, device="cpu", runs=runs, progress=False)
        assert list(frame["status"]) == ["ok", "ok"]
        publish(runs, suite, tmp_path / name, unranked=True)
        tables.append(table(tmp_path / name))
    assert tables[0] == tables[1]
    assert len(tables[0]["runs.csv"]) == 2


def test_two_machines_share_a_plan_and_do_no_run_twice(
    machines: tuple[Machine, Machine], gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machines
    gates.shut(GATE)
    first = one.run()
    until(lambda: len(gates.told(GATE)) == 2, first)
    second = other.run()
    until(lambda: len(gates.told(GATE)) == 4, first, second)
    until(lambda: other.states() == ["running"] * 4, first, second)
    gates.open(GATE)
    for command in (first, second):
        finished(command)
    assert len(gates.told(GATE)) == 4
    left = [machine.mirror(monkeypatch) for machine in (one, other)]
    records = left[0].finished(left[0].ids()).records
    assert len(records) == 4
    assert left[1].finished(left[1].ids()).records == records
    assert not [path for store in left for path in store.root.glob("*/*.replaced-*")]


def test_after_a_kill_another_machine_goes_on_from_the_checkpoints(
    url: str,
    machines: tuple[Machine, Machine],
    gates: Gates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = machines
    bucket = Bucket(url)
    gates.shut(GATE)
    first = one.run("--seeds", "0-1")
    until(lambda: len(gates.told(GATE)) == 2, first)
    until(lambda: len(with_checkpoints(bucket)) == 2, first)
    first.kill()
    first.wait()
    gates.open(GATE)
    gates.tell("the day is over")
    _, stderr = finished(other.run("--seeds", "0-1"))
    records = other.mirror(monkeypatch).read_all().records
    assert [record["status"] for record in records] == ["ok", "ok"], stderr
    assert [record["resumed"] for record in records] == [1, 1]
    assert not with_checkpoints(bucket)
