"""Text in cells of published files: no reader may take it for a formula, number, date or nothing.

Spreadsheets, pandas and DuckDB guess types. A variant called `1e5`, `null` or `may-1` and a version
`2.10` would come back as something else, so such text is led by an apostrophe, which is taken off
again when a file is read back.
"""

from __future__ import annotations

import re
from typing import Final

_MONTH: Final = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_MISTAKEN: Final = re.compile(
    rf"""'.*                                                    # or the mark would be ambiguous
    | \s*[=+\-@].*                                              # formulas
    | true | false | yes | no
    | na | n/a | <na> | nan | null | none | nil | inf(inity)? | \#.*  # nothing, errors, comments
    | 0[xbo][0-9a-f]+
    | \d{{1,4}} [-/] \d{{1,2}} ([-/] \d{{1,4}})? | \d{{1,2}} : \d{{2}} (:\d{{2}})?
    | (\d{{1,4}} [-/\ .]*)? {_MONTH} ([-/\ .,]* \d{{1,4}})+""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_NUMBER: Final = re.compile(
    r"\s*(\d+(_\d+)*|\d{1,3}(,\d{3})+)?\.?\d*(?<=[\d.])(e[+-]?\d+)?%?\s*", re.IGNORECASE
)
_DECIMAL: Final = re.compile(r"\d+\.\d+")
_DIGITS: Final = 15
"""What a spreadsheet keeps of a number."""


def text_cell(text: str) -> str:
    """The text, led by an apostrophe where a reader that guesses would change it."""
    return f"'{text}" if _is_mistaken(text) else text


def original_cell(text: str) -> str:
    """What `text_cell` was given."""
    return text[1:] if text.startswith("'") and _is_mistaken(text[1:]) else text


def _is_mistaken(text: str) -> bool:
    """Whether a reader could return another text. Numbers that print as they stand are harmless."""
    if _NUMBER.fullmatch(text):
        return len(text) > _DIGITS or f"{float(text):.15g}" != text if _plain(text) else True
    return _MISTAKEN.fullmatch(text) is not None


def _plain(text: str) -> bool:
    return text.isdecimal() or _DECIMAL.fullmatch(text) is not None
