"""Images in one file: a zip of images, with StyleGAN's `dataset.json` or without, or an array of
NumPy's.

A zip is read as the folder that was packed: the names of folders tell splits and classes
(`listing.py`), and where there is a `dataset.json`, that tells the classes (`label_file.py`). An
array is ``(N, H, W)``, ``(N, H, W, C)`` or ``(N, C, H, W)`` of bytes: the `.npy` itself, or `x` (or
`images`, `data`, `arr_0`) of an `.npz`, with classes in `y` (or `labels`, `arr_1`).

As in folders an image is held out if a hash of its content is 0 modulo 5, unless a folder's name
says which are; here that is its CRC-32, which a zip's directory has. Never imports torch.
"""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ganbench import MissingData, UsageError
from ganbench_plugins.datasets.image_listing import list_names
from ganbench_plugins.datasets.label_file import (
    LABEL_FILE,
    Labels,
    labels_of,
    numbered,
    read_label_file,
)
from ganbench_plugins.datasets.listing import SUFFIXES as IMAGES
from ganbench_plugins.datasets.looks import quiet
from ganbench_plugins.datasets.telling import copies, left_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".zip", ".npz", ".npy")
ARRAYS, LABELS = ("x", "images", "data", "arr_0"), ("y", "labels", "arr_1")
HELD_OUT_EVERY = 5

LARGEST = 2**30
"""Bytes of an image in a zip: a packed one that says it has more is an attack, or a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What is in such a file, in its order.

    Args:
        path: of the file.
        names: of the images, for people.
        heldout: which images are.
        labels: class of each; empty where there are none.
        classes: their names.
        source: the bytes of an encoded image, or the (H, W, C) pixels of one, by its place.
        notes: what to tell of it.
        by: what tells which are held out.
    """

    path: Path
    names: Sequence[str]
    heldout: Sequence[bool]
    labels: Sequence[int]
    classes: tuple[str, ...]
    source: Callable[[int], bytes | NDArray[np.uint8]]
    notes: tuple[str, ...] = ()
    by: str = "by content"

    def told(self, side: int) -> str:
        """The line that says what it holds, and what becomes of the first image's size."""
        held = sum(self.heldout)
        classes = f"{len(self.classes)} classes" if self.classes else "no classes"
        parts = (
            f"{len(self.names):,} images, {classes}, {len(self.names) - held:,} to train on, "
            f"{held:,} held out ({self.by})",
            *self.notes,
            *self._resized(side),
        )
        return f"{ascii(self.path.name)[1:-1]}: {'; '.join(parts)}"

    def _resized(self, side: int) -> Iterator[str]:
        try:
            width, height = size_of(self.source(0))
        except Exception:  # damage is told when it is decoded
            return
        if (width, height) != (side, side):
            yield f"the first is of {width} by {height} px, and is made {side} by {side}"


def size_of(image: bytes | NDArray[np.uint8]) -> tuple[int, int]:
    """Width and height, in pixels.

    Raises:
        Exception: of any kind, where an encoded image is damaged.
    """
    if not isinstance(image, bytes):
        return image.shape[1], image.shape[0]
    from PIL import Image

    with warnings.catch_warnings():
        quiet()
        with Image.open(io.BytesIO(image)) as opened:
            return opened.size


def is_archive(path: str) -> bool:
    """Whether images are in a file of that name, rather than in a folder."""
    return path.lower().endswith(SUFFIXES) and not Path(path).is_dir()


