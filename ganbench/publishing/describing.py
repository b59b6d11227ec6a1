"""Describing runs in a manifest: files and columns, plugins, specs, reasons for having no rank."""

from __future__ import annotations

import functools
import hashlib
import itertools
from typing import TYPE_CHECKING, Final, cast

from ganbench.api.version import API_VERSION, SCHEMA_VERSION, __version__
from ganbench.planning.runspec import run_id_of
from ganbench.publishing.manifest import (
    LEADERBOARD,
    RUNS,
    About,
    FieldSchema,
    Manifest,
    Resource,
    SharedSpec,
    TableForm,
    TableSchema,
)
from ganbench.results.fields import Field
from ganbench.results.record import Column
from ganbench.results.redaction import without_paths
from ganbench.results.seal import canonical_json
from ganbench.results.sources import source_of
from ganbench.statistics.groups import grouped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    import pandas as pd

    from ganbench.results.frame import Runs
    from ganbench.tables.coverage import Coverage

_MEANS: Final = "Of distances the geometric mean, where all of the setting's values are positive."
_OWN: Final = ("suite", "seed", "pins", "folder")
"""What the runs of one entry of `specs` do not share, or what stands elsewhere."""


def make_manifest(
    suite: str, runs: Runs, contents: Mapping[str, bytes], coverage: Coverage | None
) -> Manifest:
    """The content of `datapackage.json`.

    Args:
        suite: under whose name the runs are published.
        runs: all of them.
        contents: the CSV files by name.
        coverage: what a rank needs; by default all that occurs.
    """
    frame = runs.frame
    finished = frame["finished"].dropna()
    scores, told = score_fields(runs), told_columns(frame)
    board_fields = [*LEADERBOARD.fields_among(told), *itertools.chain(*map(_aggregated, scores))]
    manifest: Manifest = {
        "profile": "tabular-data-package",
        "name": f"ganbench-{suite}",
        "title": f"ganbench: suite {suite}",
        "created": finished.max(),  # and not today: the same runs give the same bytes
        "ganbench": _about(suite, runs, coverage),
        "resources": [
            _resource(LEADERBOARD, contents, board_fields),
            _resource(RUNS, contents, [*RUNS.fields_among(told), *scores]),
        ],
    }
    if finished.empty:
        del manifest["created"]
    return manifest


def _about(suite: str, runs: Runs, coverage: Coverage | None) -> About:
    frame = runs.frame
    pins = {code: list(runs.pins[code]) for code in sorted(frame["code"].unique())}
    used = [pin for own in pins.values() for pin in own]
    named = sorted({source_of(pin) for pin in used})
    about: About = {
        "version": __version__,
        "schema": SCHEMA_VERSION,
        "api": API_VERSION,
        "protocols": sorted(map(int, frame["protocol"].unique())),
        "suite": suite,
        "tasks": list(coverage.tasks) if coverage else sorted(frame["task"].unique()),
        "seeds": list(coverage.seeds) if coverage else sorted(map(int, frame["seed"].unique())),
        "requirements": sorted(
            {f"{pin['distribution']}=={pin['version']}" for pin in used if pin["distribution"]}
        ),
        "unranked": _by_reason(runs),
        "plugins": pins,
        "sources": {source: runs.sources[source] for source in named if source in runs.sources},
        "specs": _shared_specs(runs),
    }
    if not about["unranked"]:
        del about["unranked"]
    if not about["sources"]:
        del about["sources"]
    if not about["specs"]:
        del about["specs"]
    return about


def told_columns(frame: pd.DataFrame) -> frozenset[str]:
    """The columns in which some run has a value."""
    return frozenset(frame.columns[frame.notna().any()])


def score_fields(runs: Runs) -> list[Field]:
    """The columns of `runs.csv` that hold scores."""
    settings = set(runs.frame["setting"].unique())
    return [_score_field(key, runs, settings) for key in runs.score_keys]


def _by_reason(runs: Runs) -> dict[str, list[str]]:
    shown = sorted(set(runs.frame["run_id"]) & set(runs.unranked))
    return dict(sorted(grouped(shown, lambda run_id: runs.unranked[run_id]).items()))


def _shared_specs(runs: Runs) -> list[SharedSpec]:
    """The specs of all runs, those of one variant and setting in one entry.

    Left out is what would not give the run's id again: a spec with a path of a machine, which is
    not published.
    """
    entries: dict[tuple[bytes, str], SharedSpec] = {}
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
            entry: SharedSpec = {"code": code, "spec": shared, "runs": {}}
            entries.setdefault((key, code), entry)["runs"][run_id] = spec["seed"]
    return list(entries.values())


def _resource(form: TableForm, contents: Mapping[str, bytes], fields: Iterable[Field]) -> Resource:
    schema: TableSchema = {
        "fields": [cast("FieldSchema", field.to_schema()) for field in fields],
        "missingValues": [""],
    }
    if form is RUNS:
        schema["primaryKey"] = ["run_id"]
    return {
        "name": form.name,
        "path": form.file,
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\n",
            "quoteChar": '"',
            "doubleQuote": True,
        },
        "bytes": len(contents[form.file]),
        "hash": f"sha256:{hashlib.sha256(contents[form.file]).hexdigest()}",
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
