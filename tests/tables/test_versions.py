"""Of several versions of one variant's code, the newest is told."""

from __future__ import annotations

from typing import Any

from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.tables.labels import variant_labels
from ganbench.tables.versions import version_notes

from ..results.synthetic import record, spec


def version(letter: str, started: str, **more: Any) -> Record:
    pin = {**spec().pins[1], "source_hash": "sha256:" + letter * 64}
    return record(spec(pins=(pin,), **more), [0.1], started=f"2026-11-{started}T00:00:00+00:00")


def test_the_version_that_was_started_last_is_the_newest() -> None:
    runs = collect([
        version("a", "03"), version("b", "01"), version("b", "05", seed=1), version("c", "04"),
        version("a", "09", variant="other"),
    ])  # fmt: skip
    labels = dict(
        zip(runs.frame["started"], variant_labels(runs.frame.to_dict("records")), strict=True)
    )
    newest = labels["2026-11-05T00:00:00Z"]
    assert "@" in newest
    assert version_notes(runs) == [
        f"vanilla: 3 versions of its code; newest: {newest}, last started 2026-11-05T00:00:00Z"
    ]


def test_one_version_needs_no_note() -> None:
    assert version_notes(collect([version("a", "01"), version("a", "02", seed=1)])) == []
