"""Images in one file: zips as StyleGAN writes them, arrays in either order; all against pixels."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganbench import Data, MissingData, Survey
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.archives import arranged
from ganbench_plugins.datasets.folder import describe, load

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
N, SIDE = 40, 16


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def images() -> Pixels:
    return np.random.RandomState(0).randint(0, 256, (N, SIDE, SIDE, 3)).astype(np.uint8)


def packed(image: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write_zip(path: Path, images: Pixels, labels: Any = None, how: int = zipfile.ZIP_STORED) -> str:
    with zipfile.ZipFile(path, "w", how) as archive:
        for place, image in enumerate(images):
            archive.writestr(f"00000/img{place:08d}.png", packed(image))
        if labels is not None:
            pairs = [[f"00000/img{place:08d}.png", label] for place, label in enumerate(labels)]
            archive.writestr("dataset.json", json.dumps({"labels": pairs}))
    return str(path)


def everything(data: Data) -> set[bytes]:
    return {bytes(one.numpy().tobytes()) for one in (*data.train, *data.heldout)}


def as_stored(images: Pixels) -> set[bytes]:
    return {image.transpose(2, 0, 1).tobytes() for image in images}


def test_a_zip_with_classes(tmp_path: Path, images: Pixels) -> None:
    labels = [7 + place % 3 for place in range(N)]
    path = write_zip(tmp_path / "faces.zip", images, labels)
    survey, data = describe(path=path, side=SIDE), load(path=path, side=SIDE)
    assert isinstance(survey, Survey)
    assert (survey.train, survey.heldout) == (len(data.train), len(data.heldout))
    assert survey.info == data.info
    assert data.info.classes == 3
    assert everything(data) == as_stored(images)
    assert 2 <= len(data.heldout) <= N // 2
    by_pixels = {
        image.transpose(2, 0, 1).tobytes(): label - 7
        for image, label in zip(images, labels, strict=True)
    }
    assert data.train_labels is not None
    for image, label in zip(data.train, data.train_labels.tolist(), strict=True):
        assert by_pixels[image.numpy().tobytes()] == label
    assert survey.notes[0].startswith(f"faces.zip: {N} images, 3 classes, ")
    assert survey.notes[0].endswith(" held out (by content)")
    assert "is of 16 by 16 px" in describe(path=path, side=8).notes[0]


def write_folders(folder: Path, images: Pixels) -> Path:
    """Both splits of two classes, a loose image, and what an archiver of macOS adds."""
    for place, image in enumerate(images[:-1]):
        split, name = ("test", "train")[place % 3 > 0], "ab"[place % 2]
        file = folder / split / name / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed(image))
    (folder / "loose.png").write_bytes(packed(images[-1]))
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._loose.png").write_bytes(b"no image")
    return folder


@pytest.mark.parametrize("above", ["", "photos/"])
def test_a_zip_of_folders_has_the_splits_and_classes_of_these(
    tmp_path: Path, images: Pixels, above: str
) -> None:
    folder = write_folders(tmp_path / "photos", images)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, above + str(file.relative_to(folder)))
    kept, zipped = (load(path=str(one), side=SIDE) for one in (folder, tmp_path / "photos.zip"))
    assert kept.info.classes == zipped.info.classes == 2
    for split in ("train", "heldout", "train_labels", "heldout_labels"):
        assert torch.equal(getattr(kept, split), getattr(zipped, split))
    told = describe(path=str(tmp_path / "photos.zip"), side=SIDE).notes[0]
    assert "39 images, 2 classes" in told
    assert "13 held out (test); left out: 1 image beside the splits" in told


def test_a_zip_with_nothing_to_train_on_is_refused(tmp_path: Path, images: Pixels) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for place, image in enumerate(images):
            archive.writestr(f"{('val', 'test')[place % 2]}/{place}.png", packed(image))
    with pytest.raises(UsageError, match="no folder called train"):
        describe(path=str(tmp_path / "a.zip"))


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (lambda place: 5 * (place % 2), "2 classes by dataset.json (0, 5)"),
        (lambda place: None, "no classes by dataset.json"),
        (lambda place: 0.5, "are no classes of all images: left out"),
    ],
)
def test_the_folder_that_a_zip_of_stylegan_becomes_has_its_classes(
    tmp_path: Path, images: Pixels, label: Callable[[int], Any], told: str
) -> None:
    """And not those of its subfolders, which are a thousand images each."""
    names = [f"{place // 20:05d}/img{place:08d}.png" for place in range(N)]
    labels = [[name, label(place)] for place, name in enumerate(names)]
    path, folder = tmp_path / "a.zip", tmp_path / "folder"
    with zipfile.ZipFile(path, "w") as archive:
        for name, image in zip(names, images, strict=True):
            archive.writestr(name, packed(image))
        known = None if label(0) is None else labels
        archive.writestr("dataset.json", json.dumps({"labels": known}))
        archive.extractall(folder)
    found = describe(path=str(folder), side=SIDE)
    assert told in found.notes[0]
    assert "no images" not in found.notes[0]
    assert found.info.classes == describe(path=str(path), side=SIDE).info.classes
    by_pixels = {}
    for one in (path, folder):
        data = load(path=str(one), side=SIDE)
        both = ((data.train, data.train_labels), (data.heldout, data.heldout_labels))
        by_pixels[one] = {
            image.numpy().tobytes(): None if known is None else int(known[place])
            for split, known in both
            for place, image in enumerate(split)
        }
    assert by_pixels[path] == by_pixels[folder]
    (folder / "dataset.json").write_text(json.dumps({"labels": [[one, 1] for one in names]}))
    changed = describe(path=str(folder), side=SIDE)
    assert changed.info.classes is None
    assert (changed.fingerprint != found.fingerprint) == (found.info.classes == 2)
    (folder / "dataset.json").write_text("no labels")
    with pytest.raises(UsageError, match=r"cannot read .*dataset\.json"):
        describe(path=str(folder), side=SIDE)


@pytest.mark.parametrize("labels", [None, [[0.5, 1.0]] * N])
def test_a_zip_without_classes(tmp_path: Path, images: Pixels, labels: Any) -> None:
    data = load(path=write_zip(tmp_path / "a.zip", images, labels), side=SIDE)
    assert data.train_labels is None
    assert everything(data) == as_stored(images)


def test_neither_names_nor_additions_move_an_image_to_the_other_split(
    tmp_path: Path, images: Pixels
) -> None:
    few = load(path=write_zip(tmp_path / "few.zip", images[::-1][: N // 2]), side=SIDE)
    all_ = load(path=write_zip(tmp_path / "all.zip", images), side=SIDE)
    held = {one.numpy().tobytes() for one in all_.heldout}
    assert {one.numpy().tobytes() for one in few.heldout} <= held
    assert not {one.numpy().tobytes() for one in few.train} & held


@pytest.mark.parametrize("order", ["first", "last"])
def test_an_array_in_either_order_says_which(tmp_path: Path, images: Pixels, order: str) -> None:
    stored = images.transpose(0, 3, 1, 2) if order == "first" else images
    np.save(tmp_path / "a.npy", stored)
    path = str(tmp_path / "a.npy")
    assert everything(load(path=path, side=SIDE)) == as_stored(images)
    assert describe(path=path, side=SIDE).notes[0].endswith(f"channels stand {order} in it")
    (told,) = describe(path=path, side=8).notes
    assert told.endswith("; the first is of 16 by 16 px, and is made 8 by 8")


def test_arrays_with_labels_and_grey_ones(tmp_path: Path, images: Pixels) -> None:
    grey, labels = images[..., 0], np.arange(N) % 4
    names = np.array(["what", "nobody", "asks", "for"], dtype=object)  # which would be code
    np.savez(tmp_path / "a.npz", x=grey, y=labels, names=names)
    data = load(path=str(tmp_path / "a.npz"), side=SIDE, grey=True)
    assert data.info.shape == (1, SIDE, SIDE)
    assert data.info.classes == 4
    assert everything(data) == {image.tobytes() for image in grey}


def test_resizing_is_that_of_folders(tmp_path: Path, images: Pixels) -> None:
    path = write_zip(tmp_path / "a.zip", images)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    assert everything(load(path=path, side=8)) == everything(load(path=str(folder), side=8))


def test_other_content_under_the_same_name_is_seen(tmp_path: Path, images: Pixels) -> None:
    path = write_zip(tmp_path / "a.zip", images)
    first = describe(path=path, side=SIDE).fingerprint
    load(path=path, side=SIDE)
    write_zip(tmp_path / "a.zip", 255 - images)
    assert describe(path=path, side=SIDE).fingerprint != first
    assert everything(load(path=path, side=SIDE)) == as_stored(255 - images)


def test_what_may_be_read_both_ways_is_asked_for() -> None:
    both = np.zeros((5, 3, 8, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"say \[channels=first\]"):
        arranged(both, "found")
    assert arranged(both, "first")[0].shape == (5, 8, 3, 3)
    assert arranged(both, "last")[0].shape == (5, 3, 8, 3)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((40, 8, 8, 3)), "float64"),
        (np.zeros((40, 192), dtype=np.uint8), "no bytes of"),
        (np.zeros((0, 8, 8), dtype=np.uint8), "too few images for two splits"),
    ],
)
def test_arrays_that_are_no_images(
    tmp_path: Path, array: np.ndarray[Any, Any], reason: str
) -> None:
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(UsageError, match=reason):
        describe(path=str(tmp_path / "a.npy"))


def test_pickles_in_arrays_stay_closed(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match="cannot read"):
        describe(path=str(tmp_path / "a.npy"))


def test_other_files_that_cannot_be_read(tmp_path: Path, images: Pixels) -> None:
    with pytest.raises(MissingData, match="there is no file"):
        describe(path=str(tmp_path / "none.zip"))
    path = write_zip(tmp_path / "a.zip", images, how=zipfile.ZIP_DEFLATED)
    assert everything(load(path=path, side=SIDE)) == as_stored(images)
    (tmp_path / "a.zip").write_bytes(b"no zip")
    with pytest.raises(UsageError, match="cannot read"):
        describe(path=path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dataset.json", json.dumps({"labels": [1, 2]}))
    with pytest.raises(UsageError, match="no pairs of a name and a class"):
        describe(path=path)
    with pytest.raises(UsageError, match="heldout is about folders"):
        describe(path=path, heldout="test")


def test_images_of_16_bits_are_asked_about_as_in_folders(tmp_path: Path, images: Pixels) -> None:
    """Of 12 bits in 16, nothing but black would be left."""
    with zipfile.ZipFile(path := tmp_path / "a.zip", "w") as archive:
        for place, image in enumerate(images[..., 0]):
            file = io.BytesIO()
            Image.fromarray(image.astype(np.uint16) * 16).save(file, "PNG")
            archive.writestr(f"{place}.png", file.getvalue())
    with pytest.raises(UsageError, match="16 bits a channel") as refused:
        load(path=str(path), side=SIDE)
    assert "[bits=16] scales 16 bits to 8" in (refused.value.hint or "")
    scaled = load(path=str(path), side=SIDE, bits=16, grey=True)
    assert int(scaled.train.max()) == round(255 * 16 / 257)


def test_damaged_images_are_all_named(tmp_path: Path, images: Pixels) -> None:
    path = write_zip(tmp_path / "a.zip", images)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("0.png", b"no image")
        archive.writestr("y.png", packed(images[0])[:100])
    with pytest.raises(UsageError, match=r"2 of 42 images .* 0\.png .*y\.png"):
        load(path=path, side=SIDE)


@pytest.mark.parametrize("where", ["", "train/"], ids=["above the splits", "in the splits"])
def test_a_zip_with_labels_keeps_the_splits_of_its_folders(
    tmp_path: Path, images: Pixels, where: str
) -> None:
    """Else its test images would be trained on."""
    folder = tmp_path / "photos"
    for place, image in enumerate(images):
        file = folder / ("test", "train")[place % 3 > 0] / f"{place}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(packed(image))
    for split in ("train", "test") if where else ("",):
        names = (folder / split).rglob("*.png")
        pairs = [[one.relative_to(folder / split).as_posix(), int(one.stem) % 2] for one in names]
        (folder / split / "dataset.json").write_text(json.dumps({"labels": pairs}))
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in (one for one in folder.rglob("*") if one.is_file()):
            archive.write(file, file.relative_to(folder))
    kept, zipped = (load(path=str(one), side=SIDE) for one in (folder, path))
    assert kept.info.classes == zipped.info.classes == 2
    for split in ("train", "heldout", "train_labels", "heldout_labels"):
        assert torch.equal(getattr(kept, split), getattr(zipped, split))


def test_what_is_held_out_and_trained_on_is_told(tmp_path: Path, images: Pixels) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for place, image in enumerate(images):
            archive.writestr(f"train/{place}.png", packed(image))
        archive.writestr("test/again.png", packed(images[0]))
    told = describe(path=str(tmp_path / "a.zip")).notes[0]
    assert "1 of the held-out ones also to train on" in told


def test_labels_of_an_array_are_whole_numbers(tmp_path: Path, images: Pixels) -> None:
    labels = np.arange(N) % 3.0
    np.savez(tmp_path / "a.npz", x=images, y=labels)
    assert describe(path=str(tmp_path / "a.npz")).info.classes == 3
    np.savez(tmp_path / "b.npz", x=images, y=np.where(labels == 1, np.nan, labels))
    with pytest.raises(UsageError, match="labels are no whole numbers"):
        describe(path=str(tmp_path / "b.npz"))
    np.savez(tmp_path / "c.npz", x=images, y=np.where(labels == 1, "cat", "dog"))
    assert describe(path=str(tmp_path / "c.npz")).info.classes == 2


def test_an_archive_that_is_damaged_within_is_told(tmp_path: Path, images: Pixels) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=images)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[400:500] = bytes(100)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(UsageError, match=r"cannot read .*a\.npz"):
        describe(path=str(tmp_path / "a.npz"))


def test_labels_of_something_else_in_the_archive_are_not_its_own(
    tmp_path: Path, images: Pixels
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for place, image in enumerate(images):
            archive.writestr(f"{place}.png", packed(image))
        labels = [[f"{place}.png", place % 2] for place in range(N)]
        archive.writestr("dataset.json", json.dumps({"labels": labels}))
        archive.writestr("docs/dataset.json", "none")
    assert describe(path=str(tmp_path / "a.zip")).info.classes == 2
