"""Files that cannot be used are named all at once, or left out and told; never one by one."""

from __future__ import annotations

import errno
import re
import shlex
import struct
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from ganbench import UsageError
from ganbench_plugins.datasets import folder as folders
from ganbench_plugins.datasets import looks, pixels
from ganbench_plugins.datasets.faults import MOST_NAMED, fault_of
from ganbench_plugins.datasets.folder import describe, load, prepare
from ganbench_plugins.datasets.looks import Look


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Thirty images of noise, as PNG and JPEG."""
    folder = tmp_path / "photos"
    folder.mkdir()
    random = np.random.RandomState(0)
    for number in range(30):
        image = Image.fromarray(random.randint(256, size=(16, 16, 3)).astype(np.uint8))
        image.save(folder / f"{number:02}.{'png' if number % 2 else 'jpg'}", quality=95)
    return folder


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def named(error: UsageError) -> set[str]:
    """Files that an error names."""
    reasons = error.message.split("; ")[1:]
    return {name for reason in reasons for name in reason.rpartition(": ")[2].split(", ")}


def test_all_that_headers_tell_are_named_before_anything_runs(photos: Path) -> None:
    (photos / "01.png").write_text("no image")
    (photos / "02.jpg").write_bytes(b"")
    cut(photos / "03.png")
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(photos / "05.png")
    Image.new("F", (8, 8)).save(photos / "deep.tif")
    with pytest.raises(UsageError, match=r"5 of 31 images of .*photos cannot be used; ") as error:
        describe(path=str(photos))
    assert named(error.value) == {"01.png", "02.jpg", "03.png", "05.png", "deep.tif"}
    assert "; it is no image that this Pillow can read: 01.png, 02.jpg; " in error.value.message
    assert "; 16 bits a channel: 05.png" in error.value.message
    assert "; 32 bits a channel (mode F), with no fixed black and white: " in error.value.message


def test_all_that_decoding_tells_are_named_at_the_first_load(photos: Path) -> None:
    """Of a JPEG that was cut short the header tells nothing; later looks know it."""
    for name in ("02.jpg", "06.jpg"):
        cut(photos / name)
    describe(path=str(photos), side=8)
    for look in (lambda **own: list(prepare(**own)), load, describe):
        with pytest.raises(UsageError, match=r"2 of 30 images of .*photos cannot") as error:
            look(path=str(photos), side=8)
        assert named(error.value) == {"02.jpg", "06.jpg"}


def test_the_command_in_the_hint_removes_them(photos: Path) -> None:
    (photos / "01.png").rename(photos / "a b's.png")
    for name in ("a b's.png", "03.png"):
        (photos / name).write_text("no image")
    with pytest.raises(UsageError) as error:
        describe(path=str(photos))
    command = str(error.value.hint).partition("this removes them: ")[2]
    assert shlex.split(command)[:2] == ["rm", "--"]
    subprocess.run(command, shell=True, check=True)  # noqa: S602  # as it would be typed
    assert len(list(photos.iterdir())) == 28
    describe(path=str(photos))


def test_damaged_files_are_left_out_if_asked(photos: Path) -> None:
    (photos / "01.png").write_text("no image")
    cut(photos / "02.jpg")
    own = {"path": str(photos), "side": 8, "damaged": "skip"}
    before = describe(**own)
    assert (before.train, before.heldout) == (None, None)  # nobody knows yet how many
    assert "not all are decoded yet: damaged ones will be left out" in before.notes[-1]
    (line,) = prepare(**own)
    assert line == f"{photos}: left out 2 damaged: 01.png, 02.jpg"
    after, data = describe(**own), load(**own)
    assert (after.train, after.heldout) == (len(data.train), len(data.heldout))
    assert len(data.train) + len(data.heldout) == 28
    assert after.notes[-1].endswith("left out: 2 damaged (01.png, 02.jpg)")
    assert after.fingerprint == before.fingerprint
    assert list(prepare(**own)) == []


def test_what_is_skipped_moves_no_other_sample(photos: Path) -> None:
    whole = load(path=str(photos), side=8)
    (photos / "zz.png").write_text("no image")
    rest = load(path=str(photos), side=8, damaged="skip")
    assert torch.equal(rest.train, whole.train)
    assert torch.equal(rest.heldout, whole.heldout)


def test_labels_stay_with_their_images(tmp_path: Path) -> None:
    for name, grey in (("cat", 10), ("dog", 200)):
        (tmp_path / name).mkdir()
        for number in range(20):
            Image.new("L", (8 + number, 8), grey).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat" / "0.png").write_text("no image")
    data = load(path=str(tmp_path), side=8, grey=True, damaged="skip")
    assert data.train_labels is not None
    expected = torch.where(data.train_labels == 0, 10, 200)
    assert torch.equal(data.train[:, 0, 0, 0].long(), expected)
    assert data.info.classes == 2


def test_where_none_is_left_skipping_does_not_help(photos: Path) -> None:
    for file in photos.iterdir():
        file.write_text("no image")
    with pytest.raises(UsageError, match=r"30 of 30 images of .* cannot be used"):
        describe(path=str(photos), damaged="skip")


def test_of_very_many_the_rest_is_counted(tmp_path: Path) -> None:
    for number in range(MOST_NAMED + 5):
        (tmp_path / f"{number}.png").touch()
    with pytest.raises(UsageError, match=r"205 of 205 .*; and 5 more; ") as error:
        describe(path=str(tmp_path))
    assert len(error.value.message) < 3_000
    assert "rm --" not in str(error.value.hint)


def test_each_content_is_looked_at_and_decoded_once(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Counter[str] = Counter()
    for module, name in ((looks, "look_at"), (pixels, "decode")):
        real = getattr(module, name)

        def counted(*arguments: object, real: object = real, name: str = name) -> object:
            counts[name] += 1
            return real(*arguments)  # type: ignore[operator]

        monkeypatch.setattr(module, name, counted)
    own = {"path": str(photos), "side": 8}
    for _ in range(3):
        describe(**own)
        list(prepare(**own))
    assert counts == {"look_at": 30, "decode": 30}
    (photos / "copy.png").write_bytes((photos / "01.png").read_bytes())
    describe(**own)
    assert counts["look_at"] == 30


def test_a_cache_that_cannot_be_written_costs_time_alone(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "file"))
    cut(photos / "02.jpg")
    own = {"path": str(photos), "side": 8, "damaged": "skip"}
    assert describe(**own).train is None
    list(prepare(**own))
    assert describe(**own).train is None  # and not a number that might be wrong
    assert len(load(**own).train) > 0


def test_images_that_do_not_vary_are_told(tmp_path: Path) -> None:
    for number in range(20):
        Image.new("RGB", (8 + number, 8), "red").save(tmp_path / f"{number}.png")
    (line,) = prepare(path=str(tmp_path), side=8)
    assert line == f"{tmp_path}: all images are the same at 8 by 8 pixels"


def test_long_work_is_announced(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MANY", 30)
    assert list(prepare(path=str(photos), side=8)) == [f"{photos}: decoding 30 images, once"]


@pytest.mark.parametrize(
    ("look", "bits", "fault"),
    [
        (Look("RGB"), 8, ""),
        (Look("I;16", bits=16), 8, "16 bits a channel"),
        (Look("I;16", bits=16), 16, ""),
        (Look("F", bits=32), 16, "32 bits a channel (mode F), with no fixed black and white"),
        (Look(fault="truncated"), 8, "truncated"),
    ],
)
def test_what_a_header_has_against_a_file(look: Look, bits: int, fault: str) -> None:
    assert fault_of(look, bits) == fault


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()])
@pytest.mark.parametrize("where", ["verify", "load"])
def test_what_a_machine_cannot_do_now_is_no_fault_of_a_file(
    photos: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str
) -> None:
    """Else good images would be called damaged for ever, with a command that removes them."""

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(PngImageFile, where, fail)
        expected = UsageError if isinstance(error, OSError) else MemoryError
        with pytest.raises(expected) as told:
            load(path=str(photos))
        if isinstance(error, OSError):
            assert re.search(r"cannot read .*/\d\d\.png: Input/output error", str(told.value))
    data = load(path=str(photos))
    assert len(data.train) + len(data.heldout) == 30


def test_a_file_that_asks_for_a_place_that_none_has_is_damaged(photos: Path) -> None:
    """The system refuses it, with a number as for a disk that fails."""
    (photos / "bad.tif").write_bytes(b"II+\0" + struct.pack("<HHQ", 8, 0, 2**62))
    with pytest.raises(UsageError, match="1 of 31 images") as error:
        describe(path=str(photos))
    assert named(error.value) == {"bad.tif"}
    assert len(load(path=str(photos), damaged="skip").train) < 31
