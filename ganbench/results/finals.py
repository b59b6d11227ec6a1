"""What a finished run has kept of its end, for a run of a larger budget to go on from.

Beside the checkpoint lies a note, which tells without torch whose it is and what speaks against
going on from it.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import msgspec

from ganbench.api.errors import one_line
from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.results.seal import canonical_json
from ganbench.storage.reading import read_file
from ganbench.storage.writing import write_file

FINAL_FOLDER: Final = "final"
NOTE_FILE: Final = "final.json"


class FinalNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a checkpoint at the end of a run.

    Args:
        spec: of the run, as in `spec.json`.
        obstacles: what keeps any other run from going on from it, in words.
    """

    spec: dict[str, Any]
    obstacles: list[str]


def write_note(folder: Path, note: FinalNote) -> None:
    """Leave the note in the folder of the final checkpoint.

    Raises:
        OSError: it cannot be written.
    """
    write_file(folder / NOTE_FILE, msgspec.json.encode(note) + b"\n", durable=False)


def read_note(run: Path) -> FinalNote | None:
    """The note in a run's folder; None where it has kept no final checkpoint.

    Raises:
        ValueError: it is damaged.
    """
    path = run / FINAL_FOLDER / NOTE_FILE
    try:
        return msgspec.json.decode(read_file(path), type=FinalNote)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise ValueError(f"{path} cannot be used: {one_line(error)}") from None


def same_but_budget(spec: RunSpec) -> bytes:
    """All of a spec that must be the same for one run to go on from the other, as one key."""
    plain = spec.to_json()
    for name in ("suite", "folder"):
        plain.pop(name, None)
    del plain["task"]["budget"]
    return canonical_json(plain)


def budget_obstacle(smaller: Budget, larger: Budget, marks: int) -> str | None:
    """Why a run of the larger budget cannot go on where one of the smaller ended; None if it can.

    It is evaluated at equal parts of its own budget. Those behind it must have been evaluated.

    Args:
        smaller, larger: budgets.
        marks: number of evaluations, of either.
    """
    if smaller.kind != larger.kind:
        return f"its budget is counted in {smaller.kind}"
    if larger.kind == "seconds":
        return "a budget of time ends elsewhere each time"
    times = Fraction(larger.amount) / Fraction(smaller.amount)
    if times <= 1:
        return "its budget is not the smaller one"
    if times.denominator == 1 or times > marks:
        return None
    factor = int(times) + 1
    more = Budget(smaller.kind, smaller.amount * factor)
    return (
        f"{larger} is {float(times):.3g} times {smaller}, and a run of {larger} is evaluated where "
        f"that one was not: whole multiples go on, as {more} would"
    )
