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


def cut(file: Path) -> None:
    """Leave the end of a file out, of which its header tells nothing."""
    image = Image.open(file)
    jpeg = file.with_suffix(".jpg")
    image.save(jpeg, quality=95)
    file.unlink()
    jpeg.write_bytes(jpeg.read_bytes()[:-100])


def test_damaged_files_are_listed_once_and_nothing_runs(ganbench_cli: Any, tmp_path: Path) -> None:
    photos = fill(tmp_path / "photos", 30)
    suite(tmp_path)
    for name in ("3.png", "7.png"):
        (photos / name).write_text("no image")
    for verb in ("plan", "run"):
        done = ganbench_cli(verb, "vanilla", "dcgan", "--suite", "mine.toml")
        assert done.returncode == 2
        assert done.stderr.count("it is no image that this Pillow can read: 3.png, 7.png") == 1
        assert f"rm -- {photos / '3.png'} {photos / '7.png'}" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_files_that_fail_to_decode_are_listed_once_before_any_run(
    ganbench_cli: Any, tmp_path: Path
) -> None:
    photos = fill(tmp_path / "photos", 30)
    suite(tmp_path)
    for name in ("3.png", "7.png"):
        cut(photos / name)
    ran = ganbench_cli("run", "vanilla", "--suite", "mine.toml")
    assert ran.returncode == 2
    assert ran.stderr.count("2 of 30 images of") == 1
    assert "3.jpg, 7.jpg" in ran.stderr
    assert "[damaged=skip]" in ran.stderr
    assert list((tmp_path / "runs").glob("*/record.json")) == []
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert "3.jpg, 7.jpg" in planned.stderr
    assert planned.returncode == 2


def test_damaged_files_that_are_skipped_are_told_and_recorded(
    ganbench_cli: Any, tmp_path: Path
) -> None:
    photos = fill(tmp_path / "photos", 30)
    suite(tmp_path, "side=8,damaged=skip")
    (photos / "3.png").write_text("no image")
    cut(photos / "7.png")
    ran = ganbench_cli("run", "vanilla", "--suite", "mine.toml", "--seeds", "0")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("left out 2 damaged: 3.png, 7.jpg") == 1
    (file,) = (tmp_path / "runs").glob("*/record.json")
    assert unseal(file.read_bytes())["spec"]["dataset_parameters"]["damaged"] == "skip"
    planned = ganbench_cli("plan", "vanilla", "--suite", "mine.toml", "--seeds", "0")
    assert "28 images, " in planned.stderr
    assert "left out: 2 damaged (3.png, 7.jpg)" in planned.stderr
    assert "finished" in planned.stdout


def test_transparency_that_is_kept_is_trained_on(ganbench_cli: Any, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    random = np.random.RandomState(0)
    for number in range(30):
        pixels = random.randint(256, size=(8, 8, 4)).astype(np.uint8)
        Image.fromarray(pixels).save(photos / f"{number}.png")
    suite(tmp_path, "side=8,alpha=keep")
    ran = ganbench_cli("run", "vanilla", "--suite", "mine.toml", "--seeds", "0")
    assert ran.returncode == 0, ran.stderr
    assert "30 with transparency: kept as a channel" in ran.stderr
    assert len(list((tmp_path / "runs").glob("*/*.png"))) == 1
