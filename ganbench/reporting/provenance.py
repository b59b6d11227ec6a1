"""Where the numbers of a page come from: code, machines, protocol, and how to make them again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.api.version import __version__
from ganbench.planning.budget import Budget
from ganbench.planning.suite import typed_suite
from ganbench.results.fields import ENVIRONMENT, RunRow
from ganbench.results.redaction import without_paths
from ganbench.statistics.groups import grouped
from ganbench.tables.labels import interval_of_seeds
from ganbench.wording import counted

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Pin
    from ganbench.tables.panels import Line


@dataclass(frozen=True, slots=True)
class CodeSource:
    """One version of one distribution's plugins, and what it provides: (kind, names)."""

    distribution: str
    source_hash: str
    provides: Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Facts (name, text), the code that took part, tasks as they were set, commands."""

    facts: Sequence[tuple[str, str]]
    sources: Sequence[CodeSource]
    tasks: Sequence[tuple[str, ...]]
    commands: Sequence[str]


TASK_HEADINGS = ("task", "data set", "budget", "evaluations", "samples each", "real side", "seeds")


def provenance(runs: Runs, lines: Sequence[Line], rows: Sequence[RunRow]) -> Provenance:
    """What is known of these runs; `rows` are those of `runs.frame`."""
    pins = [pin for code in sorted({row["code"] for row in rows}) for pin in runs.pins[code]]
    return Provenance(_facts(rows), _sources(pins), _tasks(lines), _commands(lines))


def _sources(pins: Iterable[Pin]) -> list[CodeSource]:
    codes: dict[tuple[str, str], dict[str, set[str]]] = {}
    for pin in pins:
        name = f"{pin['distribution']} {pin['version']}" if pin["distribution"] else "a local file"
        kinds = codes.setdefault((name, pin["source_hash"]), {})
        kinds.setdefault(pin["kind"], set()).add(pin["name"])
    return [
        CodeSource(name, code, [(kind, sorted(names)) for kind, names in sorted(kinds.items())])
        for (name, code), kinds in sorted(codes.items())
    ]


def _facts(rows: Sequence[RunRow]) -> list[tuple[str, str]]:
    names = ("protocol", *(one.name for one in ENVIRONMENT), "threads", "schema", "api")
    known = [(name.replace("_", " "), _counted(rows, name)) for name in names]
    times = sorted(row["finished"] for row in rows if row["finished"])
    known.append(("finished", " to ".join(dict.fromkeys((times[0], times[-1]))) if times else ""))
    known.append(("page made by", f"ganbench {__version__}"))
    return [(name, text) for name, text in known if text]


def _counted(rows: Sequence[RunRow], name: str) -> str:
    """All values that occur, with the number of runs where there are several."""
    counts: dict[str, int] = {}
    for row in rows:
        if row[name] is not None:
            counts[str(row[name])] = counts.get(str(row[name]), 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    return "; ".join(
        f"{value} ({counted(count, 'run')})" for value, count in sorted(counts.items())
    )


def _tasks(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for section, own in grouped(lines, lambda line: line.section).items():
        row = own[0].row
        data = row["dataset"]
        if row["dataset_parameters"] not in (None, "", "{}"):
            data += f" {row['dataset_parameters']}"
        budget = str(Budget(row["budget_kind"], row["budget_amount"]))
        counts = (str(row["evaluations"]), str(row["fakes"]), str(row["split"]), _seeds(own))
        found.append((section, without_paths(data), budget, *counts))
    return found


def _commands(lines: Sequence[Line]) -> list[str]:
    """What to type for the same runs again: one line for each budget of a suite."""
    together = (
        "suite",
        "budget_kind",
        "budget_amount",
        "memory_limit_bytes",
        "threads",
        "precision",
    )
    groups = grouped(lines, lambda line: tuple(line.row[name] for name in together))
    commands = []
    for (suite, kind, amount, memory, threads, precision), own in groups.items():
        words = ["ganbench", "run", *dict.fromkeys(line.row["variant"] for line in own)]
        words += ["--suite", typed_suite(suite)]
        for task in dict.fromkeys(line.row["task"] for line in own):
            words += ["--task", task]
        words += ["--seeds", _seeds(own), "--budget", str(Budget(kind, amount))]
        words += ["--memory", f"{memory:.0f}B"] if memory is not None else []
        words += ["--threads", threads] if threads not in (None, "1") else []
        words += ["--precision", precision] if precision != "float32" else []
        commands.append(shlex.join(map(str, words)))
    return commands


def _seeds(lines: Sequence[Line]) -> str:
    return interval_of_seeds(int(run["seed"]) for line in lines for run in line.entry.runs)
