"""What is said of a folder of images, through the real command: the same line by every verb."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganbench.results.seal import unseal

SUITE = """
name = "mine"
seeds = "0, 1"
[[tasks]]
name = "photos"
dataset = "images:photos[{options}]"
budget = "2steps"
scores = ["fd[extractor=raw]"]
fakes = 40
evaluations = 1
"""


def fill(folder: Path, count: int, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(seed)
    for number in range(count):
        pixels = random.randint(256, size=(8, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return folder


def suite(tmp_path: Path, options: str = "side=8") -> None:
    (tmp_path / "mine.toml").write_text(SUITE.format(options=options))


def test_every_verb_says_the_same_line(ganbench_cli: Any, tmp_path: Path) -> None:
    suite(tmp_path)
    photos = tmp_path / "photos"
    fill(photos / "train", 20, 1)
    fill(photos / "test", 10, 2)
    for number in range(40):
        (photos / "train" / f"{number}.heic").touch()
    line = (
        f"{photos}: 30 images, no classes, 20 to train on (train), 10 held out (test); "
        "left out: 40 .heic (not read: convert them)"
    )
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert planned.stderr.count(line) == 1
    as_json = json.loads(ganbench_cli("plan", "vanilla", "--suite", "mine.toml", "--json").stdout)
    assert as_json["notes"] == [line]
    assert line in ganbench_cli("info", "images:photos[side=8]").stdout
    ran = ganbench_cli("run", "vanilla", "--suite", "mine.toml", "--seeds", "0")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count(line) == 1
    (record,) = (tmp_path / "runs").glob("*/record.json")
    assert line in ganbench_cli("show", record.parent.name).stdout
    assert line in ganbench_cli("verify", record.parent.name).stderr
    column = next(iter(unseal(record.read_bytes())["columns"].values()))
    assert column["n_real"] == 10
    checked = ganbench_cli("check", "images:photos[side=8]")
    assert line in checked.stderr, checked.stderr


def test_a_folder_held_out_by_name(ganbench_cli: Any, tmp_path: Path) -> None:
    """Relative to the suite, and a part of what the data set is."""
    fill(tmp_path / "photos", 12, 1)
    fill(tmp_path / "apart", 7, 2)
    suite(tmp_path, "side=8,heldout=apart")
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert "12 to train on (the rest), 7 held out (" in planned.stderr
    ids = planned.stdout
    fill(tmp_path / "apart", 7, 3)
    assert ganbench_cli("plan", "vanilla", "--suite", "mine.toml").stdout != ids


def test_held_out_images_alone_are_refused(ganbench_cli: Any, tmp_path: Path) -> None:
    fill(tmp_path / "photos" / "test", 12)
    suite(tmp_path)
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert planned.returncode == 2
    assert "has test, and no folder called train" in planned.stderr


def test_nothing_to_train_on_is_refused_when_planned(ganbench_cli: Any, tmp_path: Path) -> None:
    fill(tmp_path / "photos" / "train", 1, 1)
    fill(tmp_path / "photos" / "test", 12, 2)
    suite(tmp_path)
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert planned.returncode == 2
    assert "has 1 sample to train on, 2 are the least" in planned.stderr
