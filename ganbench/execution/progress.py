"""How a plan is going: a live display on a terminal, plain lines elsewhere. Always on stderr."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ganbench.console import printable, talk, wants_colour
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.results.requests import Request
from ganbench.results.store import RunStore
from ganbench.wording import duration, number


class PlainProgress:
    """One line per finished run.

    Args:
        total: runs in the plan.
        say: takes the lines.
    """

    def __init__(self, total: int, say: Callable[[str], None] = talk) -> None:
        self._total = total
        self._say = say
        self._done = 0
        self._reused = 0

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._reused:
            self._say(f"{self._reused} of {self._total} runs were finished before and are reused")

    def started(self, spec: RunSpec) -> None:
        """A run has got its slot: nothing to print until it is over."""

    def finished(self, spec: RunSpec, record: Record, *, reused: bool) -> None:
        """Print how a run ended."""
        self._done += 1
        if reused:
            self._reused += 1
            return
        self._say(f"[{self._done:>{len(str(self._total))}}/{self._total}] {summary(spec, record)}")

    def cancelled(self, spec: RunSpec, request: Request) -> None:
        """Print who has cancelled it."""
        self._say(f"{titled(spec)}: {request}; its state is kept")

    def warned(self, message: str) -> None:
        """Print a warning."""
        self._say(f"warning: {message}")


class LiveProgress:
    """A bar over the plan, and a line for each run under way with its current scores.

    Args:
        total: runs in the plan.
        slots: runs at a time, for the estimate of the time left.
        store: where running workers tell how far they are.
    """

    def __init__(self, total: int, slots: int, store: RunStore) -> None:
        from rich.console import Console
        from rich.live import Live

        self._total = total
        self._slots = slots
        self._store = store
        self._lock = threading.Lock()
        self._running: dict[str, tuple[RunSpec, float]] = {}
        self._durations: list[float] = []
        self._done = 0
        self._reused = 0
        self._failed = 0
        self._began = time.monotonic()
        console = Console(stderr=True, no_color=not wants_colour(sys.stderr))
        self._live = Live(get_renderable=self._render, console=console, refresh_per_second=2)

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def started(self, spec: RunSpec) -> None:
        """Show a line for the run."""
        with self._lock:
            self._running[spec.run_id] = (spec, time.monotonic())

    def finished(self, spec: RunSpec, record: Record, *, reused: bool) -> None:
        """Take the run's line away and count it; a failure leaves a line above the display."""
        with self._lock:
            _, began = self._running.pop(spec.run_id, (spec, 0.0))
            self._done += 1
            self._reused += reused
            if not reused:
                self._durations.append(time.monotonic() - began)
            if record["status"] != "ok":
                self._failed += 1
        if record["status"] != "ok" and not reused:
            self._print(summary(spec, record), "red")

    def cancelled(self, spec: RunSpec, request: Request) -> None:
        """Take the run's line away, and leave one above the display."""
        with self._lock:
            self._running.pop(spec.run_id, None)
        self._print(f"{titled(spec)}: {request}; its state is kept", "yellow")

    def warned(self, message: str) -> None:
        """Print a warning above the display."""
        self._print(f"warning: {message}", "yellow")

    def _print(self, line: str, colour: str) -> None:
        from rich.text import Text  # brackets of names are no markup in it

        self._live.console.print(Text(printable(line), style=colour))

    def _render(self) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        with self._lock:
            running = list(self._running.values())
            fractions = [self._fraction(spec) for spec, _ in running]
            whole = self._done + sum(fractions)
            table = Table.grid(padding=(0, 1))
            for overflow in ("fold", "fold", "ellipsis", "ellipsis"):
                table.add_column(no_wrap=True, overflow=overflow)
            for spec, fraction in zip((spec for spec, _ in running), fractions, strict=True):
                table.add_row(
                    ProgressBar(total=1.0, completed=fraction, width=20),
                    Text(f"{fraction:4.0%}"),
                    Text(printable(titled(spec))),
                    Text(printable(self._scores(spec)), style="dim"),
                )
            head = Table.grid(padding=(0, 1))
            head.add_row(
                ProgressBar(total=self._total, completed=whole, width=20),
                Text(self._headline(whole)),
            )
            return Group(head, table)

    def _headline(self, whole: float) -> str:
        parts = [f"{self._done} of {self._total} runs"]
        parts += [f"{self._reused} reused"] if self._reused else []
        parts += [f"{self._failed} failed"] if self._failed else []
        parts.append(f"{duration(time.monotonic() - self._began)} so far")
        if self._durations:
            mean = sum(self._durations) / len(self._durations)
            parts.append(f"about {duration((self._total - whole) * mean / self._slots)} left")
        return ", ".join(parts)

    def _fraction(self, spec: RunSpec) -> float:
        return float(self._progress(spec).get("fraction", 0.0))

    def _scores(self, spec: RunSpec) -> str:
        scores = self._progress(spec).get("scores", [])
        return "  ".join(f"{label} {value:.3g}" for label, value in scores[:4])

    def _progress(self, spec: RunSpec) -> dict[str, Any]:
        return self._store.read_progress(spec.run_id) or {}


def make_progress(total: int, slots: int, store: RunStore) -> PlainProgress | LiveProgress:
    """A live display where stderr is a terminal, else plain lines."""
    if sys.stderr.isatty():
        return LiveProgress(total, slots, store)
    return PlainProgress(total)


def titled(spec: RunSpec) -> str:
    """What people call a run."""
    return f"{spec.variant} on {spec.task.name}, seed {spec.seed}"


def summary(spec: RunSpec, record: Record) -> str:
    """One line on how a run ended."""
    name = titled(spec)
    seconds = duration(record["clocks"].get("wall", 0.0))
    failure = record["failure"]
    if failure is not None:
        return f"{name}: {record['status']} after {seconds}: {failure['message']}"
    primary = record["primary"]
    score = ""
    if primary is not None:
        label = record["columns"][primary]["label"]
        score = f"{label} {number(record['points'][-1]['scores'][primary])}, "
    return f"{name}: ok, {score}{seconds}"
