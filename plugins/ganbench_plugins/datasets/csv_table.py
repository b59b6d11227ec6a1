"""The user's own table, as ``csv:PATH``: kinds are guessed, told, and set otherwise where need be.

A column is of numbers if all of its cells that say something are, and there are more than
`FEW` different ones; of categories otherwise. A missing category is the category `missing`; a row
in which a number is missing is left out. Both are told, in one line, before anything runs.
"""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench import (
    Categorical,
    Data,
    DatasetSpec,
    MissingData,
    Numeric,
    Parameter,
    Survey,
    UsageError,
    hookimpl,
)
from ganbench_plugins.datasets.columns import MODES_PARAMETER, Table, make_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_NAMED = 200
"""Uneven rows of which each is named: more say the same again."""

FEW = 20
"""Different numbers up to which a column that nobody has spoken of is one of categories."""

MANY_TEXTS = 1_000
"""Categories of which networks would have to see one number each."""

CLOSED = "closed"
"""A row behind the last one, which is swallowed where a quote is open."""

NOTHING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Cells that say nothing, in small letters or in others."""

MISSING = "missing"

FORMULA = re.compile(r"'+\s*[=+\-@]")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
"""Texts that begin with an apostrophe because they would be formulas of a spreadsheet otherwise,
which numbers are not: as `ganbench sample` writes tables."""

PARAMETERS = {
    "path": Parameter(default="", path=True, help="the file; its first line names the columns"),
    "numbers": Parameter(default="", help='columns of numbers, as "age,size"; others are guessed'),
    "categories": Parameter(default="", help='columns of categories, as "sex,town"'),
    "drop": Parameter(default="", help='columns that are left out, as "id,name"'),
    "target": Parameter(default="", help="column that the others foretell; empty: the last one"),
    "modes": MODES_PARAMETER,
}


def describe(**settings: Any) -> Survey:
    """Columns, counts and content; kinds and what is left out in a note.

    Raises:
        MissingData: no such file.
        UsageError: no path; a file that is no table; a setting that names no column.
    """
    table, left_out = _read(**settings)
    return table.survey(notes=(told(settings["path"], table, left_out),))


def load(**settings: Any) -> Data:
    """Its rows; a third is held out.

    Raises:
        MissingData, UsageError: as `describe`.
    """
    return _read(**settings)[0].data()


def told(path: str, table: Table, left_out: int) -> str:
    """What was found and how it was taken, in one line."""
    assert table.info.schema is not None
    kinds = "; ".join(map(_kind, table.info.schema, table.rows.T))
    less = f"; {left_out:,} rows with missing numbers left out" if left_out else ""
    return (
        f"{path}: {len(table.rows):,} rows, {int(table.heldout.sum()):,} of them held out{less}; "
        f"{kinds}; otherwise: numbers=, categories=, drop="
    )


def _kind(column: Numeric | Categorical, values: NDArray[np.float32]) -> str:
    if isinstance(column, Categorical):
        return f"{column.name}: {len(column.categories)} categories"
    whole = "whole " if column.whole else ""
    return f"{column.name}: {whole}numbers from {values.min():g} to {values.max():g}"


def _read(
    *, path: str, numbers: str, categories: str, drop: str, target: str, modes: int
) -> tuple[Table, int]:
    """The table, and how many rows are left out."""
    import numpy as np

    cells = read_cells(path)
    named = {word: _names(text) for word, text in (("numbers", numbers), ("drop", drop))}
    named |= {"categories": _names(categories), "target": [target] if target else []}
    for word, names in named.items():
        for name in names:
            if name not in cells:
                raise UsageError(
                    f"{path} has no column {name!r}, which {word}= names",
                    f"its columns: {', '.join(cells)}",
                )
    if target in named["drop"]:
        raise UsageError(f"{path}: {target!r} is dropped, and the target", "take it out of one")
    order = [name for name in cells if name not in named["drop"] and name != target]
    order += [target] if target else []
    if not order:
        raise UsageError(f"{path}: every column is dropped", "leave one")
    told_numeric, told_categorical = set(named["numbers"]), set(named["categories"])
    numeric = {
        name: _as_numbers(path, name, cells[name], must=name in told_numeric)
        for name in order
        if name not in told_categorical
    }
    found = {
        name: values
        for name, values in numeric.items()
        if values is not None and (name in told_numeric or _many(values))
    }
    whole = np.all([np.isfinite(values) for values in found.values()], axis=0) if found else None
    rows = len(cells[order[0]])
    kept = np.ones(rows, bool) if whole is None else whole
    columns: dict[str, NDArray[np.float64] | list[str]] = {
        name: found[name][kept] if name in found else _texts(path, name, cells[name], kept)
        for name in order
    }
    made = make_table(f"csv:{path}", columns, modes)
    return made, rows - int(kept.sum())


_QUOTED = re.compile(r'(?:^|(?<=[,;\t]))"[^"]*"(?=[,;\t]|$)')
"""A cell in quotes."""


def read_cells(path: str) -> dict[str, list[str]]:
    """Column -> its cells.

    Raises:
        MissingData: no such file.
        UsageError: no path; not UTF-8; no header; a quote that is never closed; rows of another
            length, which are all named.
    """
    if not path:
        raise UsageError("csv needs a file", "write it as csv:PATH")
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise MissingData(f"{path} is no file", "write it as csv:PATH") from None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}", "save it as UTF-8") from None
    first = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    delimiter = max(",;\t", key=_QUOTED.sub("", first).count)
    numbered = _rows(path, text, delimiter)
    rows = [row for _, row in numbered]
    header = list(map(_read_text, rows[0])) if rows else []
    twice = [name for name, count in Counter(header).items() if count > 1 or not name]
    if not header or twice:
        raise UsageError(
            f"{path}: the first line must name the columns, each by a name of its own"
            + (f", {twice[0]!r} is none" if twice else "")
        )
    uneven = [f"line {line} has {len(row)}" for line, row in numbered if len(row) != len(header)]
    if uneven:
        more = f", and {len(uneven) - MOST_NAMED:,} more" if len(uneven) > MOST_NAMED else ""
        raise UsageError(
            f"{path}: {len(uneven):,} of {len(rows) - 1:,} rows have other than the "
            f"{len(header)} cells of the header: {', '.join(uneven[:MOST_NAMED])}{more}",
            f"put a cell with a {delimiter!r} of its own in double quotes, or take them out",
        )
    return {name: [_read_text(row[place]) for row in rows[1:]] for place, name in enumerate(header)}


def _rows(path: str, text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, each behind the number of its last line. Of one column, empty ones
    before the last are rows without a value.

    Lines end as files do, at CR and LF alone, and not where Unicode sees an end. Within quotes
    they belong to a cell, and stay as they are.

    Raises:
        UsageError: a cell is never closed, or cannot be read.
    """
    lines = itertools.chain(io.StringIO(text, newline=""), [CLOSED])
    reader = csv.reader(lines, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for row in reader:
            if row or len(rows[0][1] if rows else ()) == 1:
                rows.append((reader.line_num, row or [""]))
            begin, before = reader.line_num + 1, begin
    except csv.Error as error:  # a cell that is longer than the reader takes, above all
        raise UsageError(
            f"{path}: the row that begins in line {begin} cannot be read: {error}",
            'close the double quote that may be open there, or write "" for one in a quoted cell',
        ) from None
    closed = rows.pop()[1] == [CLOSED]
    while rows and rows[-1][1] == [""]:
        rows.pop()
    if not closed:
        raise UsageError(
            f"{path}: a double quote is opened in the row that begins in line {before}, and never "
            "closed",
            'close it, or write "" for a double quote in a quoted cell',
        )
    return rows


def _read_text(cell: str) -> str:
    """A cell without blanks around it, and without the apostrophe that was put before a formula."""
    text = cell.strip()
    quoted = FORMULA.match(text) and not NUMBER.fullmatch(text.lstrip("'"))
    return text[1:] if quoted else text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _as_numbers(
    path: str, name: str, cells: list[str], *, must: bool
) -> NDArray[np.float64] | None:
    """(N,) with NaN where nothing is said; None where a cell is no number.

    Raises:
        UsageError: it must be numbers, and one is none.
    """
    import numpy as np

    values = np.full(len(cells), np.nan)
    for place, cell in enumerate(cells):
        if _says_nothing(cell):
            continue
        number = _number(cell)
        if number is None:
            if must:
                raise UsageError(f"{path}: {cell!r} in column {name!r} is no finite number")
            return None
        values[place] = number
    return values


def _says_nothing(cell: str) -> bool:
    return cell.lower() in NOTHING


def _number(cell: str) -> float | None:
    # Not all that Python reads: 2015_03 is a text.
    number = float(cell) if NUMBER.fullmatch(cell) else math.inf
    return number if math.isfinite(number) else None


def _many(values: NDArray[np.float64]) -> bool:
    import numpy as np

    return len(np.unique(values[np.isfinite(values)])) > FEW


def _texts(path: str, name: str, cells: list[str], kept: NDArray[np.bool_]) -> list[str]:
    """Raises:
    UsageError: nearly every row has a text of its own, which no network can learn.
    """
    texts = [
        MISSING if _says_nothing(cell) else cell
        for cell, keep in zip(cells, kept, strict=True)
        if keep
    ]
    different = len(set(texts))
    if different > MANY_TEXTS or (different > FEW and different > len(texts) / 2):
        odd = [text for text in texts if text != MISSING and _number(text) is None]
        if 0 < len(odd) < len(texts) / 2:
            raise UsageError(
                f"{path}: column {name!r} holds numbers, and in {len(odd):,} of {len(texts):,} "
                f"rows none, such as {odd[0]!r}",
                "write numbers as 1234.5 and nothing as an empty cell, or leave it out: "
                f'drop="{name}"',
            )
        raise UsageError(
            f"{path}: column {name!r} has {different:,} different texts in {len(texts):,} rows",
            f'leave it out: drop="{name}"',
        )
    return texts


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The user's own table."""
    return [
        DatasetSpec(
            name="csv",
            description="your own table, as csv:PATH; kinds of columns are guessed and shown",
            modalities=("tabular",),
            parameters=PARAMETERS,
            describe=describe,
            load=load,
            argument="path",
        )
    ]
