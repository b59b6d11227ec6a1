"""Planning on a large folder: the folder is looked at once, whatever is planned on it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.planning.plan import Plan, Selection, make_plan
from ganbench.storage import hashes

pytestmark = pytest.mark.perf

FILES = 50_000
VARIANTS = 20
SUITE = """
name = "photos"
[[tasks]]
name = "photos"
dataset = "images:{}[side=8]"
budget = "20steps"
scores = ["fd[extractor=raw]"]
"""


def test_twenty_variants_take_hardly_longer_than_one(
    benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 50,000 files. The first look, which reads all of them, is told apart; later ones compare
    sizes and times."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hashes, "SETTLED_NANOSECONDS", 0)
    photos = tmp_path / "photos"
    for number in range(FILES):
        folder = photos / f"class-{number % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), number).save(folder / f"{number:05}.png")
    suite = tmp_path / "photos.toml"
    suite.write_text(SUITE.format(photos))
    catalogue = installed_catalogue()

    def plan(count: int) -> Plan:
        variants = [f"dcgan[lr={number}e-4]" for number in range(1, count + 1)]
        return make_plan(Selection(variants=variants, suite=str(suite), seeds=[0]), catalogue)

    first = _seconds(lambda: plan(VARIANTS))
    one = min(_seconds(lambda: plan(1)) for _ in range(3))
    found = benchmark.pedantic(lambda: plan(VARIANTS), rounds=3)
    assert len(found.runs) == VARIANTS
    many = benchmark.stats.stats.min
    benchmark.extra_info.update(first_look=first, one_variant=one, ratio=many / one)
    print(f"\n{FILES} files: first look {first:.2f} s, then {one:.2f} s, {VARIANTS} variants "
          f"{many / one:.2f} times as long")  # fmt: skip
    assert many < 1.5 * one


def _seconds(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
