"""A plan that is killed again and again, in every way there is, until it is done all the same."""

from __future__ import annotations

import collections
import csv
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from ganbench.results.store import RunStore

FAULTS = Path(__file__).parents[1] / "data" / "faults"
PATIENT = ("--suite", "faults.toml", "--retries", "1000", "--checkpoint-every", "0.1s")
PATIENT += ("--allow-failures",)  # a run that diverges is a result, and must do so again
SUITE = """
name = "faults"
description = "Short runs with all that can be interrupted."
seeds = "0-1"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "30GFLOP"
fakes = 2500
scores = ["sliced-w2", "modes"]
final_scores = ["w2"]

[[tasks]]
name = "digits"
dataset = "digits"
budget = "30GFLOP"
fakes = 1000
scores = ["fd", "prdc", "classes"]
"""
PHASES = ("training", "evaluation", "checkpoint", "record")
MEASURED = ("seconds", "peak_memory_bytes", "finished", "started", "resumed")
"""What the machine has measured, and what the run has not computed: columns that begin so, or end
in ``_seconds``. All others must be the same to the last byte."""


@dataclass
class Plan:
    """One selection of runs in a folder of its own, started as often as it takes.

    Args:
        folder: where it runs.
        selection: arguments of `ganbench run`.
    """

    folder: Path
    selection: tuple[str, ...]
    counts: collections.Counter[str] = field(default_factory=collections.Counter)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "faults.toml").write_text(SUITE)

    @property
    def runs(self) -> Path:
        """The runs folder."""
        return self.folder / "runs"

    def start(self, faults: Path | None = None) -> subprocess.Popen[bytes]:
        """Start the command in the background; `faults` says how often phases are to kill."""
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        if faults is not None:
            env |= {"PYTHONPATH": str(FAULTS), "FAULTS": str(faults)}
        with (self.folder / "stderr.txt").open("ab") as errors:
            return subprocess.Popen(
                [sys.executable, "-m", "ganbench", "run", *self.selection, *PATIENT],
                cwd=self.folder,
                env=env,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def finish(self) -> None:
        """Run it to its end, undisturbed."""
        code = self.start().wait(timeout=600)
        assert code == 0, (code, (self.folder / "stderr.txt").read_text()[-2000:])

    def publish(self) -> None:
        """Publish what there is."""
        command = [sys.executable, "-m", "ganbench", "publish", "--suite", "faults.toml"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def table(self, name: str) -> list[dict[str, str]]:
        """A published table without what was measured of the machine."""
        with (self.folder / "results" / "faults" / name).open(newline="") as file:
            return [
                {
                    column: value
                    for column, value in row.items()
                    if not column.startswith(MEASURED) and not column.endswith("_seconds")
                }
                for row in csv.DictReader(file)
            ]

    def files(self) -> dict[str, bytes]:
        """History and samples of every run."""
        return {
            str(path.relative_to(self.runs)): path.read_bytes()
            for name in ("history.jsonl", "samples.png", "spec.json")
            for path in self.runs.glob(f"*/{name}")
        }

    def workers(self) -> list[int]:
        """Processes that hold the lock of a run folder, as the kernel knows them."""
        inodes = {lock.stat().st_ino for lock in self.runs.glob("*/lock")}
        lines = (line.split() for line in Path("/proc/locks").read_text().splitlines())
        return [
            int(line[4])
            for line in lines
            if line[1] == "POSIX" and int(line[5].split(":")[2]) in inodes
        ]


@dataclass
class Killer:
    """Kills a plan's processes at random instants, and starts it again, until it is done.

    Args:
        plan: what to disturb.
        quotas: phase -> kills to be made within it, by the workers themselves.
        outside: what to kill from outside, how often: `worker`, `parent` and `server` (SIGKILL),
            `term` and `interrupt` (SIGTERM and SIGINT of the parent), `twice` (a second command on
            the same runs, killed or not).
        seed: of all that is random here.
    """

    plan: Plan
    quotas: dict[str, int]
    outside: dict[str, int]
    seed: int

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311
        self._faults = self.plan.folder / "faults"
        self._faults.mkdir()
        for phase in PHASES:
            (self._faults / phase).write_text(str(self.quotas.get(phase, 0)))
        self._deeds = [deed for deed, times in self.outside.items() for _ in range(times)]
        self._random.shuffle(self._deeds)

    def torment(self, limit: float) -> collections.Counter[str]:
        """Go on until nothing is left to be killed; how many processes died of what.

        Raises:
            AssertionError: that took longer than `limit` seconds.
        """
        deadline, processes = time.monotonic() + limit, [self.plan.start(self._faults)]
        while processes and (self._deeds or self._left()):
            assert time.monotonic() < deadline, (self._deeds, self._left())
            time.sleep(self._random.uniform(0.05, 1.2))
            processes = [one for one in processes if one.poll() is None]
            if not processes:
                if self._done():
                    break
                processes = [self.plan.start(self._faults)]
            elif self._deeds and self.plan.workers() and self._do(self._deeds[-1], processes):
                self.plan.counts[self._deeds.pop()] += 1
        for process in processes:
            process.wait(timeout=max(1.0, deadline - time.monotonic()))
        for phase in PHASES:
            left = int((self._faults / phase).read_text())
            self.plan.counts[phase] = self.quotas.get(phase, 0) - left
        return self.plan.counts

    def _left(self) -> int:
        return sum(int((self._faults / phase).read_text() or 0) for phase in PHASES)

    def _done(self) -> bool:
        """Whether the plan is over, with deeds left undone: the next start would find no work."""
        contents = RunStore(self.plan.runs).read_all()
        return not contents.unfinished and bool(contents.records)

    def _do(self, deed: str, processes: list[Any]) -> bool:
        parent = self._random.choice(processes)
        match deed:
            case "worker":
                return _kill(self._random.choice(self.plan.workers() or [0]))
            case "server":
                servers = psutil.Process(parent.pid).children()
                for server in servers:
                    if "forkserver" in " ".join(server.cmdline()):
                        return _kill(server.pid)
                return False
            case "twice":
                if len(processes) > 1:
                    return False
                processes.append(self.plan.start(self._faults))
            case "parent":
                parent.kill()
                parent.wait()
            case "term" | "interrupt":
                parent.send_signal(signal.SIGTERM if deed == "term" else signal.SIGINT)
                asked = time.monotonic()
                code = parent.wait(timeout=60)
                if code == 0:  # it had just ended
                    return False
                assert code == (143 if deed == "term" else 130), code
                assert time.monotonic() - asked < 15  # five seconds where nothing else runs
        return True


def _kill(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _ends(records: list[Any]) -> list[tuple[str, str]]:
    return [(record["run_id"], record["status"]) for record in records]


def check(plan: Plan, undisturbed: Plan) -> None:
    """All that must hold in the end, whatever has happened."""
    contents = RunStore(plan.runs).read_all()
    assert not contents.unfinished
    expected = RunStore(undisturbed.runs).read_all().records
    assert _ends(contents.records) == _ends(expected)
    assert not {"killed", "error", "oom", "timeout"} & {one["status"] for one in expected}
    assert plan.files() == undisturbed.files()
    for name in ("leaderboard.csv", "runs.csv"):
        assert plan.table(name) == undisturbed.table(name)
    assert not plan.workers()
    assert not list(plan.runs.rglob(".record*.tmp"))
    assert not list(plan.runs.glob("*/checkpoint/*.safetensors"))
