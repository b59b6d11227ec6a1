"""The manifest of a published leaderboard: a Frictionless data package, and what ganbench adds.

Under `ganbench` stand the plugins (with versions and source hashes) that each hash of code stands
for, the full spec of every run, from which its id can be computed again, and the reasons why runs
are not ranked.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from typing import TYPE_CHECKING, Any, Final, TypedDict

from ganbench.api.version import API_VERSION, SCHEMA_VERSION, __version__
from ganbench.planning.runspec import run_id_of
from ganbench.results.fields import LEADERBOARD_FIELDS, RUN_FIELDS, Field
from ganbench.results.record import Column, Pin
from ganbench.results.redaction import without_paths
from ganbench.results.schema import check, check_spec
from ganbench.results.seal import canonical_json
from ganbench.results.sources import source_of
from ganbench.statistics.groups import grouped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ganbench.results.frame import Runs
    from ganbench.tables.coverage import Coverage

LEADERBOARD_FILE: Final = "leaderboard.csv"
RUNS_FILE: Final = "runs.csv"
MANIFEST_FILE: Final = "datapackage.json"

_MEANS: Final = "Of distances the geometric mean, where all of the setting's values are positive."
_OWN: Final = ("suite", "seed", "pins")
"""What the runs of one entry of `specs` do not share, or what stands elsewhere."""

_PROFILE: Final = {
    "profile": "tabular-data-resource",
    "format": "csv",
    "mediatype": "text/csv",
    "encoding": "utf-8",
    "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True},
}


class SharedSpec(TypedDict):
    """The spec that runs share but for suite, seed and pins. `runs`: run id -> seed."""

    code: str
    spec: dict[str, Any]
    runs: dict[str, int]


class _Added(TypedDict, total=False):
    unranked: dict[str, list[str]]
    sources: dict[str, str]
    specs: list[SharedSpec]


class About(_Added):
    """What stands under `ganbench`. `unranked`: reason -> run ids; `plugins`: code -> pins;
    `sources`: see `Runs`."""

    version: str
    schema: int
    api: int
    protocols: list[int]
    suite: str
    tasks: list[str]
    seeds: list[int]
    requirements: list[str]
    plugins: dict[str, list[Pin]]


class _Named(TypedDict):
    name: str


class _Described(_Named, total=False):
    measured: dict[str, Column]


def check_manifest(manifest: Any) -> None:
    """Raise ValueError, which names the place, unless this has the form of a manifest."""
    check(dict[str, Any], manifest, "the manifest")
    check(About, manifest.get("ganbench"), "ganbench")
    check(list[dict[str, Any]], manifest.get("resources"), "resources")
    for resource in manifest["resources"]:
        check(dict[str, Any], resource.get("schema"), "schema")
        check(list[_Described], resource["schema"].get("fields"), "fields")
    for entry in manifest["ganbench"].get("specs", ()):
        if entry["code"] not in manifest["ganbench"]["plugins"]:
            raise ValueError(f"ganbench.specs names the code {entry['code']!r}: no such plugins")
        check_spec({**entry["spec"], "suite": "", "seed": 0})


def make_manifest(
    suite: str, runs: Runs, contents: Mapping[str, bytes], coverage: Coverage | None
) -> dict[str, Any]:
    """The content of `datapackage.json`.

    Args:
        suite: under whose name the runs are published.
        runs: all of them.
        contents: the CSV files by name.
        coverage: what a rank needs; by default all that occurs.
    """
    frame = runs.frame
    pins = {code: list(runs.pins[code]) for code in sorted(frame["code"].unique())}
    used = {
        f"{pin['distribution']}=={pin['version']}"
        for one in pins.values()
        for pin in one
        if pin["distribution"]
    }
    finished = frame["finished"].dropna()
    fields = run_fields(runs)
    scores = fields[len(RUN_FIELDS) :]
    board_fields = [*LEADERBOARD_FIELDS, *itertools.chain(*map(_aggregated, scores))]
    tasks = list(coverage.tasks) if coverage else sorted(frame["task"].unique())
    seeds = list(coverage.seeds) if coverage else sorted(map(int, frame["seed"].unique()))
    specs, unranked = _shared_specs(runs), _by_reason(runs)
    named = sorted({source_of(pin) for one in pins.values() for pin in one})
    sources = {source: runs.sources[source] for source in named if source in runs.sources}
    return {
        "profile": "tabular-data-package",
        "name": f"ganbench-{suite}",
        "title": f"ganbench: suite {suite}",
        # Of the last run and not of today: the same runs give the same bytes.
        **({"created": finished.max()} if len(finished) else {}),
        "ganbench": {
            "version": __version__,
            "schema": SCHEMA_VERSION,
            "api": API_VERSION,
            "protocols": sorted(map(int, frame["protocol"].unique())),
            "suite": suite,
            "tasks": tasks,
            "seeds": seeds,
            "requirements": sorted(used),
            **({"unranked": unranked} if unranked else {}),
            "plugins": pins,
            **({"sources": sources} if sources else {}),
            **({"specs": specs} if specs else {}),
        },
        "resources": [
            _resource("leaderboard", LEADERBOARD_FILE, contents, board_fields),
            _resource("runs", RUNS_FILE, contents, fields),
        ],
    }


def run_fields(runs: Runs) -> list[Field]:
    """The columns of `runs.csv`."""
    settings = set(runs.frame["setting"].unique())
    return [*RUN_FIELDS, *(_score_field(key, runs, settings) for key in runs.score_keys)]


def known_scores(fields: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Column]:
    """(setting, key) -> what a score is, from the schema of `runs.csv`."""
    return {
        (setting, one["name"]): column
        for one in fields
        for setting, column in one.get("measured", {}).items()
    }


def known_specs(about: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Run id -> spec, from what a manifest says under `ganbench`.

    Raises:
        KeyError, TypeError: it is not what `make_manifest` writes.
    """
    specs: dict[str, dict[str, Any]] = {}
    for entry in about.get("specs", ()):
        pins = [dict(pin) for pin in about["plugins"][entry["code"]]]
        for run_id, seed in entry["runs"].items():
            own = {"suite": about["suite"], "seed": seed, "pins": pins}
            specs[run_id] = {**entry["spec"], **own}
    return specs


