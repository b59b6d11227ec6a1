"""What is shown of a plan on a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from ganbench.execution.progress import LiveProgress
from ganbench.results.store import RunStore


def test_lines_above_the_display_are_no_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Brackets hold settings, and what a plugin says moves no cursor."""
    progress = LiveProgress(1, 1, RunStore(tmp_path))
    written = io.StringIO()
    console = Console(file=written, width=200, color_system=None)
    monkeypatch.setattr(progress._live, "console", console)
    progress.warned("wgan-gp[lr=0.1] on ring8: no [/b] here\x1b[2J")
    assert written.getvalue() == "warning: wgan-gp[lr=0.1] on ring8: no [/b] here\\x1b[2J\n"
