"""Ten thousand records: 500 variants on 4 tasks with 5 seeds, from the folder to the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.publishing.publish import publish
from ganbench.results.frame import Runs, collect
from ganbench.results.seal import seal
from ganbench.results.store import RunStore
from ganbench.tables.assemble import tables
from ganbench.tables.render import render

from ..results.synthetic import curve, record, spec

pytestmark = pytest.mark.perf


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for index in range(500):
        for task in ("ring8", "grid25", "digits", "ring8"):
            limit = 2**30 if (root / f"v{index}-{task}-s0").exists() else None
            for seed in range(5):
                run = replace(spec(f"v{index}", task, seed), memory_bytes=limit)
                one = record(run, curve(task, 2 + index % 7, seed))
                one["run_id"] = f"v{index}-{task}-s{seed}" + ("-capped" if limit else "")
                (root / one["run_id"]).mkdir()
                (root / one["run_id"] / "record.json").write_bytes(seal(one))
    return root


@pytest.fixture(scope="module")
def runs(folder: Path) -> Runs:
    return collect(RunStore(folder).read_all().records)


def test_reading(benchmark: Any, folder: Path) -> None:
    contents = benchmark.pedantic(RunStore(folder).read_all, rounds=3, warmup_rounds=1)
    assert len(contents.records) == 10_000


def test_tables(benchmark: Any, runs: Runs) -> None:
    text = benchmark.pedantic(lambda: render(tables(runs)), rounds=3)
    assert "v499" in text


def test_publishing(benchmark: Any, runs: Runs, tmp_path: Path) -> None:
    paths = benchmark.pedantic(lambda: publish(runs, "starter", tmp_path), rounds=3)
    assert paths[0].read_bytes().count(b"\n") == 10_001
