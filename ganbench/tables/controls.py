"""Controls: what is trained without a discriminator, for GANs to be compared with.

They stand in every table, below the line: they compete with nobody, and are what a GAN has to be
better than. A run is known as a control's by its discriminator, which has no parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ganbench.planning.references import parse_variant
from ganbench.statistics.groups import grouped

if TYPE_CHECKING:
    from ganbench.results.fields import RunRow
    from ganbench.tables.forms.table import Table
    from ganbench.tables.grouping import Entry
    from ganbench.tables.panels import Line

CONTROL: Final = "control"
"""The mark of a row, which takes its rank, and the word behind its name."""

NOTE: Final = (
    "controls are trained without a discriminator, on the same budget: they have no rank, and a "
    "GAN that is no better gains nothing by its game"
)


def is_control(runs: Iterable[RunRow]) -> bool:
    """Whether these are runs of a control."""
    return any(run["discriminator_parameters"] == 0 for run in runs)


def control(entry: Entry, _: object) -> Iterator[str]:
    """The mark of a control."""
    if is_control(entry.runs):
        yield CONTROL


def missing_controls(
    rows: Iterable[RunRow], specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Task -> the controls that it needs and that nobody has run there.

    Args:
        rows: runs of one suite.
        specs: run id -> the run's whole spec, where it is known.
    """
    missing = {}
    for task, runs in grouped(rows, lambda run: str(run["task"])).items():
        tasks = [specs[run["run_id"]]["task"] for run in runs if run["run_id"] in specs]
        needed = dict.fromkeys(name for one in tasks for name in one.get("controls", ()))
        there = {_name(run["variant"]) for run in runs if is_control([run])}
        if absent := [name for name in needed if _name(name) not in there]:
            missing[task] = absent
    return missing


def _name(variant: str) -> str:
    """Without settings and techniques."""
    return parse_variant(variant).parts[0].name


def with_controls(
    table: Table,
    lines: Sequence[Line],
    specs: Mapping[str, Mapping[str, Any]],
    hidden: Iterable[RunRow] = (),
) -> Table:
    """The table with notes on its controls: which are missing, and which are nearer to the data
    than every GAN.

    Args:
        table: the ranking of some lines.
        lines: of one edition.
        specs: as of `missing_controls`.
        hidden: further runs on these tasks, which are not shown.
    """
    rows = [run for line in lines for run in line.entry.runs]
    shown = {run["task"] for run in rows}
    rows += [run for run in hidden if run["task"] in shown]
    notes = [
        f"not to be read without its controls: {', '.join(absent)} on {task} "
        f"({'is' if len(absent) == 1 else 'are'} not run)"
        for task, absent in missing_controls(rows, specs).items()
    ]
    controls = [line for line in lines if CONTROL in line.row.marks]
    if controls:
        notes.append(NOTE)
    for task, own in grouped(controls, lambda line: line.row.entry.part).items():
        gans = [line for line in lines if line.row.entry.part == task and line not in own]
        known = [one for line in gans if (one := line.row.value("distance")) is not None]
        nearer = [
            line.label
            for line in own
            if known and (one := line.row.value("distance")) is not None and one < min(known)
        ]
        if nearer:
            notes.append(
                f"nearer to the data than every GAN on {own[0].section}: {', '.join(nearer)}"
            )
    return replace(table, notes=(*table.notes, *notes)) if notes else table
