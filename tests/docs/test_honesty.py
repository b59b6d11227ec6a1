"""The page on honesty names tests that are there; and cheats that no other test plays."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics
from ganbench_plugins.scores.kernels.neighbours import neighbour_scores, real_neighbours

Cli = Callable[..., "CompletedProcess[str]"]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "honesty.md").read_text("utf-8")
CHEATS = ROOT / "tests" / "data" / "cheats"

SUITE = """
name = "small"
description = "One task."
seeds = "0-1"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "20steps"
fakes = 300
scores = ["sliced-w2"]
"""


def test_every_way_to_fool_names_a_test_that_is_there() -> None:
    ways = re.findall(r"^\*\*(.+?)\*\*(.+?)(?=^\*\*|^##|\Z)", PAGE, flags=re.M | re.S)
    assert len(ways) >= 12
    for name, text in ways:
        files = re.findall(r"`(tests/[\w/]+\.py)`", text)
        assert files, name
        for file in files:
            assert "def test_" in (ROOT / file).read_text("utf-8"), file


@pytest.fixture
def folder(ganbench_cli: Cli, tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(SUITE)
    return tmp_path


@pytest.mark.whole
def test_evaluation_in_another_mode_is_marked(ganbench_cli: Cli, folder: Path) -> None:
    cheat = ["-P", str(CHEATS / "obstinate.py")]
    where = ["--suite", "small.toml", "--allow-failures"]
    pairs = ["obstinate+non-saturating", "mlp+non-saturating"]
    assert ganbench_cli(*cheat, "run", *pairs, *where).returncode == 0
    for record in (json.loads(path.read_text()) for path in folder.glob("runs/*/record.json")):
        assert record["coupled"] == (record["spec"]["variant"] == pairs[0])
    shown = ganbench_cli("table").stdout
    assert "samples depend on each other in 2 of 2 runs" in shown


@pytest.mark.whole
def test_a_tuned_variant_is_another_row_and_chosen_seeds_are_not_published(
    ganbench_cli: Cli, folder: Path
) -> None:
    where = ["--suite", "small.toml", "--allow-failures"]
    assert ganbench_cli("run", "vanilla", "vanilla[lr=2e-3]", *where).returncode == 0
    variants = {
        json.loads(path.read_text())["spec"]["variant"]
        for path in folder.glob("runs/*/record.json")
    }
    assert variants == {"vanilla", "vanilla[lr=0.002]"}
    (worse,) = folder.glob("runs/vanilla-ring8-s1-*")
    shutil.rmtree(worse)  # a seed that one does not like
    done = ganbench_cli("publish", "--suite", "small.toml", "--out", "board")
    assert done.returncode != 0
    assert "1" in done.stderr
    assert "vanilla" in done.stderr
    assert not (folder / "board").exists()


def test_truncation_buys_precision_with_recall_and_distance() -> None:
    """Samples of the real law, drawn together by a third towards their mean."""
    data = load_digits()
    samples = data.train.flatten(1).double()
    real, fake = samples[:600], samples[600:1200]
    centre = fake.mean(dim=0)
    drawn = centre + (fake - centre) * 2 / 3
    neighbours = real_neighbours(real)
    honest, truncated = (neighbour_scores(neighbours, each) for each in (fake, drawn))
    assert truncated.precision > honest.precision
    assert truncated.recall < honest.recall / 2
    distances = [frechet_distance(gaussian_statistics(real), each) for each in (fake, drawn)]
    assert distances[1] > 2 * distances[0]
