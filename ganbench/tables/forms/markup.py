"""Tables as Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ganbench.api.version import SCHEMA_VERSION
from ganbench.tables.forms.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ganbench.tables.forms.table import Table

_FORMULA: Final = re.compile(r"\s*[=+\-@]")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_LATEX: Final = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "²": r"\textsuperscript{2}",
    "µ": r"\textmu{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
}

CSV_HEADER: Final = (
    "table",
    "title",
    "section",
    "row",
    "kind",
    "column",
    "key",
    "direction",
    "unit",
    "value",
    "low",
    "high",
    "n",
    "text",
)


def safe_cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula: what could start one gets an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(tables: Sequence[Table]) -> str:
    """One line per value, so that tables with different columns fit in one file.

    Numbers are in base units and in full precision.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CSV_HEADER)
    for table in tables:
        names = [heading.name for heading in table.headings]
        for row in table.rows:
            label = str(row.cells[names.index("variant")].value)
            for heading, cell in zip(table.headings, row.cells, strict=True):
                if heading.name == "variant":
                    continue
                lead = (table.name, table.title, row.section, label, row.kind, heading.name)
                value = cell.value
                about = map(safe_cell, (*lead, heading.key, heading.direction, heading.unit))
                shown = safe_cell(value) if isinstance(value, str) else _exact(value)
                rest = (_exact(cell.low), _exact(cell.high), _exact(cell.n))
                writer.writerow([*about, shown, *rest, safe_cell(cell.text)])
    return stream.getvalue()


def as_json(tables: Sequence[Table]) -> str:
    """Everything that a table holds, in base units and in full precision."""
    document: dict[str, Any] = {"schema": SCHEMA_VERSION, "tables": [asdict(one) for one in tables]}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def as_markdown(tables: Sequence[Table]) -> str:
    """GitHub-flavoured Markdown, with the task in a column of its own."""
    blocks = []
    for table in tables:
        headings, rows, is_text = _texts(table, _markdown)
        right = [":--" if text else "--:" for text in is_text]
        lines = [f"### {_markdown(table.title)}", ""]
        lines += [_pipes(headings), _pipes(right), *map(_pipes, rows), ""]
        lines += [f"- {_markdown(note)}" for note in table.notes]
        blocks.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(blocks)


def as_latex(tables: Sequence[Table]) -> str:
    """`table` environments for the packages booktabs and textcomp."""
    blocks = []
    for table in tables:
        headings, rows, is_text = _texts(table, _latex)
        columns = "".join("l" if text else "r" for text in is_text)
        lines = [r"\begin{table}", rf"\caption{{{_latex(table.title)}}}"]
        lines += [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", _ampersands(headings)]
        above: tuple[str, str] | None = None
        for row, cells in zip(table.rows, rows, strict=True):
            here = (row.section, row.kind)
            if above is None or above[0] != here[0] or (above[1] != here[1]):
                lines.append(r"\midrule")
            lines.append(_ampersands(cells))
            above = here
        lines += [r"\bottomrule", r"\end{tabular}"]
        lines += [rf"\par\footnotesize {_latex(note)}" for note in table.notes]
        blocks.append("\n".join([*lines, r"\end{table}", ""]))
    return "\n".join(blocks)


def _texts(
    table: Table, escape: Callable[[str], str]
) -> tuple[list[str], list[list[str]], list[bool]]:
    """Headings and rows as escaped text, and which columns hold text rather than numbers.

    Tables with sections get a column of their names.
    """
    columns = [TextColumn.of(table, index) for index in range(len(table.headings))]
    headings = [escape(column.title) for column in columns]
    texts = [[escape(text) for text in column.texts] for column in columns]
    is_text = [column.is_text for column in columns]
    if any(row.section for row in table.rows):
        headings.insert(0, "task")
        texts.insert(0, [escape(row.section) for row in table.rows])
        is_text.insert(0, True)
    return headings, [list(row) for row in zip(*texts, strict=True)], is_text


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)


def _pipes(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _ampersands(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"


def _exact(value: float | None) -> str:
    return "" if value is None else repr(value)
