"""`ganbench score` of two folders, both known already, against importing torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import mobilenet_v2

from .kept import Ratios
from .race import race

pytestmark = pytest.mark.perf

IMAGES, SIDE = 1_000, 32


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """`fake` and `real`, and weights of a small network that makes features of them."""
    for name, seed in (("fake", 0), ("real", 1)):
        (tmp_path / name).mkdir()
        draw = np.random.default_rng(seed).integers
        for index in range(IMAGES):
            pixels = draw(0, 256, (SIDE, SIDE, 3), dtype="uint8")
            Image.fromarray(pixels).save(tmp_path / name / f"{index:04}.png")
    torch.save(mobilenet_v2().state_dict(), tmp_path / "weights.pth")
    return tmp_path


def test_a_warm_score_of_two_folders(
    benchmark: Any, ratios: Ratios, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Target: 2 s warm on two cores, of which importing torch is most."""
    monkeypatch.setenv("GANBENCH_CACHE", str(folders / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    extractor = "mobilenetv2-b13[weights=weights.pth]"
    scores = f"fd[extractor={extractor}],prdc[extractor={extractor}]"
    command = ["-m", "ganbench", "score", "fake", "--against", "real", "--scores", scores]

    def python(*arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], cwd=folders, check=True, capture_output=True)

    python(*command, "--split", "all")
    ratio = race(
        benchmark,
        lambda: python(*command, "--split", "all"),
        lambda: python("-c", "import torch"),
        rounds=5,
    )
    ratios.compare("a warm score of two folders against importing torch", ratio)
