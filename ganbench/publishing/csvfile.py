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
from ganbench.results.record import LARGEST

_INTEGER: Final = re.compile(r"-?(0|[1-9]\d*)")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(slots=True)
class CsvFile:
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


def read_csv(
    name: str, content: bytes, fields: Sequence[Field], written: Callable[[float], str]
) -> CsvFile:
    """A CSV file with every cell checked: width, type, constraints and the form of numbers.

    Args:
        name: of the file.
        content: of the file.
        fields: its columns, in their order.
        written: how a float stands in it.
    """
    file = CsvFile(name)
    try:
        text = content.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        file.report(f"it is no CSV file in UTF-8: {error}")
        return file
    if not rows:
        file.report("it is empty")
        return file
    header, *lines = rows
    if "\r" in text or not text.endswith("\n"):
        file.report("its lines do not all end with LF alone")
    names = [field.name for field in fields]
    if header != names or len(set(names)) != len(names):
        _report_header(file, header, names)
        return file
    columns = [_CellReader(field, written) for field in fields]
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            file.report(f"it has {len(line)} cells, the header has {len(header)}", number)
            continue
        row: dict[str, Any] = {}
        for column, cell in zip(columns, line, strict=True):
            row[column.name], problems = column.read(cell)
            for problem in problems:
                file.report(problem, number, column.name)
        file.rows.append(row)
    return file


def _report_header(file: CsvFile, header: list[str], names: list[str]) -> None:
    repeated = {name for name in header if header.count(name) > 1}
    for label, columns in (
        ("is missing", [name for name in names if name not in header]),
        ("is none of this schema", [name for name in header if name not in names]),
        ("occurs twice", sorted(repeated)),
    ):
        for column in columns:
            file.report(f"the column {label}", 1, column)
    if not file.findings:
        file.report("the columns are in another order than the manifest's", 1)


class _CellReader:
    """Reads the cells of one column. Most columns say the same again and again."""

    def __init__(self, column: Field, written: Callable[[float], str]) -> None:
        constraints = column.to_schema().get("constraints", {})
        self.name = column.name
        self._type, self._written = column.type, written
        self._required = bool(constraints.get("required"))
        self._allowed = constraints.get("enum")
        self._seen: dict[str, tuple[Any, Sequence[str]]] = {}

    def read(self, cell: str) -> tuple[Any, Sequence[str]]:
        """The cell's value, and what is wrong with it."""
        if (seen := self._seen.get(cell)) is None:
            seen = self._seen[cell] = self._read(cell)
        return seen

    def _read(self, cell: str) -> tuple[Any, Sequence[str]]:
        if not cell:
            return None, ["it is empty"] if self._required else ()
        try:
            value = _READERS[self._type](cell)
        except ValueError:
            return None, [f"{cell!r} is no {_WORDS[self._type]}"]
        problems = list(_form(cell, value, self._written))
        if self._allowed and value not in self._allowed:
            problems.append(f"{cell!r} is none of: {', '.join(self._allowed)}")
        return value, problems


def _form(cell: str, value: Any, written: Callable[[float], str]) -> Iterator[str]:
    if isinstance(value, float) and written(value) != cell:
        yield f"{cell} is written as {written(value)}"
    elif isinstance(value, str):
        if text_cell(value) != cell:
            yield f"{cell!r} would be changed by a spreadsheet: it needs an apostrophe before it"
        if not value.isprintable():
            yield f"{cell!r} has characters that cannot be printed"


def _integer(cell: str) -> int:
    if not _INTEGER.fullmatch(cell) or abs(value := int(cell)) > LARGEST:
        raise ValueError
    return value


def _number(cell: str) -> float:
    value = float(cell)
    if not math.isfinite(value):
        raise ValueError
    return value


def _moment(cell: str) -> str:
    if not _TIME.fullmatch(cell):
        raise ValueError
    datetime.fromisoformat(cell)  # the 31st of February is no time either
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
