"""Images in one file: a zip of images with StyleGAN's `dataset.json`, or an array of NumPy's.

A zip is what StyleGAN's tools write: not compressed, images by name, and in `dataset.json`
``{"labels": [[name, class], ...]}``. An array is ``(N, H, W)``, ``(N, H, W, C)`` or
``(N, C, H, W)`` of bytes: the `.npy` itself, or `x` (or `images`, `data`, `arr_0`) of an `.npz`,
with classes in `y` (or `labels`, `arr_1`).

As in folders an image is held out if a hash of its content is 0 modulo 5; here that is its CRC-32,
which a zip's directory has. Never imports torch.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench import MissingData, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".zip", ".npz", ".npy")
IMAGES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".pgm", ".ppm", ".tif", ".tiff"})
ARRAYS, LABELS = ("x", "images", "data", "arr_0"), ("y", "labels", "arr_1")
LABEL_FILE = "dataset.json"
HELD_OUT_EVERY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """What is in such a file, in its order.

    Args:
        path: of the file.
        names: of the images, for people.
        checksums: CRC-32 of each image's content.
        labels: class of each; empty where there are none.
        classes: their names.
        source: the bytes of an encoded image, or the (H, W, C) pixels of one, by its place.
        notes: what to tell of it.
    """

    path: Path
    names: Sequence[str]
    checksums: Sequence[int]
    labels: Sequence[int]
    classes: tuple[str, ...]
    source: Callable[[int], bytes | NDArray[np.uint8]]
    notes: tuple[str, ...] = ()

    @property
    def heldout(self) -> list[bool]:
        """Which images are held out."""
        return [checksum % HELD_OUT_EVERY == 0 for checksum in self.checksums]

    @property
    def told(self) -> str:
        """The line that says what it holds."""
        held = sum(self.heldout)
        classes = f"{len(self.classes)} classes" if self.classes else "no classes"
        parts = (
            f"{len(self.names):,} images, {classes}, {len(self.names) - held:,} to train on, "
            f"{held:,} held out (by content)",
            *self.notes,
        )
        return f"{ascii(self.path.name)[1:-1]}: {'; '.join(parts)}"


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
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError) as error:
        raise UsageError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    if not any(found.heldout) or all(found.heldout):
        raise UsageError(f"{path} has too few images for two splits: {len(found.names)}")
    return found


def _zipped(file: Path) -> Archive:
    archive = zipfile.ZipFile(file)
    entries = [
        one
        for one in sorted(archive.infolist(), key=lambda one: one.filename)
        if Path(one.filename).suffix.lower() in IMAGES and not one.filename.startswith("__MACOSX")
    ]
    if packed := [one.filename for one in entries if one.compress_type != zipfile.ZIP_STORED]:
        raise ValueError(f"{packed[0]} is compressed in it; write the zip again with zip -0")
    names = [one.filename for one in entries]
    labels, classes, note = _labels_of(archive, names)
    return Archive(
        path=file,
        names=names,
        checksums=[one.CRC for one in entries],
        labels=labels,
        classes=classes,
        source=lambda place: archive.read(entries[place]),
        notes=note,
    )


def _labels_of(
    archive: zipfile.ZipFile, names: Sequence[str]
) -> tuple[list[int], tuple[str, ...], tuple[str, ...]]:
    """Classes by `dataset.json`: of all images, or there are none."""
    where = next((one for one in archive.namelist() if Path(one).name == LABEL_FILE), None)
    if where is None:
        return [], (), ()
    listed: Any = json.loads(archive.read(where))
    pairs = listed.get("labels") if isinstance(listed, dict) else None
    if not pairs:
        return [], (), ()
    base = where.removesuffix(LABEL_FILE)
    known: Mapping[str, object] = {base + str(name): label for name, label in pairs}
    found = [known.get(name) for name in names]
    if not all(isinstance(label, int) for label in found):
        return [], (), (f"the labels of {LABEL_FILE} are no classes of all images: left out",)
    return *_numbered([int(str(label)) for label in found]), ()


def _numbered(values: Sequence[int]) -> tuple[list[int], tuple[str, ...]]:
    """Labels from 0 on, whatever they are in the file, and their names there."""
    classes = sorted(set(values))
    places = {value: place for place, value in enumerate(classes)}
    return [places[value] for value in values], tuple(map(str, classes))


def _array(file: Path, channels: str) -> Archive:
    import numpy as np

    found = np.load(file, allow_pickle=False, mmap_mode="r")
    arrays = {"arr_0": found} if file.suffix.lower() == ".npy" else dict(found)
    name = next((one for one in ARRAYS if one in arrays), "")
    if not name:
        raise ValueError(f"none of its arrays is called {', '.join(ARRAYS)}")
    images, note = arranged(arrays[name], channels)
    values = next((arrays[one] for one in LABELS if one in arrays and one != name), None)
    labels, classes = _numbered([] if values is None else np.ravel(values).tolist())
    if labels and len(labels) != len(images):
        raise ValueError(f"it has {len(labels)} labels for {len(images)} images")
    return Archive(
        path=file,
        names=[str(place) for place in range(len(images))],
        checksums=[zlib.crc32(one.tobytes()) for one in images],
        labels=labels,
        classes=classes if len(classes) > 1 else (),
        source=lambda place: images[place],
        notes=(note,),
    )


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
