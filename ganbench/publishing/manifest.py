"""The manifest of a published leaderboard: a Frictionless data package, and what ganbench adds.

Under `ganbench` stand the plugins (with versions and source hashes) that each hash of code stands
for, the full spec of every run, from which its id can be computed again, and the reasons why runs
are not ranked.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NotRequired, TypedDict, cast

from ganbench.api.version import SCHEMA_VERSION
from ganbench.results.fields import LEADERBOARD_FIELDS, RUN_FIELDS, Field, FieldType
from ganbench.results.record import Column, Integer, Pin
from ganbench.results.schema import check_printable, check_spec
from ganbench.storage.parsing import as_type

LEADERBOARD_FILE: Final = "leaderboard.csv"
RUNS_FILE: Final = "runs.csv"
MANIFEST_FILE: Final = "datapackage.json"


@dataclass(frozen=True, slots=True)
class TableForm:
    """What one of the CSV files always has.

    Args:
        name: of its entry under `resources`.
        file: its own name.
        fields: its first columns, `optional` ones included; those of scores follow.
        written: how a float stands in it.
    """

    name: str
    file: str
    fields: Sequence[Field]
    written: Callable[[float], str]

    def fields_among(self, names: Container[str]) -> list[Field]:
        """Its first columns in a file of these columns, or of rows with values in these."""
        return [one for one in self.fields if not one.optional or one.name in names]

    def left_out(self, names: Container[str]) -> list[str]:
        """Names of its other columns, which such a file does not have."""
        return [one.name for one in self.fields if one.optional and one.name not in names]

    def type_of(self, score: str) -> FieldType:
        """The type of a column that follows the fixed ones."""
        return "integer" if self.name == "leaderboard" and score.endswith(":n") else "number"


LEADERBOARD: Final = TableForm("leaderboard", LEADERBOARD_FILE, LEADERBOARD_FIELDS, "{:.9g}".format)
RUNS: Final = TableForm("runs", RUNS_FILE, RUN_FIELDS, repr)


class SharedSpec(TypedDict):
    """The spec that runs share but for suite, seed and pins. `runs`: run id -> seed."""

    code: str
    spec: dict[str, Any]
    runs: dict[str, Integer]


class About(TypedDict):
    """What stands under `ganbench`.

    `unranked`: reason -> run ids; `plugins`: code -> pins; `sources`: see `Runs`. The three that
    may be absent are absent where they would be empty.
    """

    version: str
    schema: Integer
    api: Integer
    protocols: list[Integer]
    suite: str
    tasks: list[str]
    seeds: list[Integer]
    requirements: list[str]
    unranked: NotRequired[dict[str, list[str]]]
    plugins: dict[str, list[Pin]]
    sources: NotRequired[dict[str, str]]
    specs: NotRequired[list[SharedSpec]]


class FieldSchema(TypedDict):
    """A column, as `Field.to_schema` describes it. `measured`: setting -> what the score is."""

    name: str
    type: str
    description: str
    format: NotRequired[str]
    unit: NotRequired[str]
    constraints: NotRequired[dict[str, Any]]
    measured: NotRequired[dict[str, Column]]


class TableSchema(TypedDict):
    """The columns of a file."""

    fields: list[FieldSchema]
    missingValues: list[str]
    primaryKey: NotRequired[list[str]]


class Resource(TypedDict):
    """A file, and how it is to be read."""

    name: str
    path: str
    profile: str
    format: str
    mediatype: str
    encoding: str
    dialect: dict[str, Any]
    bytes: Integer
    hash: str
    schema: TableSchema


class Manifest(TypedDict):
    """`datapackage.json`."""

    profile: str
    name: str
    title: str
    created: NotRequired[str]
    ganbench: About
    resources: list[Resource]


class _Numbered(TypedDict):
    schema: Integer


class _AnyManifest(TypedDict):
    """What manifests of all schemas have in common."""

    ganbench: _Numbered


def as_manifest(data: Any) -> Manifest:
    """The same object, known to be a manifest of this schema.

    Raises:
        ValueError: it is none; the message says which key is wrong and why.
    """
    schema = as_type(data, _AnyManifest, "")["ganbench"]["schema"]
    if schema > SCHEMA_VERSION:
        raise ValueError(f"schema {schema} is newer than this ganbench knows; update ganbench")
    if schema < SCHEMA_VERSION:
        raise ValueError(f"schema {schema} is read by the ganbench that wrote it")
    as_type(data, Manifest, "")
    manifest = cast("Manifest", data)
    about = manifest["ganbench"]
    for entry in about.get("specs", ()):
        if entry["code"] not in about["plugins"]:
            raise ValueError(f"ganbench.specs names the code {entry['code']!r}: no such plugins")
        check_spec({**entry["spec"], "suite": "", "seed": 0})
    check_printable([about, [resource["schema"] for resource in manifest["resources"]]])
    return manifest


def known_scores(fields: Iterable[FieldSchema]) -> dict[tuple[str, str], Column]:
    """(setting, key) -> what a score is, from the schema of `runs.csv`."""
    return {
        (setting, field["name"]): column
        for field in fields
        for setting, column in field.get("measured", {}).items()
    }


def known_specs(about: About) -> dict[str, dict[str, Any]]:
    """Run id -> spec, from what a manifest says under `ganbench`."""
    specs: dict[str, dict[str, Any]] = {}
    for entry in about.get("specs", ()):
        pins = [dict(pin) for pin in about["plugins"][entry["code"]]]
        for run_id, seed in entry["runs"].items():
            own = {"suite": about["suite"], "seed": seed, "pins": pins}
            specs[run_id] = {**entry["spec"], **own}
    return specs


def known_unranked(about: About) -> dict[str, str]:
    """Run id -> why it is not ranked, from what a manifest says under `ganbench`."""
    reasons = about.get("unranked", {})
    return {run_id: reason for reason, run_ids in reasons.items() for run_id in run_ids}
