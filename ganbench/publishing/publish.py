"""Published leaderboards: two CSV files and a manifest that says what is in them.

`runs.csv` holds every float in the shortest form that reads back as the same number, so that all
that is derived can be derived again. `leaderboard.csv` holds 9 significant digits: more would be
noise of the last bit, and lines that differ between machines. The same runs give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from ganbench.api.errors import InvalidResults, NothingSelected, UsageError
from ganbench.api.specs import NAME_PATTERN
from ganbench.publishing.cells import original_cell, text_cell
from ganbench.publishing.describing import make_manifest, told_columns
from ganbench.publishing.eligibility import Commands, Objection, objections, ways_out
from ganbench.publishing.manifest import LEADERBOARD, MANIFEST_FILE, RUNS
from ganbench.results.frame import Runs, collect, plain_columns
from ganbench.results.redaction import without_paths
from ganbench.statistics.groups import grouped
from ganbench.storage.writing import make_folder, replace_all
from ganbench.tables.grouping import one_per_seed
from ganbench.tables.leaderboard import leaderboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from ganbench.results.record import Record
    from ganbench.tables.coverage import Coverage

_SHOWN: Final = 5
"""Objections that an error lists."""


def publish(
    source: Runs | Sequence[Record],
    suite: str,
    out_dir: Path,
    coverage: Coverage | None = None,
    *,
    unranked: bool = False,
    commands: Commands | None = None,
) -> list[Path]:
    """Write ``OUT_DIR/SUITE/{runs.csv,leaderboard.csv,datapackage.json}``.

    Args:
        source: the runs to publish, one of each seed (see `ganbench.tables.twins`), under this
            suite's name whichever suite asked for them first: select before.
        suite: name of the folder.
        out_dir: usually `results`.
        coverage: the tasks and seeds that a rank needs; by default all that occur.
        unranked: publish what may not be ranked as well, without a rank and with the reason.
        commands: what errors tell people to type; None: as for a runs folder.

    Returns:
        The three files, the manifest last.

    Raises:
        NothingSelected: there is no run.
        InvalidResults: something may not be ranked, and `unranked` is not set: incomplete coverage,
            an older protocol among newer ones, several devices under time budgets, local code.
        UsageError: the suite's name cannot be a folder's.
        GanbenchError: the folder cannot be written to.
    """
    if not NAME_PATTERN.fullmatch(suite):
        raise UsageError(f"{suite!r} cannot be a suite's name", "use a-z, 0-9, '.', '_', '-'")
    given = source if isinstance(source, Runs) else collect(source)
    runs, _ = one_per_seed(given.under(suite))
    if runs.frame.empty:
        hint = "run some first: `ganbench run --all`"
        raise NothingSelected("there is no run to publish", hint)
    found = objections(runs, coverage)
    if found and not unranked:
        raise _refusal(found, commands or Commands.of(suite))
    barred = {run_id: one.reason for one in found for run_id in one.run_ids}
    contents = package(replace(runs, unranked=barred), suite, coverage)
    folder = out_dir / suite
    make_folder(folder)
    replace_all({folder / name: content for name, content in contents.items()})
    return [folder / name for name in contents]


def without_rank(folder: Path) -> list[str]:
    """A line for each reason why variants that were published have no rank, but for what would have
    been refused."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    refused = manifest["ganbench"].get("unranked", {})
    rows = csv.DictReader(io.StringIO((folder / LEADERBOARD.file).read_text("utf-8")))
    cells = dict.fromkeys((row["variant"], row["unranked"]) for row in rows if row["unranked"])
    pairs = [tuple(map(original_cell, pair)) for pair in cells]
    return [
        f"no rank for {', '.join(variant for variant, _ in own)}: {reason}"
        for reason, own in grouped(pairs, lambda pair: pair[1]).items()
        if reason not in refused
    ]


def package(runs: Runs, suite: str, coverage: Coverage | None) -> dict[str, bytes]:
    """File name -> content of a published leaderboard, the manifest last."""
    told = told_columns(runs.frame)
    contents = {
        form.file: to_csv(frame.drop(columns=form.left_out(told)), form.written)
        for form, frame in ((RUNS, runs.frame), (LEADERBOARD, leaderboard(runs, coverage)))
    }
    manifest = make_manifest(suite, runs, contents, coverage)
    text = msgspec.json.format(json.dumps(manifest, ensure_ascii=False), indent=1)
    contents[MANIFEST_FILE] = text.encode() + b"\n"
    return contents


def to_csv(frame: pd.DataFrame, written: Callable[[float], str]) -> bytes:
    """UTF-8, LF, an empty field for a missing value, no formula, no path of a machine."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*_cells(frame, written), strict=True))
    return stream.getvalue().encode("utf-8", "replace")


def _cells(frame: pd.DataFrame, written: Callable[[float], str]) -> Iterator[list[str]]:
    """The text in the cells of one column after the other."""
    for values, of_type in zip(plain_columns(frame), frame.dtypes, strict=True):
        if of_type == "float64":
            yield ["" if value is None else written(value) for value in values]
        else:
            known = {one: _text(one) for one in set(values)}
            yield [known[value] for value in values]


def _text(value: str | int | None) -> str:
    if isinstance(value, str):
        return published_text(value)
    return "" if value is None else str(value)


def published_text(text: str) -> str:
    """A text as it stands in a cell."""
    return text_cell(without_paths(text))


def _refusal(found: Sequence[Objection], commands: Commands) -> InvalidResults:
    shown = [one.reason for one in found[:_SHOWN]]
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return InvalidResults(
        f"not all of this may be ranked: {'; '.join(shown)}{more}", ways_out(found, commands)
    )
