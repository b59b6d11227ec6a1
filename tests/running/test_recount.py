"""A run that does more than its first steps show: through the real command, and in its record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]

CHEATS = Path(__file__).parent.parent / "data" / "cheats" / "hidden_work.py"


@pytest.fixture
def run_of(ganbench_cli: Cli, tmp_path: Path) -> Callable[[str], tuple[dict[str, Any], str]]:
    """Record of a run of 5 MFLOP, and what `show` tells of it."""

    def run(variant: str) -> tuple[dict[str, Any], str]:
        suite = tmp_path / "suite.toml"
        suite.write_text(
            'name = "s"\ndescription = "d"\nseeds = "0"\n[[tasks]]\nname = "ring8"\n'
            'dataset = "ring8"\nbudget = "100MFLOP"\nfakes = 200\nscores = ["sliced-w2"]\n'
        )
        runs = tmp_path / variant.rpartition("+")[2]
        pair = f"mlp+non-saturating+{variant}[model.width=16]"
        where = ["--suite", str(suite), "--runs", str(runs), "--allow-failures"]
        done = ganbench_cli("-P", str(CHEATS), "run", pair, *where)
        assert done.returncode == 0, done.stderr
        (folder,) = (one for one in runs.iterdir() if (one / "record.json").exists())
        record = json.loads((folder / "record.json").read_text())
        return record, ganbench_cli("show", folder.name, "--runs", str(runs)).stdout

    return run


def notes(told: str) -> list[str]:
    """All but the one on the pace of steps: that is the machine's, which may be busy; it is held
    to given clocks in `tests/results/test_accounts.py`."""
    found = [line.strip() for line in told.splitlines() if "note:" in line]
    return [line for line in found if not line.startswith("note: the slowest stretch")]


def test_twins_pay_for_what_they_do(
    run_of: Callable[[str], tuple[dict[str, Any], str]],
) -> None:
    honest, told = run_of("ema")
    assert honest["recount"]["steps"] > 10
    assert (honest["recount"]["differing"], honest["recount"]["added"]) == (0, 0)
    assert not notes(told)
    steps = honest["used"]["steps"]

    copies, told = run_of("hidden-copy")
    assert copies["used"]["flops"] <= 1e8
    assert copies["used"]["steps"] < steps / 2
    assert not notes(told)

    draws, told = run_of("hidden-draws")
    assert draws["used"]["steps"] < steps / 2
    assert draws["recount"]["differing"] == 1
    assert "were counted again took another number of operations than before" in told

    critic, told = run_of("hidden-critic")
    assert critic["status"] == "error"
    assert "by itself, beside the optimiser" in critic["failure"]["message"]
