"""Looking at a runs folder again and again, for as long as something is under way in it.

All is read from files: whoever sees the folder can watch, on any machine, and nobody is asked.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ganbench.console import printable, talk, wants_colour
from ganbench.results.plans import LivePlan, live_plans
from ganbench.results.states import RUNNING, WAITING, State, states
from ganbench.results.store import RunStore
from ganbench.wording import duration

LEAST_SECONDS = 2.0
"""Between two looks."""

SHARE = 0.1
"""Of its time a watcher is at work at most: to read ten thousand runs takes seconds."""

MOST_LINES = 30
"""Runs that have a line of their own on a terminal."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a runs folder.

    Args:
        rows: every run.
        warnings: files that could not be used.
        plans: that are under way.
    """

    rows: Sequence[State]
    warnings: Sequence[str]
    plans: Sequence[LivePlan]

    @property
    def is_over(self) -> bool:
        """Whether nothing is under way."""
        return not self.plans and not self.count(RUNNING)

    @property
    def ended(self) -> dict[str, State]:
        """Runs that are neither running nor to come, by id."""
        return {row["run_id"]: row for row in self.rows if row["status"] not in (RUNNING, WAITING)}

    @property
    def whole(self) -> float:
        """Runs that have ended, and parts of those under way."""
        return len(self.ended) + sum(
            row["fraction"] for row in self.rows if row["status"] == RUNNING
        )

    def count(self, status: str) -> int:
        """How many runs have that status."""
        return sum(row["status"] == status for row in self.rows)


def look(store: RunStore) -> Look:
    """Look once.

    Raises:
        UsageError: there is no such folder, or it cannot be read.
    """
    plans = live_plans(store)  # first: a plan that ends meanwhile is looked for once more
    rows, warnings = states(store)
    return Look(rows, warnings, plans)


def looks(store: RunStore, least: float = LEAST_SECONDS) -> Iterator[Look]:
    """One look after the other; the last one sees that nothing is under way.

    Args:
        store: what is looked at.
        least: seconds between two looks; longer where looking, and what is done then, takes long.

    Raises:
        UsageError: as `look`.
    """
    while True:
        began = time.monotonic()
        seen = look(store)
        yield seen
        if seen.is_over:
            return
        gc.collect()  # verbs that read and end leave garbage alone; this one goes on
        time.sleep(max(least, (time.monotonic() - began) / SHARE))


def watch(store: RunStore) -> Look:
    """Show how it goes on stderr until nothing is under way, or until Ctrl-C; the last look.

    Raises:
        UsageError: as `look`.
    """
    last = Look((), (), ())
    show = _on_terminal if sys.stderr.isatty() else _in_lines
    try:
        for seen in show(looks(store), store):
            last = seen
    except KeyboardInterrupt:
        talk("stopped watching; what is under way goes on")
    return last


def told(plan: LivePlan, seen: Look) -> str:
    """One line on a plan."""
    own = {run.run_id for run in plan.runs}
    status = Counter(row["status"] for row in seen.rows if row["run_id"] in own)
    over = plan.total - status[RUNNING] - status[WAITING]
    counts = f"{status[RUNNING]} running, {status[WAITING]} waiting"
    return printable(
        f"plan {plan.name}: {over} of {plan.total} runs are over, {counts} "
        f"(on {plan.host} since {plan.started})"
    )


def _in_lines(seen_looks: Iterator[Look], store: RunStore) -> Iterator[Look]:
    """A line for each plan, and one for each run that ends."""
    plans: set[str] = set()
    over: set[str] | None = None  # what has ended before the first look is no news
    for seen in seen_looks:
        for plan in seen.plans:
            if plan.name not in plans:
                talk(told(plan, seen))
        plans |= {plan.name for plan in seen.plans}
        ended = seen.ended
        for run_id in () if over is None else sorted(ended.keys() - over):
            row, count = ended[run_id], f"[{len(ended)}/{len(seen.rows)}]"
            reason = f": {row['reason']}" if row["reason"] else ""
            talk(f"{count} {run_id}: {row['status']}{reason}")
        over = set(ended)
        yield seen


def _on_terminal(seen_looks: Iterator[Look], store: RunStore) -> Iterator[Look]:
    """A bar over everything, a line for each plan, and one for each run under way."""
    from rich.console import Console
    from rich.live import Live

    left = _Left()
    console = Console(stderr=True, no_color=not wants_colour(sys.stderr))
    with Live(console=console, auto_refresh=False) as live:
        for seen in seen_looks:
            live.update(_drawn(seen, store, left(seen)), refresh=True)
            yield seen


class _Left:
    """Says how long the rest takes, at the pace since the first look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[float, float] | None = None

    def __call__(self, seen: Look) -> str:
        now = self._clock()
        if self._began is None:
            self._began = now, seen.whole
        began, first = self._began
        done, left = seen.whole - first, len(seen.rows) - seen.whole
        return f"about {duration((now - began) * left / done)} left" if done > 0 else ""


def _drawn(seen: Look, store: RunStore, left: str) -> Any:
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    head, table = Table.grid(padding=(0, 1)), Table.grid(padding=(0, 1))
    counts = Counter(row["status"] for row in seen.rows)
    parts = [f"{count} {status}" for status, count in sorted(counts.items())]
    head.add_row(
        ProgressBar(total=max(1, len(seen.rows)), completed=seen.whole, width=20),
        Text(", ".join([*parts, left] if left else parts)),
    )
    for overflow in ("fold", "fold", "ellipsis", "ellipsis"):
        table.add_column(no_wrap=True, overflow=overflow)
    running = [row for row in seen.rows if row["status"] == RUNNING]
    for row in running[:MOST_LINES]:
        scores = (store.read_progress(row["run_id"]) or {}).get("scores", [])
        table.add_row(
            ProgressBar(total=1.0, completed=row["fraction"], width=20),
            Text(f"{row['fraction']:4.0%}"),
            Text(row["run_id"]),
            Text("  ".join(f"{label} {value:.3g}" for label, value in scores[:4]), style="dim"),
        )
    more = len(running) - MOST_LINES
    rest = [Text(f"and {more} more", style="dim")] if more > 0 else []
    return Group(head, *(Text(told(plan, seen)) for plan in seen.plans), table, *rest)
