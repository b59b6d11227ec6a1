"""Killing `ganbench run` over and over, and counting what was hit while it did what."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from ganbench.results.store import RunStore

from ..steering import GATES, Gates, python_path, until, workers

INJECTOR = Path(__file__).parent / "injector"

POINTS = {
    "training:step": ("self", "parent"),
    "evaluation:begin": ("self", "parent"),
    "evaluation:sample": ("self", "parent"),
    "evaluation:end": ("self",),
    "checkpoint:begin": ("self",),
    "checkpoint:fsync": ("self", "parent"),
    "checkpoint:replace": ("self", "parent"),
    "checkpoint:replace-done": ("self", "parent"),
    "checkpoint:end": ("self", "parent"),
    "sheet:begin": ("self",),
    "sheet:end": ("parent",),
    "record:begin": ("self",),
    "record:fsync": ("self", "parent"),
    "record:link": ("self", "parent"),
    "record:link-done": ("self", "parent"),
    "record:end": ("self", "parent"),
    "leaving:unlink": ("self", "parent"),
    "planning:fsync": ("self",),
    "planning:link": ("self",),
    "planning:link-done": ("self",),
}
"""Where the injector can kill, and whom."""

EXIT_CODES = (0, 130, 143, -signal.SIGKILL, -signal.SIGINT, -signal.SIGTERM)
"""All runs ok, stopped as documented, or ended by a signal: before Python was up, for the last two.
Anything else is a failure that no fault may cause."""

AHEAD = 8
"""So many kills may come before their turn."""

PHASES = ("training", "evaluation", "checkpoint", "record")


class Campaign:
    """A plan that is run to its end, whatever happens to its processes.

    Args:
        folder: of the suite file, the runs and what the injector needs.
        suite: text of a suite.
        arguments: of `ganbench run`, besides.
        planned: how many runs that makes.
        seed: of the instants and the choices.
    """

    def __init__(
        self, folder: Path, suite: str, *arguments: str, planned: int, seed: int = 0
    ) -> None:
        self.folder = folder
        self.runs = folder / "runs"
        self.faults = folder / "faults"
        self.kills: Counter[tuple[str, str]] = Counter()
        self.starts = 0
        self._random = random.Random(seed)  # noqa: S311 - chosen at random, and again
        self._arguments = arguments
        self._planned = planned
        self._cards: list[Callable[[Campaign], None]] = []
        self._parents: list[subprocess.Popen[bytes]] = []
        for name in ("phase", "armed", "spent", "gates"):
            (self.faults / name).mkdir(parents=True)
        self.gates = Gates(self.faults / "gates")
        (folder / "suite.toml").write_text(suite)

    @property
    def total(self) -> int:
        """Kills and requests to stop so far."""
        return sum(self.kills.values())

    def by_phase(self) -> Counter[str]:
        """Kills by what the worker was doing; the record's phase ends when its worker has left."""
        phases: Counter[str] = Counter()
        for (_, phase), count in self.kills.items():
            phases["record" if phase == "leaving" else phase] += count
        return phases

    def by_victim(self) -> Counter[str]:
        """Kills by who was hit."""
        victims: Counter[str] = Counter()
        for (victim, _), count in self.kills.items():
            victims[victim] += count
        return victims

    def command(self, *arguments: str) -> list[str]:
        """`ganbench` with the injector in the command itself, and not just in its workers."""
        code = "import ganbench_faults; from ganbench.cli.main import main; main()"
        return [sys.executable, "-c", code, *arguments]

    def environment(self) -> dict[str, str]:
        """For processes that the injector may kill."""
        return {
            **os.environ,
            **python_path(INJECTOR, GATES),
            **self.gates.environment,
            "GANBENCH_FAULTS": str(self.faults),
            "NO_COLOR": "1",
        }

    def start(self) -> None:
        """Start the command once more, beside those that are running."""
        self.starts += 1
        arguments = ("run", "--suite", "suite.toml", "--retries", "1000", *self._arguments)
        with (self.folder / "talk.txt").open("ab") as talk:
            process = subprocess.Popen(
                self.command(*arguments),
                cwd=self.folder,
                env=self.environment(),
                stdout=subprocess.DEVNULL,
                stderr=talk,
                start_new_session=True,
            )
        self._parents.append(process)

    def disturb(self, kills: int) -> None:
        """Kill and stop at random instants and at armed points until that many have been hit.

        They are spread over the whole plan, so that beginnings and ends of runs get their share:
        kills wait for the plan to get on, and the plan for kills.
        """
        (self.faults / "caps").mkdir()
        while self.total < kills and not self._over():
            self._raise_caps(kills)
            if not self._parents:
                self.start()
                if self._random.random() < 0.2:
                    self.start()  # two at once share the work
            time.sleep(self._random.uniform(0.0, 0.5))
            self.collect()
            if self.total > kills * self.progress() + AHEAD:
                continue
            self._arm()
            if self.workers() or self._random.random() < 0.01:  # else most would hit the start
                self._draw()(self)
            self.collect()
        (self.faults / "caps").rename(self.faults / "lifted")
        for path in (self.faults / "armed").iterdir():
            path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Let the same command go on to its end."""

        def over() -> bool:
            if not self._parents and not self._over():
                self.start()
            return self._over()

        until(over)

    def close(self) -> None:
        """End whatever is left."""
        for parent in self._parents:
            parent.kill()
            parent.wait()

    def progress(self) -> float:
        """The share of the plan that is done."""
        return sum(self._fraction(folder) for folder in self.runs.glob("*")) / self._planned

    def workers(self) -> list[int]:
        """Processes that hold the lock of a run folder."""
        return workers(self.runs)

    def arm(self, point: str, victim: str) -> None:
        """Let the next process that comes to a point kill."""
        new = self.faults / "armed" / f".{point}"
        new.write_text(victim)
        new.replace(new.with_name(point))

    def collect(self) -> None:
        """Count what armed points have killed, and look after commands that have ended."""
        for spent in (self.faults / "spent").iterdir():
            phase, _ = spent.name.split(":")
            victim = spent.read_text()
            if phase == "planning":
                victim = "parent"
            self.kills["worker" if victim == "self" else victim, phase] += 1
            spent.unlink()
        for parent in list(self._parents):
            if parent.poll() is not None:
                self._parents.remove(parent)
                assert parent.returncode in EXIT_CODES, f"{parent.returncode}: {self.talk()}"

    def talk(self) -> str:
        """What the commands have said."""
        return (self.folder / "talk.txt").read_text(errors="replace")

    def _over(self) -> bool:
        self.collect()
        return not self._parents and len(list(self.runs.glob("*/record.json"))) == self._planned

    def _draw(self) -> Callable[[Campaign], None]:
        """What happens next: as from a pack of cards, so that everything comes in time."""
        if not self._cards:
            self._cards = [kind for kind, count in _KINDS.items() for _ in range(count)]
            self._random.shuffle(self._cards)
        return self._cards.pop()

    def _fraction(self, folder: Path) -> float:
        """The share of a run that is done."""
        if (folder / "record.json").exists():
            return 1.0
        progress = RunStore(self.runs).read_progress(folder.name) or {}
        return float(progress.get("fraction", 0.0))

    def _raise_caps(self, kills: int) -> None:
        """Let every run train another tenth, unless the plan is ahead of the kills."""
        if self.total < kills * self.progress():
            return
        for folder in self.runs.glob("*"):
            new = self.faults / "caps" / f".{folder.name}"
            new.write_text(str(self._fraction(folder) + 0.1))
            new.replace(new.with_name(folder.name))

    def _arm(self) -> None:
        """One point more: those of every step are hit at once, those of records in time."""
        weights = [0.1 if point.startswith("planning") else 1.0 for point in POINTS]
        point = self._random.choices(list(POINTS), weights)[0]
        first, *others = POINTS[point]
        self.arm(point, others[0] if others and self._random.random() < 0.1 else first)

    def _phase(self, pid: int) -> str:
        try:
            return (self.faults / "phase" / str(pid)).read_text().strip() or "setup"
        except FileNotFoundError:
            return "setup"

    def _kill_worker(self) -> None:
        busy = [pid for pid in self.workers() if self._phase(pid) != "setup"]
        pid = self._random.choice(busy or self.workers() or [0])
        if pid:
            self._end(pid, "worker", lambda: self._phase(pid))

    def kill_server(self) -> None:
        parent = self._random.choice(self._parents or [None])
        if parent is None:
            return
        try:
            children = psutil.Process(parent.pid).children()
            servers = [one.pid for one in children if "forkserver" in " ".join(one.cmdline())]
        except psutil.NoSuchProcess:
            return
        for pid in servers:
            self._end(pid, "server", self._under_way)

    def _end(self, pid: int, victim: str, phase: Callable[[], str]) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills[victim, phase()] += 1

    def _under_way(self) -> str:
        """What one of the workers is doing."""
        workers = self.workers()
        return self._phase(self._random.choice(workers)) if workers else "setup"

    def _stop(self, number: signal.Signals) -> None:
        """Kill a command, or ask it to stop, like a terminal does: with all its group."""
        if not self._parents:
            return
        parent = self._random.choice(self._parents)
        phase = self._under_way()
        send = os.killpg if self._random.random() < 0.5 and number == signal.SIGINT else os.kill
        try:
            send(parent.pid, number)
        except ProcessLookupError:
            return
        self.kills["parent" if number == signal.SIGKILL else number.name, phase] += 1
        parent.wait()


_KINDS: dict[Callable[[Campaign], None], int] = {
    Campaign._kill_worker: 12,
    Campaign.kill_server: 1,
    lambda campaign: campaign._stop(signal.SIGKILL): 1,
    lambda campaign: campaign._stop(signal.SIGTERM): 1,
    lambda campaign: campaign._stop(signal.SIGINT): 1,
    lambda campaign: None: 9,
}
"""What happens at random instants, and how often in 25 of them."""
