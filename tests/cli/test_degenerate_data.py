"""Images that do not vary, through the real command: a table, a reason, and no traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

SUITE = """
name = "mine"
seeds = "0"
[[tasks]]
name = "photos"
dataset = "images:photos[side=8]"
budget = "2steps"
scores = ["fd[extractor=raw]"]
fakes = 40
evaluations = 1
"""


def identical(number: int) -> Image.Image:
    image = Image.new("RGB", (8, 8), (10, 20, 30))
    image.putpixel((0, 0), (10, 20, 30))
    return image.resize((8 + number, 8 + number))  # other files, the same pixels


def white_ink(number: int) -> Image.Image:
    """White strokes on transparency, which are nothing on white."""
    image = Image.new("RGBA", (8, 8), (255, 255, 255, 0))
    image.putpixel((number % 8, number // 8), (255, 255, 255, 255))
    return image


@pytest.mark.parametrize("draw", [identical, white_ink])
def test_images_that_do_not_vary(ganbench_cli: Any, tmp_path: Path, draw: Any) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(40):
        draw(number).save(photos / f"{number}.png")
    (tmp_path / "mine.toml").write_text(SUITE)
    ran = ganbench_cli("run", "vanilla", "--suite", "mine.toml")
    assert ran.returncode == 0, ran.stderr
    assert "real samples do not vary: photos" in ran.stdout + ran.stderr
    (record,) = (tmp_path / "runs").glob("*/record.json")
    (column,) = json.loads(record.read_text())["columns"].values()
    assert (column["floor"], column["cap"], column["measured_floor"]) == (0, 0, None)
    assert "samples, all the same" in record.with_name("log.txt").read_text()
