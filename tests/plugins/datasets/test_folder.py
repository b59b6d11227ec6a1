from __future__ import annotations

import contextlib
import io
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench.storage import hashes, tensorcache
from ganbench_plugins.datasets import pixels
from ganbench_plugins.datasets.decode import Form, Undecodable, decode
from ganbench_plugins.datasets.folder import describe, load


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Sixty real images in a folder for each of three digits."""
    pixels, labels = load_digits(n_class=3, return_X_y=True)
    for number, (image, label) in enumerate(zip(pixels[:60], labels, strict=False)):
        folder = tmp_path / "digits" / f"class-{label}" / "deeper"
        folder.mkdir(parents=True, exist_ok=True)
        grey = np.rint(image.reshape(8, 8) * 255 / 16).astype(np.uint8)
        Image.fromarray(grey).save(folder / f"{number:03}.png")
    return tmp_path / "digits"


def one(path: Path, side: int = 8, grey: bool = False) -> np.ndarray:
    """The only image of a folder, (C, side, side)."""
    data = load(path=str(path), side=side, grey=grey)
    return torch.cat([data.train, data.heldout])[0].numpy()


def save(tmp_path: Path, image: Image.Image, name: str = "a.png", **options: object) -> Path:
    folder = tmp_path / "images"
    folder.mkdir(exist_ok=True)
    image.save(folder / name, **options)
    return folder


def test_classes_split_and_pixels(digits: Path) -> None:
    data = load(path=str(digits), side=8, grey=True)
    survey = describe(path=str(digits), side=8, grey=True)
    assert data.info == survey.info
    assert (len(data.train), len(data.heldout)) == (survey.train, survey.heldout)
    assert data.info.name == f"images:{digits}[grey=true,side=8]"
    assert (data.info.shape, data.info.classes) == ((1, 8, 8), 3)
    assert data.train_labels is not None
    assert data.heldout_labels is not None
    assert len(data.train) + len(data.heldout) == 60
    assert 0 < len(data.heldout) < 30
    values, digits_read = load_digits(n_class=3, return_X_y=True)
    wanted = np.rint(values[:60] * 255 / 16).astype(np.uint8)
    images = torch.cat([data.train, data.heldout]).flatten(1).tolist()
    assert sorted(images) == sorted(wanted.tolist())
    labels = torch.cat([data.train_labels, data.heldout_labels])
    assert torch.bincount(labels).tolist() == np.bincount(digits_read[:60]).tolist()


def test_default_is_colour_of_32_pixels(digits: Path) -> None:
    assert describe(path=str(digits)).info.shape == (3, 32, 32)
    assert describe(path=str(digits)).info.name == f"images:{digits}"


def test_a_loose_image_means_no_classes(digits: Path) -> None:
    Image.new("L", (8, 8)).save(digits / "loose.png")
    assert describe(path=str(digits)).info.classes is None
    assert load(path=str(digits), side=8, grey=True).train_labels is None


def test_copies_and_new_names_stay_in_their_split(digits: Path) -> None:
    before = load(path=str(digits), side=8, grey=True)
    for number, file in enumerate(sorted(digits.rglob("*.png"))):
        (digits / "class-0" / f"copy-{number}.png").write_bytes(file.read_bytes())
    after = load(path=str(digits), side=8, grey=True)
    assert len(after.heldout) == 2 * len(before.heldout)
    held = {tuple(image) for image in after.heldout.flatten(1).tolist()}
    assert not held & {tuple(image) for image in after.train.flatten(1).tolist()}


def test_cache_serves_the_same_bytes_and_no_others(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)
    first = load(path=str(digits), side=8, grey=True)

    def refuse(file: Path, form: Form) -> torch.Tensor:
        raise AssertionError(file)

    with monkeypatch.context() as patch:
        patch.setattr(pixels, "decode", refuse)
        assert torch.equal(load(path=str(digits), side=8, grey=True).train, first.train)
    changed = min(digits.rglob("*.png"))
    changed.write_bytes(max(digits.rglob("*.png")).read_bytes())
    second = load(path=str(digits), side=8, grey=True)
    assert not torch.equal(
        torch.cat([second.train, second.heldout]), torch.cat([first.train, first.heldout])
    )


def test_damaged_cache_is_set_aside_and_decoded_again(
    digits: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)
    first = load(path=str(digits), side=8, grey=True)
    (file,) = (tmp_path / "cache" / "datasets").glob("*.safetensors")
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert torch.equal(load(path=str(digits), side=8, grey=True).train, first.train)
    assert file.stat().st_size == len(content)
    assert file.with_name(f"{file.name}.damaged-1").exists()


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_images_decode_or_are_named(data: st.DataObject) -> None:
    """Whatever a decoder raises: struct.error, IndexError, zlib.error, ... or nothing."""
    kind = data.draw(st.sampled_from(["PNG", "GIF", "BMP", "TIFF", "JPEG", "WEBP", "PPM"]))
    pixels = np.arange(20 * 20 * 3, dtype=np.uint8).reshape(20, 20, 3)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    content = bytearray(stream.getvalue())
    places = st.integers(0, min(len(content), 200) - 1)
    for place in data.draw(st.lists(places, max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    kept = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"a.{kind.lower()}"
        file.write_bytes(content[:kept])
        with contextlib.suppress(Undecodable):
            image = decode(file, Form(side=8))
            assert (image.shape, image.dtype) == ((3, 8, 8), torch.uint8)


def fingerprint(path: Path) -> str:
    return describe(path=str(path), side=8, grey=True).fingerprint


def test_names_need_not_be_utf8(digits: Path) -> None:
    before = fingerprint(digits)
    file = min(digits.rglob("*.png"))
    file.rename(os.fsdecode(os.fsencode(file.parent) + b"/\xff.png"))
    assert fingerprint(digits) != before
    assert len(load(path=str(digits), side=8, grey=True).train) > 0


def test_a_copy_of_a_folder_is_the_same_data(digits: Path, tmp_path: Path) -> None:
    """As by `cp -r`, unzip or a clone: another place, other times of change, other order."""
    copy = tmp_path / "elsewhere" / "copy"
    for file in sorted(digits.rglob("*.png"), reverse=True):
        target = copy / file.relative_to(digits)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
        os.utime(target, (1, 1))
    assert fingerprint(copy) == fingerprint(digits)
    (copy / "readme.txt").touch()
    assert fingerprint(copy) == fingerprint(digits)


@pytest.mark.parametrize("change", ["byte", "name", "class", "added", "removed"])
def test_whatever_moves_a_number_makes_other_data(digits: Path, change: str) -> None:
    before = fingerprint(digits)
    file = min(digits.rglob("*.png"))
    content = file.read_bytes()
    match change:
        case "byte":
            times = file.stat().st_atime_ns, file.stat().st_mtime_ns
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
            os.utime(file, ns=times)  # of the same size and time of change
        case "name":  # the order of the samples
            file.rename(file.with_name("zzz.png"))
        case "class":
            file.rename(digits / "class-1" / file.name)
        case "added":
            file.with_name("zzz.png").write_bytes(content)
        case "removed":
            file.unlink()
    assert fingerprint(digits) != before


def test_centre_is_cropped(tmp_path: Path) -> None:
    pixels = np.zeros((8, 24), dtype=np.uint8)
    pixels[:, 8:16] = 200
    assert (one(save(tmp_path, Image.fromarray(pixels)), grey=True) == 200).all()


def test_transparent_becomes_white(tmp_path: Path) -> None:
    folder = save(tmp_path, Image.new("RGBA", (8, 8), (10, 20, 30, 0)))
    assert (one(folder) == 255).all()


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8), dtype=np.uint8)
    pixels[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # stored upside down
    folder = save(tmp_path, Image.fromarray(pixels), exif=exif)
    np.testing.assert_array_equal(one(folder, grey=True)[0], pixels[::-1])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_usual_modes_are_read(tmp_path: Path, mode: str) -> None:
    assert one(save(tmp_path, Image.new("RGB", (9, 9), "white").convert(mode))).min() >= 254


def test_deep_images_are_refused(tmp_path: Path) -> None:
    folder = save(tmp_path, Image.fromarray(np.full((8, 8), 40_000, dtype=np.uint16)))
    with pytest.raises(UsageError, match=r"; 16 bits a channel: a\.png") as error:
        describe(path=str(folder))
    assert "[bits=16] scales 16 bits to 8" in str(error.value.hint)


@pytest.mark.parametrize("kept", [0, 30, 75])
def test_damaged_images_are_named(tmp_path: Path, kept: int) -> None:
    noise = np.random.RandomState(0).randint(256, size=(16, 16, 3)).astype(np.uint8)
    folder = save(tmp_path, Image.fromarray(noise))
    file = folder / "a.png"
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(UsageError, match=r"a\.png"):
        load(path=str(folder), side=8)


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UsageError, match=r"decompression bomb.*a\.png"):
        load(path=str(save(tmp_path, Image.new("L", (12, 12)))), side=8)


def test_unreadable_files_are_named(digits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:  # as root, tests may read everything
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(hashes, "_hash", refuse)
    for look in (describe, load):
        with pytest.raises(UsageError, match=r"cannot read .*000\.png: Permission denied"):
            look(path=str(digits), side=8, grey=True)


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs a folder") as error:
        describe()
    assert "images:PATH" in str(error.value.hint)
    with pytest.raises(MissingData, match="no folder"):
        describe(path=str(tmp_path / "nowhere"))
    (tmp_path / "readme.txt").touch()
    with pytest.raises(MissingData, match="holds no images"):
        describe(path=str(tmp_path))


def test_a_file_in_the_place_of_a_folder(digits: Path) -> None:
    file = min(digits.rglob("*.png"))
    with pytest.raises(UsageError, match=r"000\.png is a file, and images needs a folder") as error:
        describe(path=str(file))
    assert error.value.hint == f"write it as images:{file.parent}"
