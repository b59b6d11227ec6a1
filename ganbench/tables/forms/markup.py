"""Tables as Markdown, LaTeX, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from ganbench.api.version import SCHEMA_VERSION
from ganbench.tables.forms.numbers import common_prefix, value_and_spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ganbench.tables.forms.table import Table

_FORMULA: Final = re.compile(r"\s*[=+\-@]")
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]<>#|~])")
_LATEX: Final = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "–": "--", "±": r"$\pm$", "²": r"\textsuperscript{2}", "µ": r"\textmu{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
}  # fmt: skip
_LATEX_ARROWS: Final = {
    "lower": r" $\downarrow$", "higher": r" $\uparrow$", "target": r" $\rightarrow$", "": "",
}  # fmt: skip
_MARKDOWN_ARROWS: Final = {"lower": " ↓", "higher": " ↑", "target": " →", "": ""}

CSV_HEADER: Final = (
    *("table", "title", "section", "row", "kind", "column", "key", "direction", "unit"),
    *("value", "low", "high", "n", "text"),
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
                writer.writerow([
                    *map(safe_cell, (*lead, heading.key, heading.direction, heading.unit)),
                    safe_cell(value) if isinstance(value, str) else _exact(value),
                    *(_exact(one) for one in (cell.low, cell.high, cell.n)),
                    safe_cell(cell.text),
                ])  # fmt: skip
    return stream.getvalue()


def as_json(tables: Sequence[Table]) -> str:
    """Everything that a table holds, in base units and in full precision."""
    document: dict[str, Any] = {"schema": SCHEMA_VERSION, "tables": [asdict(one) for one in tables]}
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def as_markdown(tables: Sequence[Table]) -> str:
    """GitHub-flavoured Markdown, with the task in a column of its own."""
    blocks = []
    for table in tables:
        headings, rows = _texts(table, _markdown, _MARKDOWN_ARROWS)
        right = [":--" if is_text else "--:" for is_text in _text_columns(table)]
        lines = [f"### {_markdown(table.title)}", ""]
        lines += [_pipes(headings), _pipes(right), *map(_pipes, rows), ""]
        lines += [f"- {_markdown(note)}" for note in table.notes]
        blocks.append("\n".join(lines).rstrip() + "\n")
    return "\n".join(blocks)


def as_latex(tables: Sequence[Table]) -> str:
    """`table` environments for the packages booktabs and textcomp."""
    blocks = []
    for table in tables:
        headings, rows = _texts(table, _latex, _LATEX_ARROWS)
        columns = "".join("l" if is_text else "r" for is_text in _text_columns(table))
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
    table: Table, escape: Callable[[str], str], arrows: dict[str, str]
) -> tuple[list[str], list[list[str]]]:
    """Headings and cells as escaped text; tables with sections get a column of their names."""
    columns = []
    headings = []
    for index, heading in enumerate(table.headings):
        cells = [row.cells[index] for row in table.rows]
        numbers = [cell.value for cell in cells if isinstance(cell.value, int | float)]
        scale, prefix = common_prefix(numbers) if heading.prefixed else (1.0, "")
        unit = f" [{prefix}{heading.unit}]" if prefix + heading.unit else ""
        headings.append(escape(heading.name + unit) + arrows[heading.direction])
        parts = (value_and_spread(cell, scale) for cell in cells)
        columns.append([escape(" ".join(filter(None, pair))) for pair in parts])
    rows = [list(texts) for texts in zip(*columns, strict=True)]
    if any(row.section for row in table.rows):
        headings.insert(0, "task")
        for row, texts in zip(table.rows, rows, strict=True):
            texts.insert(0, escape(row.section))
    return headings, rows


def _text_columns(table: Table) -> list[bool]:
    """Whether each column, that of the sections included, holds text rather than numbers."""
    texts = [
        not any(isinstance(row.cells[index].value, int | float) for row in table.rows)
        for index in range(len(table.headings))
    ]
    return [True, *texts] if any(row.section for row in table.rows) else texts


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
