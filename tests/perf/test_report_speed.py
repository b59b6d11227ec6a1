"""A page of a thousand runs with their sheets, from the shell to the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..reporting.runs_folder import many, write_runs

pytestmark = pytest.mark.perf


def test_a_thousand_runs(benchmark: Any, tmp_path: Path) -> None:
    store = write_runs(tmp_path / "runs", many(1005))
    for strip in store.root.glob("*/samples/*.webp"):  # as large as real ones
        strip.write_bytes(strip.read_bytes().ljust(2500, b"\0"))
    command = [sys.executable, "-m", "ganbench", "report", "--out", "report.html"]

    def write() -> str:
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=True
        ).stderr

    assert "1005 runs" in benchmark.pedantic(write, rounds=3)
    benchmark.extra_info["megabytes"] = (tmp_path / "report.html").stat().st_size / 1e6
