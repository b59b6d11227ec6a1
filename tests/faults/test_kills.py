"""Whatever is killed, and whenever: the same command goes on to the same leaderboard."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from ganbench.cli.verbs.publish import command
from ganbench.publishing.manifest import LEADERBOARD_FILE, RUNS_FILE
from ganbench.results.fields import LEADERBOARD_FIELDS, RUN_FIELDS
from ganbench.results.store import RunStore

from ..steering import until
from .campaign import PHASES, Campaign

pytestmark = pytest.mark.whole

TASK = """
[[tasks]]
name = "{name}"
dataset = "{name}"
budget = "{budget}"
fakes = 1000
evaluations = 6
scores = {scores}
final_scores = {final_scores}
"""
RING = {"name": "ring8", "scores": ["sliced-w2", "modes"], "final_scores": ["w2"]}
DIGITS = {"name": "digits", "scores": ["fd", "classes"], "final_scores": ["kid"]}
PACE = ("--jobs", "2", "--checkpoint-every", "0.1s")

VARYING = {
    *("started", "finished", "seconds", "setup_seconds", "evaluation_seconds", "wall_seconds"),
    *("seconds_low", "seconds_high", "seconds_per_step"),
    *("seconds_per_step_low", "seconds_per_step_high"),
    *("peak_memory_bytes", "peak_memory_bytes_low", "peak_memory_bytes_high"),
}
"""The only columns that may differ: dates, times, and the memory of a process, which no two
undisturbed runs have in common either."""


def suite(seeds: str, **budgets: str) -> str:
    tasks = [
        TASK.format(**task, budget=budgets[task["name"]])
        for task in (RING, DIGITS)
        if task["name"] in budgets
    ]
    return "\n".join([f'name = "faults"\ndescription = "Short runs."\nseeds = "{seeds}"', *tasks])


def undisturbed(folder: Path, text: str, *arguments: str) -> Path:
    """The folder of the same plan, run without a fault."""
    folder.mkdir()
    (folder / "suite.toml").write_text(text)
    campaign = Campaign(folder, text, planned=0)
    run = campaign.command("run", "--suite", "suite.toml", *arguments)
    environment = {**campaign.environment(), "GANBENCH_FAULTS": ""}
    done = subprocess.run(run, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def publish(folder: Path) -> None:
    """`ganbench publish`, in this process."""
    assert command.callback is not None
    command.callback(
        folder / "runs", str(folder / "suite.toml"), folder / "results", False, None, ""
    )


def published(folder: Path) -> dict[str, bytes]:
    """The leaderboard's files without the columns that vary."""
    contents = {}
    for name in (LEADERBOARD_FILE, RUNS_FILE):
        lines = (folder / "results" / "faults" / name).read_text().splitlines()
        rows = list(csv.reader(lines))
        kept = [index for index, column in enumerate(rows[0]) if column not in VARYING]
        contents[name] = "\n".join(",".join(row[index] for index in kept) for row in rows).encode()
    return contents


def computed(folder: Path) -> dict[str, Any]:
    """All that the runs have computed, without times and the number of tries."""
    contents = RunStore(folder / "runs").read_all()
    assert contents.warnings == []
    assert contents.unfinished == {}
    return {
        record["run_id"]: [
            record["status"],
            record["columns"],
            record["fresh"],
            [{**point, "used": {**point["used"], "seconds": 0}} for point in record["points"]],
            [
                (folder / "runs" / record["run_id"] / name).read_bytes()
                for name in ("history.jsonl", "samples.png", "generator.safetensors")
            ],
            # Where the suite's file lies is no part of what a run is.
            {**_spec(folder / "runs" / record["run_id"]), "folder": ""},
        ]
        for record in contents.records
    }


def _spec(run: Path) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads((run / "spec.json").read_text("utf-8"))
    return spec


def check(campaign: Campaign, straight: Path, runs: int) -> None:
    """Nothing lost, nothing twice, nothing else, nothing left behind."""
    results = computed(campaign.folder)
    assert len(results) == runs
    assert {status for status, *_ in results.values()} == {"ok"}
    assert results == computed(straight)
    assert sorted(path.name for path in campaign.runs.iterdir()) == sorted(results)
    for folder in campaign.runs.iterdir():
        files = {path.name for path in folder.iterdir()} - {"progress.json"}
        assert files == {*KEPT}, folder
        assert not list((folder / "checkpoint").iterdir())
    assert campaign.workers() == []
    until(lambda: not processes(campaign))
    publish(campaign.folder)
    publish(straight)
    assert published(campaign.folder) == published(straight)