def known_unranked(about: Mapping[str, Any]) -> dict[str, str]:
    """Run id -> why it is not ranked, from what a manifest says under `ganbench`."""
    reasons = about.get("unranked", {})
    return {run_id: reason for reason, run_ids in reasons.items() for run_id in run_ids}


def _by_reason(runs: Runs) -> dict[str, list[str]]:
    shown = sorted(set(runs.frame["run_id"]) & set(runs.unranked))
    return dict(sorted(grouped(shown, lambda run_id: runs.unranked[run_id]).items()))


def _shared_specs(runs: Runs) -> list[dict[str, Any]]:
    """The specs of all runs, those of one variant and setting in one entry.

    Left out is what would not give the run's id again: a spec with a path of a machine, which is
    not published.
    """
    entries: dict[tuple[bytes, str], dict[str, Any]] = {}
    public = functools.cache(lambda text: without_paths(text) == text)
    columns = ("run_id", "code", "protocol")
    for run_id, code, protocol in zip(*(runs.frame[name] for name in columns), strict=True):
        spec = runs.specs.get(run_id)
        if spec is None:
            continue
        shared = {key: value for key, value in spec.items() if key not in _OWN}
        own = {"suite": "", "seed": spec["seed"], "pins": [dict(pin) for pin in runs.pins[code]]}
        key = canonical_json(shared)
        if public(key.decode()) and run_id_of({**shared, **own}, int(protocol)) == run_id:
            entry = {"code": code, "spec": shared, "runs": {}}
            entries.setdefault((key, code), entry)["runs"][run_id] = spec["seed"]
    return list(entries.values())


def _resource(
    name: str, file: str, contents: Mapping[str, bytes], fields: Iterable[Field]
) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [one.to_schema() for one in fields], "missingValues": [""]}
    if name == "runs":
        schema["primaryKey"] = ["run_id"]
    return {
        "name": name,
        "path": file,
        **_PROFILE,
        "bytes": len(contents[file]),
        "hash": f"sha256:{hashlib.sha256(contents[file]).hexdigest()}",
        "schema": schema,
    }


def _score_field(key: str, runs: Runs, settings: Collection[str]) -> Field:
    """A score's column; `measured` says what it is in each setting, floors and caps included."""
    measured: dict[str, Column] = {
        setting: column
        for (setting, name), column in sorted(runs.scores.items())
        if name == key and setting in settings
    }
    one = next(iter(measured.values()), None)
    return Field(
        key,
        "number",
        f"{one['label']} at the end of the budget; finished runs only" if one else "",
        one["unit"] if one else "",
        properties={"measured": measured},
    )


def _aggregated(score: Field) -> Sequence[Field]:
    what = f"mean over finished runs of: {score.description}"
    return (
        Field(score.name, "number", f"{what}. {_MEANS}", score.unit, properties=score.properties),
        Field(f"{score.name}:low", "number", "lower 95 % limit", score.unit),
        Field(f"{score.name}:high", "number", "upper 95 % limit", score.unit),
        Field(f"{score.name}:n", "integer", "runs in the mean", "runs"),
    )
