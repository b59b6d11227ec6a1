"""Records as a tidy pandas frame: one row per run, whatever became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from ganbench.api.errors import InvalidResults
from ganbench.api.version import PROTOCOL_VERSION
from ganbench.results.fields import ENVIRONMENT, RUN_FIELDS, UNFINISHED, RunRow
from ganbench.results.identity import Pins, code_of, own_code, pins_of, printable, setting_of
from ganbench.results.quality import quality, seconds_per_step
from ganbench.results.record import LARGEST, Column, Pin, Record
from ganbench.results.seal import canonical_json
from ganbench.results.sources import add_sources, sources_of


@dataclass(frozen=True, slots=True)
class Runs:
    """All that tables and leaderboards are made from.

    Args:
        frame: one row per run. The columns of `RUN_FIELDS`, then one per score, named by its key,
            with the value at the end of the budget (missing where the run did not end well).
        scores: (setting, key) -> what the score is: label, panel, direction, floor, unit, ...
        pins: code -> the plugins, with versions and source hashes, that it stands for.
        specs: run id -> the run's whole spec, where it is known.
        unranked: run id -> why the row that the run is part of may have no rank.
        sources: ``DISTRIBUTION==VERSION HASH`` -> `released` or ``unverified: why``, where known.
        hidden: rows of further variants on the same tasks, which somebody does not want to see.
    """

    frame: pd.DataFrame
    scores: dict[tuple[str, str], Column] = field(default_factory=dict)
    pins: dict[str, Pins] = field(default_factory=dict)
    specs: dict[str, dict[str, Any]] = field(default_factory=dict)
    unranked: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    hidden: Sequence[RunRow] = ()

    @property
    def score_keys(self) -> list[str]:
        """Names of the score columns, in their order."""
        return list(self.frame.columns[len(RUN_FIELDS) :])

    @property
    def columns(self) -> dict[str, dict[str, Column]]:
        """Setting -> key -> what the score is."""
        found: dict[str, dict[str, Column]] = {}
        for (setting, key), column in self.scores.items():
            found.setdefault(setting, {})[key] = column
        return found

    def only(self, **allowed: Iterable[Any]) -> Runs:
        """The runs with one of the allowed values in each column: ``only(suite=["starter"])``."""
        frame = self.frame
        for column, values in allowed.items():
            frame = frame[frame[column].isin(list(values))]
        return replace(self, frame=frame.reset_index(drop=True))

    def under(self, suite: str) -> Runs:
        """The same runs under another suite's name: a run is reused by any suite that needs it."""
        return replace(self, frame=_sorted(self.frame.assign(suite=suite)))


def collect(
    records: Iterable[Record], unfinished: Mapping[str, dict[str, Any]] | None = None
) -> Runs:
    """The runs of these records, and of the specs of runs that have left none.

    Args:
        records: in any order; the same record twice counts once.
        unfinished: run id -> spec; taken to be planned under this ganbench's protocol.

    Raises:
        InvalidResults: two different records have the same run id.
    """
    by_id: dict[str, Record] = {}
    for record in records:
        if by_id.setdefault(record["run_id"], record) != record:
            raise InvalidResults(f"two different records have the run id {record['run_id']}")
    runs = [by_id[run_id] for run_id in sorted(by_id)]
    rows, scores, pins = [], dict[tuple[str, str], Column](), dict[str, Pins]()
    sources: dict[str, str] = {}
    for record in runs:
        add_sources(sources, sources_of(record))
        row = _row(record, pins)
        rows.append(row)
        for key, column in record["columns"].items():
            scores.setdefault((row["setting"], key), column)
    for run_id in sorted(set(unfinished or {}) - set(by_id)):
        spec = (unfinished or {})[run_id]
        row = spec_row(spec, PROTOCOL_VERSION, spec.get("pins", []), pins)
        rows.append({**row, "run_id": run_id, "status": UNFINISHED})
    keys = sorted({key for _, key in scores})
    specs = {**(unfinished or {}), **{run_id: one["spec"] for run_id, one in by_id.items()}}
    return Runs(typed_frame(rows, keys), scores, pins, specs, sources=sources)


