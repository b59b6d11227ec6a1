"""The line about a folder: how many, which classes, which split, what was left out and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganbench_plugins.datasets.folder import describe
from ganbench_plugins.datasets.telling import listed, shown


def noise(seed: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.RandomState(seed).randint(256, size=(8, 8, 4)).astype(np.uint8)
    return Image.fromarray(pixels).convert("RGB").convert(mode)


def fill(folder: Path, count: int, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        noise(1_000 * seed + number).save(folder / f"{number}.png")
    return folder


def line(folder: Path, **settings: object) -> str:
    """What is told of a folder, behind its name."""
    (note,) = describe(**{"path": str(folder), "side": 8, **settings}).notes
    name, _, told = note.partition(": ")
    assert name == str(folder)
    return told


def test_a_plain_folder(tmp_path: Path) -> None:
    survey = describe(path=str(fill(tmp_path / "photos", 40)))
    assert survey.train
    assert survey.heldout
    assert line(tmp_path / "photos") == (
        f"40 images, no classes, {survey.train} to train on, {survey.heldout} held out (by content)"
    )


def test_splits_and_classes_are_named(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("test", 2)):
        for seed, name in enumerate(("cat", "dog")):
            fill(tmp_path / split / name, count, seed + 10 * count)
    told = "10 images, 2 classes (cat, dog), 6 to train on (train), 4 held out (test)"
    assert line(tmp_path) == told


def test_a_held_out_folder_elsewhere_is_named(tmp_path: Path) -> None:
    photos, apart = fill(tmp_path / "photos", 4, 1), fill(tmp_path / "apart", 3, 2)
    told = f"7 images, no classes, 4 to train on (the rest), 3 held out ({apart})"
    assert line(photos, heldout=str(apart)) == told


def test_what_is_left_out_is_counted_by_kind(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    for number in range(40):
        (tmp_path / f"{number}.heic").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "README").touch()
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "up").symlink_to(tmp_path)
    beginning, _, told = line(tmp_path).partition("; left out: ")
    assert beginning.startswith("20 images, ")
    most, *others = told.split(", ")
    assert most == "40 .heic (not read: convert them)"
    assert set(others) == {
        "1 .txt (no images)",
        "1 file without a suffix",
        "1 link that leads nowhere",
        "1 link that leads back to a folder above it",
    }


def test_pages_alpha_and_colours_that_are_changed_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    frames = [noise(100 + number) for number in range(3)]
    frames[0].save(tmp_path / "moving.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "pages.tif", save_all=True, append_images=frames[1:])
    Image.new("RGBA", (8, 8), (1, 2, 3, 4)).save(tmp_path / "clear.png")
    noise(7, "CMYK").save(tmp_path / "print.jpg")
    told = line(tmp_path)
    assert "2 of several pages or frames: the first is taken" in told
    assert "1 with transparency: laid over white" in told
    assert "1 of CMYK: made RGB without their profile" in told
    assert "1 with transparency: kept as a channel" in line(tmp_path, alpha="keep")
    assert "1 with transparency: laid over black" in line(tmp_path, alpha="over-black")


def test_what_becomes_of_sizes_is_told(tmp_path: Path) -> None:
    """Fewer pixels than the networks get: real samples are blurred, and so is what comes near. With
    more of them, a score of files is one of smaller images."""
    fill(tmp_path, 5)
    Image.new("RGB", (40, 20)).save(tmp_path / "wide.png")
    assert "1 not square: cropped to the middle" in line(tmp_path, side=8)
    assert "smaller than" not in line(tmp_path, side=8)
    assert "1 larger than 8 px: made smaller" in line(tmp_path, side=8)
    assert "larger than" not in line(tmp_path, side=20)
    assert "5 smaller than 20 px: enlarged" in line(tmp_path, side=20)
    assert "6 smaller than 32 px: enlarged" in line(tmp_path, side=32)


def test_copies_and_images_of_both_splits_are_told(tmp_path: Path) -> None:
    train, test = fill(tmp_path / "train", 4), fill(tmp_path / "test", 3, 1)
    (test / "leak.png").write_bytes((train / "0.png").read_bytes())
    told = line(tmp_path)
    assert "1 a copy of another" in told
    assert "1 of the held-out ones also to train on" in told
    for file in (*train.glob("*"), *test.glob("*")):
        file.write_bytes((train / "0.png").read_bytes())
    assert "all are the same file" in line(tmp_path)


def test_classes_that_a_split_lacks_are_told(tmp_path: Path) -> None:
    fill(tmp_path / "train" / "cat", 3, 1)
    fill(tmp_path / "train" / "dog", 3, 2)
    fill(tmp_path / "test" / "bird", 3, 3)
    told = line(tmp_path)
    assert "none to train on of bird" in told
    assert "none held out of cat, dog" in told
    for file in (tmp_path / "test" / "bird").glob("*"):
        file.rename(tmp_path / "test" / file.name)
    assert "no classes (one of the splits has no folders of them)" in line(tmp_path)


@pytest.mark.parametrize(
    ("name", "printed"),
    [("a b.png", "a b.png"), ("a\x1b[2J.png", r"'a\x1b[2J.png'"), ("\udcff", r"'\udcff'")],
)
def test_names_are_printed_as_what_they_are(name: str, printed: str) -> None:
    assert shown(name) == printed


def test_of_many_names_the_first_are_listed() -> None:
    assert listed(["a", "b"], most=2) == "a, b"
    assert listed(["a", "b", "c", "d"], most=2) == "a, b and 2 more"
