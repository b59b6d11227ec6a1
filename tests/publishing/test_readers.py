"""What other programs make of the published files: pandas, DuckDB, frictionless, spreadsheets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ganbench.publishing.cells import original_cell
from ganbench.publishing.manifest import LEADERBOARD, RUNS
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published
from ganbench.results.fields import Field

from ..results.synthetic import curve, record, spec, starter

STARTER = Path(__file__).parents[2] / "results" / "starter"

AWKWARD = ["1e5", "null", "may-1", "007", "true", "12e34"]
"""Names that are allowed, and that readers take for something else."""


def awkward() -> list[Any]:
    records = []
    for seed, name in enumerate(AWKWARD):
        pin = {**spec(name).pins[1], "version": "2.10"}
        one = record(spec(name, seed=seed, pins=(spec().pins[0], pin)), curve("ring8", 3, seed))
        one["environment"] |= {"commit": "123456789012", "cuda": "12.10", "device_name": "=cmd()"}
        records.append(one)
    return records


@pytest.fixture(scope="module", params=["synthetic", "awkward", "starter"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "starter":
        return STARTER
    records = starter() if request.param == "synthetic" else awkward()
    out = tmp_path_factory.mktemp(request.param)
    return publish(records, "starter", out, unranked=True)[0].parent


FILES = {form.file: form for form in (RUNS, LEADERBOARD)}
HARMLESS = {"seeds", "threads", "commit", "cuda", "driver", "version"}
"""Texts that may look like a number, and then print as they stand in the file."""


def test_frictionless_finds_nothing_wrong(folder: Path) -> None:
    frictionless = pytest.importorskip("frictionless", reason="the validator is not installed")
    report = frictionless.Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "note", "fieldName"])


@pytest.mark.parametrize("file", FILES)
def test_pandas_guesses_the_right_types(folder: Path, file: str) -> None:
    read = pd.read_csv(folder / file)
    fields = FILES[file].fields_among(read.columns)
    for field in fields:
        column = read[field.name].dropna()
        if column.empty or field.name in HARMLESS:
            continue
        numeric = pd.api.types.is_numeric_dtype(column)
        assert numeric == (field.type in ("integer", "number")), field.name
    for key in read.columns[len(fields) :]:
        assert pd.api.types.is_numeric_dtype(read[key]), key


@pytest.mark.parametrize("file", FILES)
def test_duckdb_guesses_the_right_types(folder: Path, file: str) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    table = duckdb.read_csv(str(folder / file))
    types = dict(zip(table.columns, map(str, table.types), strict=True))
    counts = ", ".join(f'count("{name}")' for name in table.columns)
    (known,) = table.aggregate(counts).fetchall()
    for field, count in zip(FILES[file].fields_among(table.columns), known, strict=False):
        if count and field.name not in HARMLESS:
            assert types[field.name].startswith(duckdb_types(field)), field.name
    assert len(table) == len(pd.read_csv(folder / file))


def duckdb_types(field: Field) -> tuple[str, ...]:
    return {
        "string": ("VARCHAR",),
        "integer": ("BIGINT",),
        "number": ("DOUBLE", "BIGINT", "DECIMAL"),
        "datetime": ("TIMESTAMP",),
    }[field.type]


def test_what_duckdb_reads_is_what_was_written(folder: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    frame = read_published(folder)[0].frame
    expected = frame.sort_values("run_id")[["run_id", "seconds", "variant", "setting"]]
    columns = ("run_id", "seconds", "variant", "setting")
    table = duckdb.read_csv(str(folder / "runs.csv")).select(*map(duckdb.ColumnExpression, columns))
    rows = [(*row[:2], *map(original_cell, row[2:])) for row in sorted(table.fetchall())]
    assert rows == list(expected.itertuples(index=False, name=None))


@pytest.mark.parametrize("file", FILES)
def test_a_spreadsheet_keeps_every_text(folder: Path, file: str) -> None:
    """As a spreadsheet reads: everything that looks like a number, a date or a formula is one."""
    raw = pd.read_csv(folder / file, dtype=str, keep_default_na=False)
    fields = FILES[file].fields_among(raw.columns)
    strings = [field.name for field in fields if field.type == "string"]
    for name in strings:
        for cell in set(raw[name]) - {""}:
            assert not cell.startswith(("=", "+", "-", "@")), (name, cell)
            if name in HARMLESS:
                number = as_number(cell)
                assert number is None or f"{number:.15g}" == cell, (name, cell)
            else:
                assert as_number(cell) is None, (name, cell)
                assert as_date(cell) is None, (name, cell)


def as_number(cell: str) -> float | None:
    if re.fullmatch(r"\d{1,3}(,\d{3})+", cell):
        return float(cell.replace(",", ""))
    try:
        return float(cell.replace("_", "x"))
    except ValueError:
        return None


def as_date(cell: str) -> object | None:
    for form in ("%b-%d", "%d-%b", "%b %Y", "%Y-%m-%d", "%d/%m/%y", "%m-%d"):
        try:
            return pd.to_datetime(cell, format=form)
        except ValueError:
            continue
    return None


def test_awkward_names_come_back(tmp_path: Path) -> None:
    out = publish(awkward(), "starter", tmp_path, unranked=True)[0].parent
    frame = read_published(out)[0].frame
    assert set(frame["variant"]) == set(AWKWARD)
    assert set(frame["version"]) == {"2.10"}
    assert set(frame["device_name"]) == {"=cmd()"}
