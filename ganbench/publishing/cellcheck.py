"""A published CSV file against its columns: every cell that is not what its column says."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ganbench.publishing.cells import original_cell, text_cell
from ganbench.publishing.findings import Finding
from ganbench.results.fields import Field

_INTEGER: Final = re.compile(r"-?(0|[1-9]\d*)")
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(slots=True)
class Sheet:
    """A CSV file as read.

    Args:
        name: of the file.
        rows: column -> value, typed; None where empty.
        sound: whether every cell could be read.
        findings: what is wrong.
    """

    name: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    sound: bool = True
    findings: list[Finding] = field(default_factory=list)

    def report(self, message: str, row: int | None = None, column: str | None = None) -> None:
        """Note an error that keeps the file from being read as a whole."""
        self.sound = False
        self.findings.append(Finding(self.name, message, row, column))


def read_sheet(
    name: str, content: bytes, fields: Sequence[Field], written: Callable[[float], str]
) -> Sheet:
    """A CSV file with every cell checked: width, type, constraints and the form of numbers.

    Args:
        name: of the file.
        content: of the file.
        fields: its columns, in their order.
        written: how a float stands in it.
    """
    sheet = Sheet(name)
    try:
        text = content.decode("utf-8")
        header, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        sheet.report(f"it is no CSV file in UTF-8: {error or 'it is empty'}")
        return sheet
    if "\r" in text or not text.endswith("\n"):
        sheet.report("its lines do not all end with LF alone")
    if header != (names := [one.name for one in fields]):
        _report_header(sheet, header, names)
        return sheet
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            sheet.report(f"it has {len(line)} cells, the header has {len(header)}", number)
            continue
        row: dict[str, Any] = {}
        for one, cell in zip(fields, line, strict=True):
            row[one.name], problems = _read(cell, one, written)
            for problem in problems:
                sheet.report(problem, number, one.name)
        sheet.rows.append(row)
    return sheet


def _report_header(sheet: Sheet, header: list[str], names: list[str]) -> None:
    repeated = {name for name in header if header.count(name) > 1}
    for label, columns in (
        ("is missing", [name for name in names if name not in header]),
        ("is none of this schema", [name for name in header if name not in names]),
        ("occurs twice", sorted(repeated)),
    ):
        for column in columns:
            sheet.report(f"the column {label}", 1, column)
    if sheet.sound or not sheet.findings:
        sheet.report("the columns are in another order than the manifest's", 1)


def _read(cell: str, column: Field, written: Callable[[float], str]) -> tuple[Any, list[str]]:
    """The cell's value, and what is wrong with it."""
    constraints = column.to_schema().get("constraints", {})
    if not cell:
        return None, ["it is empty"] if constraints.get("required") else []
    try:
        value = _READERS[column.type](cell)
    except ValueError:
        return None, [f"{cell!r} is no {_WORDS[column.type]}"]
    problems = list(_form(cell, value, written))
    allowed = constraints.get("enum")
    if allowed and value not in allowed:
        problems.append(f"{cell!r} is none of: {', '.join(allowed)}")
    return value, problems


def _form(cell: str, value: Any, written: Callable[[float], str]) -> Iterator[str]:
    if isinstance(value, float) and written(value) != cell:
        yield f"{cell} is written as {written(value)}"
    elif isinstance(value, str) and text_cell(value) != cell:
        yield f"{cell!r} would be changed by a spreadsheet: it needs an apostrophe before it"


def _integer(cell: str) -> int:
    if not _INTEGER.fullmatch(cell):
        raise ValueError
    return int(cell)


def _number(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError
    return value


def _moment(cell: str) -> str:
    if datetime.strptime(cell, _TIME).strftime(_TIME) != cell:
        raise ValueError
    return cell


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "string": original_cell,
    "integer": _integer,
    "number": _number,
    "datetime": _moment,
}
_WORDS: Final = {
    "integer": "integer",
    "number": "finite number",
    "datetime": "time such as 2026-11-23T12:00:00Z",
}
