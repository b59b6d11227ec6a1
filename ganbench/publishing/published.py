"""Reading a published leaderboard back: the same runs that were published, or an error."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import typing
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict, cast

from ganbench.api.errors import InvalidResults
from ganbench.api.version import SCHEMA_VERSION
from ganbench.planning.budget import BudgetKind
from ganbench.publishing.cells import original_cell
from ganbench.publishing.manifest import (
    MANIFEST_FILE,
    RUNS_FILE,
    About,
    check_manifest,
    known_scores,
    known_specs,
    known_unranked,
)
from ganbench.results.fields import RUN_FIELDS, STATUSES, Field
from ganbench.results.frame import Runs, typed_frame
from ganbench.results.record import Column, Pin
from ganbench.results.schema import check, check_printable
from ganbench.storage.reading import read_file
from ganbench.tables.coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

# Python's own float reads every repr exactly, which not every version of pandas does.
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "string": original_cell,
    "datetime": original_cell,
    "integer": int,
    "number": float,
}


class _Field(TypedDict):
    name: str
    measured: NotRequired[dict[str, Column]]


class _Schema(TypedDict):
    fields: list[_Field]


class _Resource(TypedDict):
    name: str
    hash: str
    schema: _Schema


class _Manifest(TypedDict):
    """What is read of a manifest; the rest is for others."""

    ganbench: About
    resources: list[_Resource]


def read_published(folder: Path) -> tuple[Runs, Coverage]:
    """The runs of a folder that `publish` wrote, and the coverage that its ranks needed.

    Raises:
        InvalidResults: a file is missing, was changed after it was published, or is none of ours.
    """
    manifest = _manifest(folder / MANIFEST_FILE)
    about = manifest["ganbench"]
    resource = next(one for one in manifest["resources"] if one["name"] == "runs")
    fields = resource["schema"]["fields"]
    pins = {code: tuple(used) for code, used in about["plugins"].items()}
    frame = _frame(folder / RUNS_FILE, resource["hash"], [one["name"] for one in fields], pins)
    coverage = Coverage(tuple(about["tasks"]), tuple(about["seeds"]))
    try:
        specs, unranked = known_specs(about), known_unranked(about)
    except (KeyError, TypeError) as error:
        reason = f"{folder / MANIFEST_FILE} is no manifest of ganbench: {error!r}"
        raise InvalidResults(reason) from None
    sources = dict(about.get("sources", {}))
    return Runs(frame, known_scores(fields), pins, specs, unranked, sources), coverage


def _manifest(path: Path) -> _Manifest:
    try:
        manifest = json.loads(read_file(path))
        schema = manifest["ganbench"]["schema"]
        if type(schema) is int and schema != SCHEMA_VERSION:
            reason = f"{path} has schema {schema}, not {SCHEMA_VERSION}"
            raise InvalidResults(reason, "read it with the ganbench that wrote it")
        check(_Manifest, manifest, "manifest")
        check_manifest(manifest)
        check_printable([manifest["ganbench"], [one["schema"] for one in manifest["resources"]]])
        if not any(one["name"] == "runs" for one in manifest["resources"]):
            raise ValueError("it lists no runs")
    except OSError as error:
        reason = f"cannot read {path}: {error.strerror}"
        raise InvalidResults(reason, "name a folder that `ganbench publish` has written") from None
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        reason = f"{path} is no manifest of ganbench: {_reason(error)}"
        raise InvalidResults(reason) from None
    return cast("_Manifest", manifest)


def _frame(
    path: Path, digest: str, names: list[str], pins: dict[str, tuple[Pin, ...]]
) -> pd.DataFrame:
    try:
        content = read_file(path)
    except OSError as error:
        raise InvalidResults(f"cannot read {path}: {error.strerror}") from None
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
        raise InvalidResults(f"{path} is not the file that its manifest describes", "publish again")
    try:
        header, *lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
        keys = header[len(RUN_FIELDS) :]
        if header != [*(one.name for one in RUN_FIELDS), *keys]:
            raise ValueError("its columns are not those of this schema")
        if header != names or len(set(header)) != len(header):
            raise ValueError("its columns are others")
        check_printable(header)
        fields = [*RUN_FIELDS, *(Field(key, "number", "") for key in keys)]
        rows = [_row(fields, line) for line in lines]
        for row in rows:
            _check_row(row, pins)
        return typed_frame(rows, keys)
    except (ValueError, csv.Error, RecursionError) as error:
        reason = f"{path} does not hold what its manifest says: {_reason(error)}"
        raise InvalidResults(reason) from None


def _row(fields: list[Field], line: list[str]) -> dict[str, Any]:
    """The cells of a line by column, None where they are empty."""
    row: dict[str, Any] = {}
    for field, cell in zip(fields, line, strict=True):
        value = _READERS[field.type](cell) if cell else None
        if value is None and field.required:
            raise ValueError(f"a row has no {field.name}")
        if value is not None and type(value) is not str:
            check(type(value), value, field.name)
        row[field.name] = value
    return row


def _check_row(row: dict[str, Any], pins: dict[str, tuple[Pin, ...]]) -> None:
    """Raise ValueError for what no run that was published can have."""
    check_printable([value for value in row.values() if type(value) is str])
    for name, allowed in (("status", STATUSES), ("budget_kind", typing.get_args(BudgetKind))):
        if row[name] not in allowed:
            raise ValueError(f"{name} is {row[name]!r}, not one of: {', '.join(allowed)}")
    if row["code"] not in pins:
        raise ValueError(f"its manifest has no plugins for the code {row['code']!r}")
    if row["budget_amount"] <= 0:
        raise ValueError("budget_amount is not positive")
    for name in ("seed", "protocol", "fakes", "evaluations"):
        if row[name] < 0:
            raise ValueError(f"{name} is negative")
    for name in ("variant_parameters", "dataset_parameters"):
        if not isinstance(json.loads(row[name]), dict):
            raise ValueError(f"{name} is no JSON object")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"{error!r}" if isinstance(error, LookupError) else str(error)
