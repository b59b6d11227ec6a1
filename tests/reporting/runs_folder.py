"""A runs folder with everything that a page can show, made up."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from ganbench.results.media import FRAMES_FOLDER, frame_file
from ganbench.results.record import Record
from ganbench.results.store import LOG_FILE, RunStore

from ..results.synthetic import curve, record, spec, starter

HOSTILE = '<script>alert("x")</script>&\'"'


def sheet(shade: int, side: int = 16) -> bytes:
    """A sheet of one grey."""
    stream = io.BytesIO()
    Image.new("L", (side, side), shade).save(stream, "WEBP", lossless=True)
    return stream.getvalue()


def write_runs(folder: Path, records: Sequence[Record]) -> RunStore:
    """These records with a log, and for every evaluation a sheet of its own shade."""
    store = RunStore(folder)
    for one in records:
        store.write(one)
        home = store.folder(one["run_id"])
        (home / LOG_FILE).write_text("line 1\nreading /home/somebody/data\nlast line\n")
        (home / FRAMES_FOLDER).mkdir()
        for index in range(len(one["points"])):
            content = sheet(20 * index + one["spec"]["seed"])
            (home / FRAMES_FOLDER / frame_file(index, 0, ".webp")).write_bytes(content)
    return store


def small(folder: Path) -> RunStore:
    """`starter` of the synthetic records: failed, diverged-late and unranked runs among them."""
    return write_runs(folder, starter())


def many(count: int) -> list[Record]:
    """Five seeds of as many variants on three tasks as make about that many runs."""
    names = [f"variant-{index:02}" for index in range(count // 15)]
    return [
        record(spec(name, task, seed), curve(task, 2 + place, seed))
        for place, name in enumerate(names)
        for task in ("ring8", "grid25", "digits")
        for seed in range(5)
    ]
