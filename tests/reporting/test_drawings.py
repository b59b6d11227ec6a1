"""The pictures of scores on the page: of the first seed, as many as there is room for."""

from __future__ import annotations

from pathlib import Path

from ganbench.reporting.drawings import Gallery, galleries
from ganbench.results.frame import collect
from ganbench.results.media import DRAWINGS_FOLDER
from ganbench.results.record import Record
from ganbench.results.store import RunStore
from ganbench.tables.assemble import editions

from ..results.synthetic import curve, record, spec


def drawn(folder: Path, *, without: int = -1, most_bytes: int = 10**6) -> tuple[list[Gallery], str]:
    """Of two variants with two seeds, two pictures each; one seed has none."""
    records: list[Record] = [
        record(spec(name, "ring8", seed), curve("ring8", 2, seed))
        for name in ("a", "b")
        for seed in (0, 1)
    ]
    store = RunStore(folder)
    for one in records:
        store.write(one)
        if one["spec"]["seed"] != without:
            home = store.folder(one["run_id"]) / DRAWINGS_FOLDER
            home.mkdir()
            for name in ("field", "saliency"):
                (home / f"{name}.png").write_bytes(b"x" * 100)
    (lines,) = editions(collect(records)).values()
    return galleries(lines, store, most_bytes)


def test_the_first_seed_of_each_variant_is_shown(tmp_path: Path) -> None:
    (gallery,), note = drawn(tmp_path)
    assert [(run.variant, run.seed) for run in gallery.runs] == [("a", 0), ("b", 0)]
    assert [name for name, _ in gallery.runs[0].pictures] == ["field", "saliency"]
    assert note == ""


def test_the_next_seed_stands_in_for_one_without_pictures(tmp_path: Path) -> None:
    (gallery,), _ = drawn(tmp_path, without=0)
    assert [run.seed for run in gallery.runs] == [1, 1]


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    (gallery,), note = drawn(tmp_path, most_bytes=350)
    assert [run.variant for run in gallery.runs] == ["a"]
    assert note.startswith("Those of 1 more")
