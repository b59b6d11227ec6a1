"""Which files of a folder are taken, as which classes and in which split; the rest is counted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ganbench import MissingData, UsageError
from ganbench_plugins.datasets.image_listing import list_images
from ganbench_plugins.datasets.listing import (
    FOLDER_ABOVE,
    NOWHERE,
    TWICE,
    Listing,
)


def make(root: Path, *files: str) -> Path:
    """A folder with these files, of which only names count here."""
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    return root


def found(listing: Listing) -> tuple[list[str], list[str] | None]:
    held = listing.heldout and list(listing.heldout.files)
    return list(listing.train.files), held


def test_classes_are_first_level_folders(tmp_path: Path) -> None:
    root = make(tmp_path / "photos", "dog/b.png", "cat/deep/er/a.jpg", "cat/c.JPEG")
    listing = list_images(str(root))
    assert found(listing) == (["cat/c.JPEG", "cat/deep/er/a.jpg", "dog/b.png"], None)
    assert listing.classes == ("cat", "dog")
    assert listing.labels == [0, 0, 1]
    assert not listing.left_out


@pytest.mark.parametrize("files", [["cat/a.png"], ["cat/a.png", "dog/b.png", "loose.png"]])
def test_one_folder_or_a_loose_image_is_no_class(tmp_path: Path, files: list[str]) -> None:
    listing = list_images(str(make(tmp_path / "photos", *files)))
    assert (listing.classes, listing.labels) == ((), [])


def test_whatever_is_not_taken_is_counted(tmp_path: Path) -> None:
    names = [*(f"{number}.heic" for number in range(40)), "a.png", "notes.txt", "README", "B.TXT"]
    hidden = (".a.png", ".thumbnails/a.png")
    listing = list_images(str(make(tmp_path / "photos", *names, *hidden)))
    assert found(listing) == (["a.png"], None)
    assert listing.left_out == {".heic": 40, ".txt": 2, "file without a suffix": 1}


def test_formats_that_pillow_reads_are_taken(tmp_path: Path) -> None:
    names = ["a.avif", "a.bmp", "a.gif", "a.jfif", "a.jp2", "a.pbm", "a.pgm", "a.pnm", "a.ppm",
             "a.tga", "a.tif", "a.webp"]  # fmt: skip
    assert found(list_images(str(make(tmp_path / "photos", *names)))) == (names, None)


def test_folders_and_files_that_are_linked_in_are_followed(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "b.png", "c.png")
    root = make(tmp_path / "photos", "cat/a.png")
    (root / "dog").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "z.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    listing = list_images(str(root))
    assert found(listing) == (["cat/a.png", "cat/z.png", "dog/b.png", "dog/c.png"], None)
    assert listing.classes == ("cat", "dog")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    root = make(tmp_path / "photos", "cat/a.png", "dog/b.png")
    (root / "cat" / "up").symlink_to(root)
    (root / "dog" / "itself").symlink_to(root / "dog")
    (root / "cat" / "other").symlink_to(root / "dog")  # once more, and not for ever
    (root / "dog" / "gone.png").symlink_to(root / "nowhere.png")
    listing = list_images(str(root))
    assert found(listing) == (["cat/a.png", "cat/other/b.png", "dog/b.png"], None)
    assert listing.left_out == {FOLDER_ABOVE: 3, NOWHERE: 2}


def test_links_between_many_folders_end_soon(tmp_path: Path) -> None:
    """Each of twelve folders links to all others: there are millions of ways without a circle."""
    root = make(tmp_path / "photos", *(f"{number:02}/a.png" for number in range(12)))
    for one in sorted(root.iterdir()):
        for other in sorted(root.iterdir()):
            (one / f"to-{other.name}").symlink_to(other)
    listing = list_images(str(root))
    assert len(listing.train.files) == 12 + 12
    assert listing.left_out[TWICE] > 0


@pytest.mark.parametrize("held", ["test", "val", "Valid", "validation"])
@pytest.mark.parametrize("train", ["train", "Training"])
def test_names_of_splits_are_splits(tmp_path: Path, train: str, held: str) -> None:
    names = ("cat/a.png", "dog/b.png")
    root = make(tmp_path, *(f"{split}/{name}" for split in (train, held) for name in names))
    listing = list_images(str(root))
    assert found(listing) == (list(names), list(names))
    assert (listing.train.root, listing.heldout and listing.heldout.root) == (
        root / train,
        root / held,
    )
    assert listing.classes == ("cat", "dog")
    assert listing.labels == [0, 1, 0, 1]


def test_what_lies_beside_splits_is_left_out(tmp_path: Path) -> None:
    root = make(tmp_path, "train/a.png", "test/b.png", "val/c.png", "cover.png", "raw/d.png")
    listing = list_images(str(root))
    assert found(listing) == (["a.png"], ["b.png"])
    assert listing.classes == ()
    assert listing.left_out == {
        "image in val/": 1,
        "image beside the splits": 1,
        "image in raw/": 1,
    }


def test_classes_of_splits_that_differ(tmp_path: Path) -> None:
    root = make(tmp_path / "some", "train/cat/a.png", "train/dog/b.png", "test/bird/c.png")
    assert list_images(str(root)).classes == ("bird", "cat", "dog")
    flat = make(tmp_path / "flat", "train/cat/a.png", "train/dog/b.png", "test/c.png")
    assert list_images(str(flat)).classes == ()  # held-out samples would have no class


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    listing = list_images(str(make(tmp_path, "train/a.png", "boat/b.png")))
    assert listing.classes == ("boat", "train")
    assert listing.heldout is None


def test_train_alone_is_what_is_trained_on(tmp_path: Path) -> None:
    listing = list_images(str(make(tmp_path, "train/cat/a.png", "train/dog/b.png")))
    assert (listing.classes, listing.heldout) == (("cat", "dog"), None)


def test_held_out_splits_are_never_trained_on(tmp_path: Path) -> None:
    root = make(tmp_path, "test/a.png", "val/b.png")
    with pytest.raises(UsageError, match="has test and val, and no folder called train") as error:
        list_images(str(root))
    assert error.value.hint == f"to train on one of them all the same, write images:{root / 'test'}"


@pytest.mark.parametrize("linked", [False, True])
def test_a_folder_may_be_held_out_by_name(tmp_path: Path, linked: bool) -> None:
    root = make(tmp_path / "photos", "cat/a.png", "dog/b.png")
    apart = make(tmp_path / "apart", "cat/c.png", "dog/d.png")
    if linked:
        (root / "apart").symlink_to(apart)
    listing = list_images(str(root), str(apart))
    assert found(listing) == (["cat/a.png", "dog/b.png"], ["cat/c.png", "dog/d.png"])
    assert (listing.classes, listing.labels) == (("cat", "dog"), [0, 1, 0, 1])


def test_a_folder_within_is_held_out_by_name(tmp_path: Path) -> None:
    root = make(tmp_path, "train/a.png", "val/b.png", "test/c.png", "mine/d.png")
    held = list_images(str(root), str(root / "val"))
    assert found(held) == (["a.png"], ["b.png"])
    assert held.left_out == {"image in test/": 1, "image in mine/": 1}


def test_a_folder_that_holds_all_is_not_held_out(tmp_path: Path) -> None:
    root = make(tmp_path, "train/a.png")
    for heldout in (root, root / "train"):
        with pytest.raises(UsageError, match="would be held out"):
            list_images(str(root / "train"), str(heldout))


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    root = make(tmp_path / "photos", "a.heic", "b.heic")
    with pytest.raises(MissingData, match=r"photos holds no images, only 2 \.heic"):
        list_images(str(root))
    with pytest.raises(MissingData, match=r"there is no folder .*gone"):
        list_images(str(make(root, "c.png")), str(tmp_path / "gone"))


def test_names_are_sorted_as_bytes(tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff.png")
    make(tmp_path, "é.png", "z.png", odd)
    assert found(list_images(str(tmp_path))) == (["z.png", "é.png", odd], None)


def test_labels_of_one_folder_are_none_of_another_one(tmp_path: Path) -> None:
    root = make(tmp_path / "photos", "0/a.png", "1/b.png")
    held = make(tmp_path / "held", "0/a.png", "1/b.png")
    (root / "dataset.json").write_text('{"labels": [["0/a.png", 3], ["1/b.png", 8]]}')
    assert list_images(str(root)).classes == ("3", "8")
    (root / "dataset.json").write_text('{"title": "photographs"}')
    assert list_images(str(root)).classes == ("0", "1")
    (root / "dataset.json").write_text('{"labels": [["0/a.png", 3], ["1/b.png", 8]]}')
    assert list_images(str(root), str(held)).labels == []
    (held / "dataset.json").write_text('{"labels": [["0/a.png", 8], ["1/b.png", 3]]}')
    assert list_images(str(root), str(held)).labels == [0, 1, 1, 0]


def test_labels_may_lie_beside_the_splits_or_in_them(tmp_path: Path) -> None:
    root = make(tmp_path, "train/0/a.png", "train/1/b.png", "test/0/c.png")
    (root / "dataset.json").write_text(
        '{"labels": [["train/0/a.png", 1], ["train/1/b.png", 0], ["test/0/c.png", 0]]}'
    )
    assert list_images(str(root)).labels == [1, 0, 0]
    (root / "dataset.json").rename(root / "train" / "dataset.json")
    assert list_images(str(root)).labels == []
    (root / "train" / "dataset.json").write_text('{"labels": [["0/a.png", 1], ["1/b.png", 0]]}')
    (root / "test" / "dataset.json").write_text('{"labels": [["0/c.png", 1]]}')
    assert list_images(str(root)).labels == [1, 0, 1]


def test_a_folder_that_is_linked_deep_inside_is_held_out_as_well(tmp_path: Path) -> None:
    held = make(tmp_path / "held", "a/1.png")
    make(tmp_path / "all", "a/2.png", "b/3.png")
    (tmp_path / "all" / "b" / "old").symlink_to(held / "a")
    listing = list_images(str(tmp_path / "all"), str(held))
    assert found(listing) == (["a/2.png", "b/3.png"], ["a/1.png"])


def test_what_is_left_out_of_a_folder_within_is_counted_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.png", "held/2.png", "held/notes.txt")
    listing = list_images(str(tmp_path), str(tmp_path / "held"))
    assert listing.left_out == {".txt": 1}
