"""What the real side of scores leaves in doubt: notes under the tables that print them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ganbench.statistics.groups import grouped

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ganbench.results.record import Column
    from ganbench.tables.forms.table import Table
    from ganbench.tables.panels import Line

FEW: Final = 1_000
"""Real samples below which a score says more about these than about the law that they are from: a
covariance, neighbours and classes are known from them alone."""


def with_caveats(
    table: Table,
    lines: Sequence[Line],
    columns: Mapping[str, Mapping[str, Column]],
    keys: Collection[str] | None = None,
) -> Table:
    """The table with a note where its scores are of few real samples, of samples that are all the
    same, or of none held out.

    Args:
        table: that prints the scores of some tasks.
        lines: of these tasks.
        columns: setting -> key -> what the score is.
        keys: of the scores that are printed; None: the primary distance of each task.
    """
    few, trained, constant = [], [], []
    for task, own in grouped(lines, lambda line: line.row["task"]).items():
        shown = [
            (line, key, columns[line.row["setting"]][key])
            for line in own
            for key in (keys if keys is not None else [line.row["primary"]])
            if key in columns.get(line.row["setting"], {})
        ]
        counts = {column["n_real"] for _, _, column in shown if 0 < column["n_real"] < FEW}
        if counts:
            few.append(f"{task} ({', '.join(f'{count:,}' for count in sorted(counts))})")
        if any(line.row["split"] == "heldout" and _is_of_train(key) for line, key, _ in shown):
            trained.append(task)
        if any(column["cap"] == 0 for _, _, column in shown):
            constant.append(task)
    notes = []
    if few:
        notes.append(
            f"few real samples to compare with: {', '.join(few)}; below {FEW:,}, differences may "
            "come from these samples, not the generators"
        )
    if trained:
        notes.append(
            f"nothing is held out: {', '.join(trained)}; scored against the train split, copies of "
            "training samples look best"
        )
    if constant:
        notes.append(
            f"real samples do not vary: {', '.join(constant)}; distances have no scale, and no "
            "utility comes of them"
        )
    return replace(table, notes=(*table.notes, *notes)) if notes else table


def _is_of_train(key: str) -> bool:
    """Whether the key of a score, ``name/.../split/NxM``, is of the train split."""
    parts = key.split("/")
    return len(parts) > 2 and parts[-2] == "train"
