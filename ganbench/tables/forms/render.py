"""Tables in the form that the reader wants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.tables.forms.markup import as_csv, as_json, as_latex, as_markdown
from ganbench.tables.forms.terminal import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench.tables.forms.table import Table

FORMATS: Final = ("terminal", "csv", "md", "json", "latex")


def render(
    tables: Sequence[Table], form: str = "terminal", *, width: int = 100, color: bool = False
) -> str:
    """The tables as text that ends with a line break; empty without tables.

    Args:
        tables: in order.
        form: one of `FORMATS`.
        width: columns of the terminal; tables are split into blocks that fit.
        color: whether the terminal form may have ANSI colours.

    Raises:
        UsageError: there is no such form.
    """
    if form not in FORMATS:
        raise UsageError(f"there is no table format {form!r}", did_you_mean(form, FORMATS))
    if form == "terminal":
        return terminal(tables, width, color=color) if tables else ""
    writers = {"csv": as_csv, "md": as_markdown, "json": as_json, "latex": as_latex}
    return writers[form](tables)
