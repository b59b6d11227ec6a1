"""Parquet as the Hub lays it out, in a folder: pixels, classes, splits and what is refused."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganbench import Data, MissingData
from ganbench.api.errors import UsageError

pytest.importorskip("pyarrow", reason="needs: pip install 'ganbench[hub]'")

import pyarrow
from pyarrow import parquet

from ganbench.api.parameters import located
from ganbench_plugins.datasets.hub import describe, ganbench_datasets, load

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
SIDE = 8


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


def pixels(count: int, seed: int) -> Pixels:
    return np.random.RandomState(seed).randint(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


def packed(image: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def write(file: Path, images: Pixels, **columns: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    cells = [{"bytes": packed(image), "path": None} for image in images]
    parquet.write_table(pyarrow.table({"image": cells, **columns}), file)


@pytest.fixture(params=["data/train-00000-of-00001", "default/train/0000", "c/c-train"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The three ways in which the Hub names files."""
    root = tmp_path / "set"
    write(root / f"{request.param}.parquet", pixels(6, 0), label=[3, 5, 3, 5, 9, 9])
    write(
        root / f"{request.param.replace('train', 'test')}.parquet", pixels(4, 1), label=[3, 5, 9, 3]
    )
    return root


def test_pixels_and_classes(folder: Path) -> None:
    survey, data = describe(name=str(folder), side=SIDE), load(name=str(folder), side=SIDE)
    assert (survey.train, survey.heldout) == (6, 4)
    assert survey.info == data.info
    np.testing.assert_array_equal(data.train.numpy(), pixels(6, 0).transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(data.heldout.numpy(), pixels(4, 1).transpose(0, 3, 1, 2))
    assert data.info.classes == 3
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [0, 1, 0, 1, 2, 2]


def test_without_classes(tmp_path: Path) -> None:
    for split in ("train", "test"):
        write(tmp_path / f"{split}.parquet", pixels(3, 0))
    data = load(name=str(tmp_path), side=SIDE)
    assert data.train_labels is None
    assert data.info.classes is None


def test_other_content_is_other_data(folder: Path) -> None:
    first = describe(name=str(folder)).fingerprint
    (file,) = [one for one in folder.rglob("*.parquet") if "train" in str(one.relative_to(folder))]
    write(file, pixels(6, 9), label=[3, 5, 3, 5, 9, 9])
    assert describe(name=str(folder)).fingerprint != first
    found: Data = load(name=str(folder), side=SIDE)
    np.testing.assert_array_equal(found.train.numpy(), pixels(6, 9).transpose(0, 3, 1, 2))


def test_what_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for config in ("a", "b"):
        for split in ("train", "test"):
            write(tmp_path / config / split / "0000.parquet", pixels(3, 0))
    with pytest.raises(UsageError, match="several configurations: a, b"):
        describe(name=str(tmp_path))
    assert describe(name=str(tmp_path), config="b").train == 3
    with pytest.raises(MissingData, match="no Parquet file of split 'valid'"):
        describe(name=str(tmp_path), config="b", heldout="valid")
    with pytest.raises(UsageError, match="no column 'img'"):
        describe(name=str(tmp_path), config="b", column="img")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "pyarrow" or None)
    with pytest.raises(MissingData, match="huggingface_hub"):
        describe(name="nobody/nothing")


def test_damaged_images_are_refused(tmp_path: Path) -> None:
    for split in ("train", "test"):
        cells = pyarrow.table({"image": [{"bytes": b"no image", "path": None}]})
        parquet.write_table(cells, tmp_path / f"{split}.parquet")
    with pytest.raises(UsageError, match="cannot be decoded"):
        load(name=str(tmp_path))


def splits(root: Path, **columns: tuple[Any, Any]) -> str:
    for place, split in enumerate(("train", "test")):
        own = {name: values[place] for name, values in columns.items()}
        write(root / f"{split}.parquet", pixels(3, place), **own)
    return str(root)


def test_what_becomes_of_classes_is_told(tmp_path: Path) -> None:
    name = splits(tmp_path, fine=([0, 1, 2], [2, 1, 0]), part=([0, None, 1], [1, 0, -1]))
    assert ": 3 classes, 3 to train on, 3 held out" in describe(name=name, label="fine").notes[0]
    assert ": no classes (no column 'label' in every file (" in describe(name=name).notes[0]
    told = describe(name=name, label="part").notes[0]
    assert ": no classes (column 'part' has none for 2 of 6 images)" in told
    assert describe(name=name, label="none").info.classes is None
    with pytest.raises(UsageError, match=r"no column 'fime' in every file \(image, fine, part\)"):
        describe(name=name, label="fime")


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([[], [1], [2]], "list"),
        ([0.0, 0.5, 1.0], "float and whole number"),
        ([0.5, 0.25, 1.5], "float"),
    ],
)
def test_what_is_no_class_is_refused(tmp_path: Path, labels: list[Any], told: str) -> None:
    with pytest.raises(UsageError, match=f"column 'tags' holds {told}, no classes"):
        describe(name=splits(tmp_path, tags=(labels, labels)), label="tags")


def test_a_column_that_nobody_named_is_told_and_not_refused(tmp_path: Path) -> None:
    survey = describe(name=splits(tmp_path, label=([0.5, 1.5, 2.5], [0.5, 0.25, 1.0])))
    assert survey.info.classes is None
    assert (
        ": no classes (column 'label' holds float and whole number, no classes)" in survey.notes[0]
    )


def test_texts_and_numbers_are_no_classes_of_one_kind(tmp_path: Path) -> None:
    name = splits(tmp_path, tags=([0, 1, 2], ["a", "b", "c"]))
    with pytest.raises(UsageError, match="holds text and whole number, no classes"):
        describe(name=name, label="tags")


def test_whole_numbers_may_be_stored_as_floats(tmp_path: Path) -> None:
    name = splits(tmp_path, label=([0.0, 1.0, 1.0], [1.0, 0.0, 0.0]))
    assert load(name=name, side=SIDE).info.classes == 2


def test_parts_of_a_split_are_no_configurations(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for part in (0, 1):
            write(tmp_path / split / f"year={part}" / "0.parquet", pixels(2, part))
    assert describe(name=str(tmp_path)).train == 4


def test_splits_are_of_one_configuration(tmp_path: Path) -> None:
    write(tmp_path / "a" / "train" / "0000.parquet", pixels(3, 0))
    write(tmp_path / "b" / "test" / "0000.parquet", pixels(3, 1))
    with pytest.raises(UsageError, match="several configurations: a, b"):
        describe(name=str(tmp_path))


def test_folders_that_are_named_like_splits_are_no_configurations(tmp_path: Path) -> None:
    for place, split in enumerate(("train", "test")):
        write(tmp_path / split / "0000.parquet", pixels(3, place))
    assert describe(name=str(tmp_path)).train == 3


def test_a_folder_is_relative_to_the_suite(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (spec,) = ganbench_datasets()
    found = [
        located(spec.parameters, {"name": name}, str(tmp_path))["name"]
        for name in ("mine", "org/name")
    ]
    assert found == [str(tmp_path / "mine"), "org/name"]


def test_nobody_has_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name == "pyarrow" or None)
    with pytest.raises(MissingData, match="no folder ~nobody-at-all/x"):
        describe(name="~nobody-at-all/x")
