"""What a run, kept or published, claims: the spec it was run from, and the scores it ended with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ganbench.api.errors import InvalidResults, UsageError
from ganbench.planning.runspec import RunSpec, read_spec, run_id_of
from ganbench.publishing.loading import is_published
from ganbench.publishing.manifest import RUNS_FILE
from ganbench.publishing.reading import read_published
from ganbench.results.fields import ENVIRONMENT
from ganbench.results.frame import plain_rows
from ganbench.results.headings import distinct_labels
from ganbench.results.mirrors import open_runs
from ganbench.results.parts import Part
from ganbench.results.record import Column, Record
from ganbench.results.store import GENERATOR_FILE, find_run


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """A run as somebody says that it went.

    Args:
        run_id: its id, which its spec has given it.
        spec: of the run.
        protocol: under which it ran.
        status: how it ended.
        steps: generator steps that it took.
        scores: key -> value at the end of the budget.
        labels: key -> heading, no two alike.
        distances: keys of distances, whose errors are relative.
        device: `cpu` or `cuda`.
        environment: what is known of where it ran, as its record has it.
        others: scores of the variant's other seeds on the task.
        weights: its generator, if there is one.
        digest: SHA-256 that the weights must have, where known.
    """

    run_id: str
    spec: RunSpec
    protocol: int
    status: str
    steps: int
    scores: dict[str, float]
    labels: dict[str, str] = field(default_factory=dict)
    distances: frozenset[str] = frozenset()
    device: str = "cpu"
    environment: dict[str, Any] = field(default_factory=dict)
    others: tuple[dict[str, float], ...] = ()
    weights: Path | None = None
    digest: str | None = None


def read_claim(text: str, runs: Path, weights: Path | None = None) -> ClaimedRun:
    """The claim of a run in a runs folder or in a published leaderboard.

    Args:
        text: its id, or the beginning of it.
        runs: the folder.
        weights: a generator to judge instead of the one in the run's folder.

    Raises:
        UsageError: there is no such run, or it has not ended.
        InvalidResults: it is damaged, or its id is not that of its spec.
    """
    claim = _published(text, runs, weights) if is_published(runs) else _kept(text, runs, weights)
    if (own := run_id_of(claim.spec.to_json(), claim.protocol)) != claim.run_id:
        raise InvalidResults(f"the run {claim.run_id} has another run's spec: that of {own}")
    return claim


def _kept(text: str, runs: Path, weights: Path | None) -> ClaimedRun:
    store = open_runs(runs)
    record = store.read(text)
    store.fetch([record["run_id"]], Part.GENERATOR)
    file = store.folder(record["run_id"]) / GENERATOR_FILE
    own = weights is None and file.exists()
    identity = _without_seed(record["spec"])
    others = [
        _last(other)
        for other in store.read_all().records
        if other["run_id"] != record["run_id"]
        and other["status"] == "ok"
        and other["protocol"] == record["protocol"]
        and _without_seed(other["spec"]) == identity
    ]
    return ClaimedRun(
        run_id=record["run_id"],
        spec=read_spec(record["spec"]),
        protocol=record["protocol"],
        status=record["status"],
        steps=record["used"]["steps"],
        scores=_last(record),
        labels=_labels(record["columns"]),
        distances=_distances(record["columns"]),
        device=record["environment"].get("device") or "cpu",
        environment=record["environment"],
        others=tuple(others),
        weights=file if own else weights,
        digest=record.get("generator_sha256") if own else None,
    )


def _published(text: str, folder: Path, weights: Path | None) -> ClaimedRun:
    runs, _ = read_published(folder)
    rows = {row["run_id"]: row for row in plain_rows(runs.frame)}
    row = rows[find_run(text, rows, folder, f"{folder / RUNS_FILE} lists them")]
    if row["run_id"] not in runs.specs:
        raise InvalidResults(
            f"the manifest in {folder} does not hold the spec of {row['run_id']}",
            "specs with paths of a machine are not published; verify it where it was run",
        )
    if row["status"] == "unfinished":
        raise UsageError(f"run {row['run_id']} has not ended")
    identity = _without_seed(runs.specs[row["run_id"]])
    others = [
        {key: rows[run_id][key] for key in runs.score_keys if rows[run_id][key] is not None}
        for run_id, spec in sorted(runs.specs.items())
        if run_id != row["run_id"]
        and run_id in rows
        and rows[run_id]["status"] == "ok"
        and rows[run_id]["protocol"] == row["protocol"]
        and _without_seed(spec) == identity
    ]
    columns = {key: one for (setting, key), one in runs.scores.items() if setting == row["setting"]}
    return ClaimedRun(
        run_id=row["run_id"],
        spec=read_spec(runs.specs[row["run_id"]]),
        protocol=row["protocol"],
        status=row["status"],
        steps=row["steps"] or 0,
        scores={key: row[key] for key in runs.score_keys if row[key] is not None},
        labels=_labels(columns),
        distances=_distances(columns),
        device=row["device"] or "cpu",
        environment={name: row[name] for name in ("threads", *(one.name for one in ENVIRONMENT))},
        others=tuple(others),
        weights=weights,
    )


def _last(record: Record) -> dict[str, float]:
    return dict(record["points"][-1]["scores"]) if record["points"] else {}


def _labels(columns: Mapping[str, Column]) -> dict[str, str]:
    return distinct_labels({key: column["label"] for key, column in columns.items()})


def _distances(columns: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(key for key, column in columns.items() if column["panel"] == "distance")


def _without_seed(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in ("suite", "seed")}