def typed_frame(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Rows as a frame with the columns of `RUN_FIELDS` and `keys`, typed, in publication order."""
    names = [one.name for one in RUN_FIELDS]
    frame = pd.DataFrame.from_records(list(rows), columns=[*names, *keys])
    types = {one.name: one.dtype for one in RUN_FIELDS} | dict.fromkeys(keys, "float64")
    try:
        return _sorted(frame.astype(types))
    except (OverflowError, TypeError, ValueError) as error:
        raise InvalidResults(f"a run holds a number that cannot be one: {error}") from None


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    order = ["suite", "task", "setting", "variant", "code", "seed", "run_id"]
    return frame.sort_values(order, ignore_index=True, kind="stable")


def plain_columns(frame: pd.DataFrame) -> list[list[Any]]:
    """The frame's columns as lists, with None for what is missing."""
    # pandas takes any missing value; its annotations do not know.
    plain: Any = {"dtype": object, "na_value": None}
    return [frame[name].to_numpy(**plain).tolist() for name in frame.columns]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as dicts, with None for what is missing."""
    names = list(frame.columns)  # once: the index makes new strings at every iteration
    return [dict(zip(names, row, strict=True)) for row in zip(*plain_columns(frame), strict=True)]


def _row(record: Record, pins: dict[str, Pins]) -> dict[str, Any]:
    spec, used, status = record["spec"], record["used"], record["status"]
    clocks, sizes, failure = record["clocks"], record["parameters"], record["failure"]
    environment = record["environment"]
    row = spec_row(spec, record["protocol"], record["pins"], pins)
    row |= {one.name: printable(environment.get(one.name)) for one in ENVIRONMENT}
    row |= {
        "timed_on": row["device_name"] if row["budget_kind"] == "seconds" else None,
        "status": status,
        **used,
        "flops_per_step": record["flops_per_step"],
        "seconds_per_step": seconds_per_step(record["points"]),
        "parameters": sum(sizes.values()) if sizes else None,
        "generator_parameters": sizes.get("generator"),
        "discriminator_parameters": sizes.get("discriminator"),
        "peak_memory_bytes": record["peak_memory_bytes"],
        "setup_seconds": clocks.get("setup"),
        "evaluation_seconds": clocks.get("evaluation"),
        "wall_seconds": clocks.get("wall"),
        "coupled": int(record["coupled"]) if "coupled" in record else None,
        "failed_at_step": failure and failure["step"],
        # What ran, should it not be what was planned: see `ganbench.execution.session.reusable`.
        "threads": _count(environment.get("threads")) or row["threads"],
        "started": _utc(record["started"]),
        "finished": _utc(record["finished"]),
        "schema": record["schema"],
        "api": record["api"],
        "run_id": record["run_id"],
    }
    row |= quality(record)
    if status == "ok" and record["points"]:
        row |= record["points"][-1]["scores"]
    return row


def spec_row(
    spec: Mapping[str, Any], protocol: int, pins: Sequence[Pin], known: dict[str, Pins]
) -> dict[str, Any]:
    """The columns of a run that are known before it starts.

    Args:
        spec: of the run.
        protocol: under which it runs.
        pins: for specs that have none.
        known: code -> pins; the run's are added.
    """
    task, used = spec["task"], pins_of(spec, pins)
    code = code_of(used)
    known.setdefault(code, used)
    return {
        "suite": spec["suite"],
        "task": task["name"],
        "variant": spec["variant"],
        "seed": spec["seed"],
        "dataset": task["dataset"],
        "dataset_parameters": canonical_json(spec["dataset_parameters"]).decode(),
        "budget_kind": task["budget"]["kind"],
        "budget_amount": task["budget"]["amount"],
        "split": task["split"],
        "fakes": task["fakes"],
        "evaluations": task["evaluations"],
        "memory_limit_bytes": spec.get("memory_bytes"),
        "threads": spec.get("threads", 1),
        "precision": spec.get("precision", "float32"),
        "variant_parameters": canonical_json(spec["parameters"]).decode(),
        "setting": setting_of(spec, protocol),
        "protocol": protocol,
        "code": code,
        **own_code(used),
    }


def _utc(text: str) -> str | None:
    """``2026-11-23T00:00:11.5+00:00`` as ``2026-11-23T00:00:11Z``."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _count(value: Any) -> int | None:
    """What should be a number of things; None for anything else."""
    return value if type(value) is int and 0 <= value <= LARGEST else None
