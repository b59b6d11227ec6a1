"""Which version of a variant's code is the newest, where tables have rows of several."""

from __future__ import annotations

from ganbench.results.frame import Runs, plain_rows
from ganbench.statistics.groups import grouped
from ganbench.tables.labels import variant_labels


def version_notes(runs: Runs) -> list[str]:
    """A line for each variant that was run with several versions of its code.

    The newest version is the one of which a run was started last: of an edited plugin file that is
    the file as it is now, if it has been run since.

    Args:
        runs: of which tables are printed.
    """
    rows = plain_rows(runs.frame)
    # Rows of the same code share a label; which one it is depends on all that are printed.
    labelled = list(zip(variant_labels(rows), rows, strict=True))
    notes = []
    for variant, own in grouped(labelled, lambda pair: pair[1]["variant"]).items():
        started: dict[str, str] = {}
        for label, row in own:
            started[label] = max(started.get(label, ""), row["started"] or "")
        if len(started) > 1:
            newest = max(started, key=lambda label: started[label])
            when = f", last started {started[newest]}" if started[newest] else ""
            notes.append(f"{variant}: {len(started)} versions of its code; newest: {newest}{when}")
    return notes