def open_archive(path: str, channels: str) -> Archive:
    """Look into a file, without decoding an image.

    Args:
        path: of it.
        channels: where those of an array stand: `first`, `last`, or `found`: where it makes sense.

    Raises:
        MissingData: there is no such file.
        UsageError: it is damaged, or holds no images.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise MissingData(f"there is no file {path}", "name a folder, a .zip, an .npz or an .npy")
    try:
        found = _zipped(file) if file.suffix.lower() == ".zip" else _array(file, channels)
    except _DAMAGED as error:
        raise UsageError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    if all(found.heldout):
        raise UsageError(f"{path} has too few images for two splits: {len(found.names)}")
    return found


_DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, KeyError, RuntimeError)
"""What opening a file that is damaged, or encrypted, ends in."""


def _zipped(file: Path) -> Archive:
    archive = zipfile.ZipFile(file)
    entries = {one.filename: one for one in archive.infolist() if _is_image(one.filename)}
    if large := [name for name, one in entries.items() if one.file_size > LARGEST]:
        raise ValueError(f"{large[0]} has more than {LARGEST:,} bytes")
    listing, names = list_names(file, list(entries))
    if (known := _known_labels(archive)) is not None:
        labels = labels_of(known, names)
    else:
        labels = Labels(tuple(listing.labels), listing.classes)
    if listing.heldout is None:
        heldout, by = [_is_held_out(entries[name].CRC) for name in names], "by content"
    else:
        by, first = listing.heldout.root.name, len(listing.train.files)
        heldout = [place >= first for place in range(len(names))]
    notes = (
        *copies([f"{entries[name].CRC}:{entries[name].file_size}" for name in names], heldout),
        *((labels.note,) if labels.note else ()),
        *left_out(listing.left_out),
    )
    return Archive(
        path=file,
        names=names,
        heldout=heldout,
        labels=labels.places,
        classes=labels.classes,
        source=lambda place: archive.read(entries[names[place]]),
        notes=notes,
        by=by,
    )


def _known_labels(archive: zipfile.ZipFile) -> dict[str, object] | None:
    """The labels of the highest label files, of which each split may have one, by the names that
    images have in the archive; None where there is none."""
    files = [
        name
        for name in archive.namelist()
        if PurePosixPath(name).name == LABEL_FILE and not _is_hidden(name)
    ]
    highest = min((name.count("/") for name in files), default=0)
    found: dict[str, object] | None = None
    for where in (name for name in files if name.count("/") == highest):
        base, own = where.removesuffix(LABEL_FILE), read_label_file(archive.read(where))
        if own is not None:
            found = (found or {}) | {base + name: label for name, label in own.items()}
    return found


def _is_image(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in IMAGES and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)


def _is_held_out(checksum: int) -> bool:
    return checksum % HELD_OUT_EVERY == 0


def _array(file: Path, channels: str) -> Archive:
    import numpy as np

    found = np.load(file, allow_pickle=False, mmap_mode="r")
    arrays = {"arr_0": found} if file.suffix.lower() == ".npy" else found  # read one by one
    name = next((one for one in ARRAYS if one in arrays), "")
    if not name:
        raise ValueError(f"none of its arrays is called {', '.join(ARRAYS)}")
    images, note = arranged(arrays[name], channels)
    values = next((arrays[one] for one in LABELS if one in arrays and one != name), None)
    labels, classes = numbered([] if values is None else _whole(np.ravel(values)).tolist())
    if labels and len(labels) != len(images):
        raise ValueError(f"it has {len(labels)} labels for {len(images)} images")
    return Archive(
        path=file,
        names=[str(place) for place in range(len(images))],
        heldout=[_is_held_out(zlib.crc32(one.tobytes())) for one in images],
        labels=labels,
        classes=classes if len(classes) > 1 else (),
        source=lambda place: images[place],
        notes=(note,),
    )


def _whole(labels: NDArray[Any]) -> NDArray[Any]:
    """Labels as they are; those that are stored as floats as whole numbers.

    Raises:
        ValueError: they are none.
    """
    import numpy as np

    if labels.dtype.kind != "f":
        return labels
    if not (np.isfinite(labels) & (labels == np.rint(labels))).all():
        raise ValueError("its labels are no whole numbers")
    return labels.astype(np.int64)


def arranged(images: NDArray[Any], channels: str) -> tuple[NDArray[np.uint8], str]:
    """(N, H, W, C) of an array, and where its channels stood.

    Args:
        images: of bytes.
        channels: as in `open_archive`.

    Raises:
        ValueError: it holds no images, or may hold them in either order.
    """
    if images.dtype.name != "uint8" or images.ndim not in (3, 4):
        raise ValueError(
            f"it holds {images.dtype} of shape {images.shape}, no bytes of (N, H, W), (N, H, W, C) "
            "or (N, C, H, W)"
        )
    if images.ndim == 3:
        return images[..., None], "one grey channel"
    orders = {"first": images.shape[1], "last": images.shape[3]}
    possible = [order for order, count in orders.items() if 1 <= count <= 4]
    if channels == "found" and len(possible) != 1:
        raise ValueError(f"shape {images.shape} has channels first or last: say [channels=first]")
    order = possible[0] if channels == "found" else channels
    if order not in possible:
        raise ValueError(f"shape {images.shape} has no 1 to 4 channels {order}")
    moved = images.transpose(0, 2, 3, 1) if order == "first" else images
    return moved, f"channels stand {order} in it"
