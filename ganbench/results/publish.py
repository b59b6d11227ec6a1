"""Published leaderboards: two CSV files and a manifest that says what is in them.

`runs.csv` holds every float in the shortest form that reads back as the same number, so that all
that is derived can be derived again. `leaderboard.csv` holds 9 significant digits: more would be
noise of the last bit, and lines that differ between machines. The same runs give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from typing import TYPE_CHECKING, Any, Final

from ganbench import __version__
from ganbench.api.errors import InvalidResults, NothingSelected, UsageError
from ganbench.api.specs import NAME_PATTERN
from ganbench.api.version import API_VERSION, SCHEMA_VERSION
from ganbench.results.fields import LEADERBOARD_FIELDS, RUN_FIELDS, Field
from ganbench.results.files import make_folder, replace_all
from ganbench.results.frame import Runs, collect, plain_rows
from ganbench.results.leaderboard import leaderboard
from ganbench.results.markup import safe_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd

    from ganbench.results.record import Column, Record
    from ganbench.results.standing import Coverage

LEADERBOARD_FILE: Final = "leaderboard.csv"
RUNS_FILE: Final = "runs.csv"
MANIFEST_FILE: Final = "datapackage.json"

_PATH: Final = re.compile(
    r"""(?<![\w.)\]/~\\])(?:/(?=[^\s/])|~[^/\\,"]*[/\\]|[A-Za-z]:[/\\])[^,;"'\[\]|]*"""
)
"""An absolute path, up to what ends a value in JSON, in a reference or in a list."""

_MEANS: Final = "Of distances the geometric mean, where all of the setting's values are positive."

_PROFILE: Final = {
    "profile": "tabular-data-resource",
    "format": "csv",
    "mediatype": "text/csv",
    "encoding": "utf-8",
    "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True},
}


def publish(
    source: Runs | Sequence[Record],
    suite: str,
    out_dir: Path,
    coverage: Coverage | None = None,
) -> list[Path]:
    """Write ``OUT_DIR/SUITE/{runs.csv,leaderboard.csv,datapackage.json}``.

    Args:
        source: the runs to publish, all of them, under this suite's name whichever suite asked for
            them first: select before.
        suite: name of the folder.
        out_dir: usually `results`.
        coverage: the tasks and seeds that a rank needs; by default all that occur.

    Returns:
        The three files, the manifest last.

    Raises:
        NothingSelected: there is no run.
        InvalidResults: a run used a plugin of no installed distribution: nobody could repeat it.
        UsageError: the suite's name cannot be a folder's.
        GanbenchError: the folder cannot be written to.
    """
    if not NAME_PATTERN.fullmatch(suite):
        raise UsageError(f"{suite!r} cannot be a suite's name", "use a-z, 0-9, '.', '_', '-'")
    runs = (source if isinstance(source, Runs) else collect(source)).under(suite)
    if runs.frame.empty:
        raise NothingSelected("there is no run to publish", "run some first: ganbench run --all")
    _refuse_local_code(runs)
    board = leaderboard(runs, coverage)
    contents = {
        RUNS_FILE: to_csv(runs.frame, repr),
        LEADERBOARD_FILE: to_csv(board, "{:.9g}".format),
    }
    manifest = _manifest(suite, runs, contents, coverage)
    contents[MANIFEST_FILE] = json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"
    folder = out_dir / suite
    make_folder(folder)
    replace_all({folder / name: content for name, content in contents.items()})
    return [folder / name for name in contents]


def to_csv(frame: pd.DataFrame, written: Callable[[float], str]) -> bytes:
    """UTF-8, LF, an empty field for a missing value, no formula, no path of a machine."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(frame.columns)
    known: dict[Any, str] = {None: ""}
    for row in plain_rows(frame):
        cells = []
        for value in row.values():
            if isinstance(value, float):
                cells.append(written(value))
            elif value in known:
                cells.append(known[value])
            else:
                text = str(value)
                known[value] = safe_cell(without_paths(text)) if isinstance(value, str) else text
                cells.append(known[value])
        writer.writerow(cells)
    return stream.getvalue().encode("utf-8", "replace")


def without_paths(text: str) -> str:
    """The text with absolute paths cut to their last part: ``images:/home/me/cats`` is ``cats``."""
    return _PATH.sub(lambda match: re.split(r"[\\/]", match[0].rstrip("\\/"))[-1], text)


def _refuse_local_code(runs: Runs) -> None:
    for code in sorted(set(runs.frame["code"])):
        for pin in runs.pins[code]:
            if not pin["distribution"]:
                raise InvalidResults(
                    f"the {pin['kind']} {pin['name']!r} is a local file: nobody could repeat this",
                    "package it (`ganbench new` shows how) and run it again, or leave it out",
                )


def _manifest(
    suite: str, runs: Runs, contents: dict[str, bytes], coverage: Coverage | None
) -> dict[str, Any]:
    frame = runs.frame
    pins = {code: list(runs.pins[code]) for code in sorted(set(frame["code"]))}
    used = {f"{pin['distribution']}=={pin['version']}" for one in pins.values() for pin in one}
    finished = frame["finished"].dropna()
    run_fields = [*RUN_FIELDS, *(_score_field(key, runs) for key in runs.score_keys)]
    board_fields = [*LEADERBOARD_FIELDS]
    for key in runs.score_keys:
        board_fields += _aggregated(_score_field(key, runs))
    tasks = list(coverage.tasks) if coverage else sorted(set(frame["task"]))
    seeds = list(coverage.seeds) if coverage else sorted({int(seed) for seed in frame["seed"]})
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
            "protocols": sorted({int(one) for one in frame["protocol"]}),
            "suite": suite,
            "tasks": tasks,
            "seeds": seeds,
            "requirements": sorted(used),
            "plugins": pins,
        },
        "resources": [
            _resource("leaderboard", LEADERBOARD_FILE, contents, board_fields),
            _resource("runs", RUNS_FILE, contents, run_fields),
        ],
    }


def _resource(
    name: str, file: str, contents: dict[str, bytes], fields: Sequence[Field]
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


def _score_field(key: str, runs: Runs) -> Field:
    """A score's column; `measured` says what it is in each setting, floors and caps included."""
    settings = set(runs.frame["setting"])
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


def _aggregated(score: Field) -> tuple[Field, ...]:
    what = f"mean over finished runs of: {score.description}"
    return (
        Field(score.name, "number", f"{what}. {_MEANS}", score.unit, properties=score.properties),
        Field(f"{score.name}:low", "number", "lower 95 % limit", score.unit),
        Field(f"{score.name}:high", "number", "upper 95 % limit", score.unit),
        Field(f"{score.name}:n", "integer", "runs in the mean", "runs"),
    )
