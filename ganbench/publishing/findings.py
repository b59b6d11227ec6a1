"""What a check of published files finds, with the place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Problem = tuple[str, str]
"""What is wrong with a row: column and message."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One mismatch.

    Args:
        file: that it is in.
        message: what is wrong, with what is there and what should be.
        row: number of the line in a CSV file; the header is line 1.
        column: of a CSV file.
        level: an `error` makes the check fail, a `warning` does not.
    """

    file: str
    message: str
    row: int | None = None
    column: str | None = None
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        row = "" if self.row is None else f":{self.row}"
        column = "" if self.column is None else f" [{self.column}]"
        return f"{self.file}{row}{column}: {self.message}"
