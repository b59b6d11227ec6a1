"""Runs that did not end well: how, why, where, and the last lines that they wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ganbench.api.errors import UsageError
from ganbench.results.fields import UNFINISHED, RunRow
from ganbench.results.record import INSTABILITIES, Failure
from ganbench.results.redaction import without_paths
from ganbench.results.store import LOG_FILE
from ganbench.statistics.groups import grouped
from ganbench.storage.reading import tail
from ganbench.tables.labels import interval_of_seeds

if TYPE_CHECKING:
    from ganbench.results.record import Record
    from ganbench.results.store import RunStore
    from ganbench.tables.panels import Line


LOG_LINES, LOG_WIDTH = 14, 200


@dataclass(frozen=True, slots=True)
class Failed:
    """Runs of one variant on one task that ended in the same way, or never ended.

    Args:
        seeds: such as ``0-2``.
        runs: their ids.
        counts: whether they count against their variant's stability.
        reason: one line; empty where none is known.
        reached: such as ``at step 500``, where the reason does not say it.
        log: the end of the first one's traceback or, if it has none, of its log.
    """

    variant: str
    section: str
    task: str
    seeds: str
    runs: Sequence[str]
    status: str
    counts: bool
    reason: str
    reached: str
    log: str


def failures(
    lines: Sequence[Line], records: Mapping[str, Record], store: RunStore | None
) -> list[Failed]:
    """All runs that did not end well, in the order of the lines."""
    found = []
    for line in lines:
        failed = [run for run in line.entry.runs if run["status"] != "ok"]
        groups = grouped(failed, lambda run: _how(run, _failure(run, records)))
        for (status, reason, reached), runs in groups.items():
            failure = _failure(runs[0], records)
            log = (failure and failure["traceback"]) or _log(runs[0]["run_id"], store)
            found.append(
                Failed(
                    line.label,
                    line.section,
                    line.row["task"],
                    interval_of_seeds(int(run["seed"]) for run in runs),
                    [run["run_id"] for run in runs],
                    status,
                    status in INSTABILITIES,
                    reason,
                    reached,
                    _clipped(log),
                )
            )
    return found


def _failure(run: RunRow, records: Mapping[str, Record]) -> Failure | None:
    record = records.get(run["run_id"])
    return record["failure"] if record else None


def _how(run: RunRow, failure: Failure | None) -> tuple[str, str, str]:
    """Status, reason and where: what runs have in common that are told together."""
    status, step = str(run["status"]), run["failed_at_step"]
    reason = without_paths(failure["message"]) if failure else ""
    if status == UNFINISHED:
        reason = "not finished yet"
    told = step is None or f"at step {step}" in reason
    return status, reason, "" if told else f"at step {step:,}"


def _log(run_id: str, store: RunStore | None) -> str:
    if store is None:
        return ""
    try:
        return tail(store.folder(run_id) / LOG_FILE, LOG_LINES)
    except UsageError:  # an id that is no folder's name
        return ""


def _clipped(log: str) -> str:
    """The last lines, each shortened, without folders of the machine and control characters."""
    lines = [without_paths(line)[: LOG_WIDTH + 1] for line in log.rstrip().splitlines()]
    lines = [line if len(line) <= LOG_WIDTH else f"{line[:LOG_WIDTH]}…" for line in lines]
    text = "\n".join(lines[-LOG_LINES:])
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