KEPT = ("spec.json", "record.json", "history.jsonl", "log.txt", "lock", "checkpoint")
KEPT += ("samples.png", "samples", "generator.safetensors")


def processes(campaign: Campaign) -> list[psutil.Process]:
    """Whatever stays alive of the campaign.

    The fork server of a killed command first loads torch, and then sees that nobody needs it.
    """
    mark = str(campaign.faults)
    alive = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("GANBENCH_FAULTS") == mark:
                alive.append(process)
        except psutil.Error:
            continue
    return alive


@pytest.fixture
def campaign(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Campaign]:
    """A campaign of the test's parameters: suite, arguments, number of runs, seed."""
    text, *arguments, planned, seed = request.param
    (tmp_path / "killed").mkdir()
    one = Campaign(tmp_path / "killed", text, *arguments, planned=planned, seed=seed)
    yield one
    one.close()


SHORT = (suite("0", ring8="250steps"), "vanilla", "dcgan", *PACE, 2, 1)


@pytest.mark.parametrize("campaign", [SHORT], indirect=True)
def test_kills_in_every_phase_change_nothing(campaign: Campaign, tmp_path: Path) -> None:
    straight = undisturbed(tmp_path / "straight", *SHORT[:-2])
    campaign.gates.shut("training:step")
    campaign.start()
    until(lambda: campaign.gates.told("training:step"))
    campaign.kill_server()
    for point in (
        "training:step",
        "evaluation:sample",
        "checkpoint:fsync",
        "checkpoint:replace-done",
        "record:begin",
        "record:link",
    ):
        campaign.arm(point, "self")
    campaign.arm("record:link-done", "parent")
    campaign.gates.open("training:step")
    campaign.finish()
    assert campaign.total == 8
    check(campaign, straight, 2)
    publishing_is_killed(campaign, straight)


def publishing_is_killed(campaign: Campaign, straight: Path) -> None:
    """Readers never see half a file, and the next publication mends and tidies everything."""
    folder = campaign.folder / "results" / "faults"
    for point in ("publishing:fsync", "publishing:replace-done"):
        campaign.arm(point, "self")
        killed = campaign.command("publish", "--suite", "suite.toml")
        done = subprocess.run(killed, cwd=campaign.folder, env=campaign.environment())
        assert done.returncode == -signal.SIGKILL
        assert published(campaign.folder) == published(straight)
    left = list(folder.glob(".*.tmp"))
    assert left
    for path in left:
        os.utime(path, (0, 0))
    campaign.collect()
    publish(campaign.folder)
    assert published(campaign.folder) == published(straight)
    assert len(list(folder.iterdir())) == 3


STARTERS = ("vanilla", "dcgan", "wgan-gp")
LONG = (suite("0-1", ring8="30GFLOP", digits="60GFLOP"), *STARTERS, *PACE, 12, 20260101)


@pytest.mark.faults
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("campaign", [LONG], indirect=True)
def test_a_hundred_kills_change_nothing(campaign: Campaign, tmp_path: Path) -> None:
    straight = undisturbed(tmp_path / "straight", *LONG[:-2])
    campaign.disturb(110)
    campaign.finish()
    phases, victims = campaign.by_phase(), campaign.by_victim()
    print(f"\n{campaign.total} kills over {campaign.starts} commands, seed {LONG[-1]}")
    print("in phases:", dict(phases.most_common()))
    print("of:", dict(victims.most_common()))
    assert campaign.total >= 100
    assert all(phases[phase] > 0 for phase in PHASES)
    assert all(victims[victim] > 0 for victim in ("worker", "parent", "server"))
    check(campaign, straight, 12)
    publishing_is_killed(campaign, straight)


def test_the_columns_that_may_differ_are_those_that_say_so() -> None:
    assert {one.name for one in (*RUN_FIELDS, *LEADERBOARD_FIELDS) if one.varies} == VARYING
