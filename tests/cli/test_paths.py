"""Paths in a suite: relative to its file, whatever the working folder, and the same anywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganbench.results.seal import unseal

SUITE = """
name = "mine"
seeds = "0"
[[tasks]]
name = "photos"
dataset = '{dataset}'
budget = "2steps"
scores = ["fd[extractor=raw]"]
fakes = 40
evaluations = 1
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with a suite and its images, which is not the working folder."""
    lab = tmp_path / "lab"
    make_photos(lab / "data" / "photos [2023]")
    (lab / "mine.toml").write_text(SUITE.format(dataset='images:"data/photos [2023]"[side=8]'))
    return lab


def make_photos(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(30):
        Image.effect_noise((8, 8), 10 + number).save(folder / f"{number}.png")


def ids(planned: Any) -> list[str]:
    assert planned.returncode == 0, planned.stderr
    return [run["run_id"] for run in json.loads(planned.stdout)["runs"]]


def test_a_suite_runs_from_anywhere(ganbench_cli: Any, lab: Path, tmp_path: Path) -> None:
    ran = ganbench_cli("run", "vanilla", "--suite", "lab/mine.toml")
    assert ran.returncode == 0, ran.stderr
    (file,) = (tmp_path / "runs").glob("*/record.json")
    spec = unseal(file.read_bytes())["spec"]
    assert spec["folder"] == str(lab)
    assert spec["dataset_parameters"]["path"] == "data/photos [2023]"
    verified = ganbench_cli("verify", file.parent.name)
    assert verified.returncode == 0, verified.stderr


def test_a_copy_of_suite_and_images_has_the_same_runs(
    ganbench_cli: Any, lab: Path, tmp_path: Path
) -> None:
    shutil.copytree(lab, tmp_path / "other lab")
    arguments = ("plan", "vanilla", "--json", "--suite")
    here = ids(ganbench_cli(*arguments, "lab/mine.toml"))
    assert ids(ganbench_cli(*arguments, "other lab/mine.toml")) == here
    assert ids(ganbench_cli(*arguments, str(lab / "mine.toml"))) == here
    (tmp_path / "other lab" / "data" / "photos [2023]" / "0.png").unlink()
    assert ids(ganbench_cli(*arguments, "other lab/mine.toml")) != here


def test_published_specs_tell_no_folder(ganbench_cli: Any, lab: Path, tmp_path: Path) -> None:
    assert ganbench_cli("run", "vanilla", "--suite", "lab/mine.toml").returncode == 0
    published = ganbench_cli("publish", "--suite", "lab/mine.toml", "--unranked", "--out", "public")
    assert published.returncode == 0, published.stderr
    content = b"".join(path.read_bytes() for path in (tmp_path / "public").rglob("*.*"))
    assert str(tmp_path).encode() not in content
    assert b"photos [2023]" in content  # with its spec, which `verify` needs


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("images:nowhere", "there is no folder {lab}/nowhere"),
        ("images:mine.toml", "{lab}/mine.toml is a file, and images needs a folder"),
        ("images:data", "{lab}/data holds no images"),
        ("images:data/photos [2023]/x", "has an opening bracket without a closing one"),
    ],
)
def test_errors_name_the_task_and_the_whole_path(
    ganbench_cli: Any, lab: Path, dataset: str, message: str
) -> None:
    if dataset == "images:data":
        shutil.rmtree(lab / "data" / "photos [2023]")
    (lab / "mine.toml").write_text(SUITE.format(dataset=dataset))
    said = ganbench_cli("plan", "vanilla", "--suite", "lab/mine.toml")
    assert said.returncode == 2
    assert "error: task photos: " in said.stderr
    assert message.format(lab=lab) in said.stderr
