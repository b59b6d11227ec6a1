"""A folder of the user's own images.

Every regular file below the folder that looks like an image is taken, hidden ones aside. If each of
them lies in a subfolder, and there are at least two, the first-level subfolders are the classes.
Images are turned upright (EXIF), cropped to their central square and resized (Lanczos); transparent
parts become white.

Held out is every image whose content hash is 0 modulo 5, about a fifth: neither a renamed file, nor
an added one, nor a copy of an image can move a sample from one split to the other.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench import (
    Data,
    DataInfo,
    DatasetSpec,
    MissingData,
    Parameter,
    UsageError,
    cache,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})
DEFAULT_SIDE = 32
HELD_OUT_EVERY = 5


@dataclass(frozen=True, slots=True)
class Listing:
    """The images below a folder: paths relative to it, sorted, and the classes that they form."""

    root: Path
    files: tuple[Path, ...]
    classes: tuple[str, ...]

    def label(self, file: Path) -> int:
        """Index of the class of one of `files`."""
        return self.classes.index(file.parts[0])


def describe(path: str = "", side: int = DEFAULT_SIDE, grey: bool = False) -> DataInfo:
    """Shape and classes, from the files' names alone.

    Raises:
        MissingData, UsageError: as `list_images`.
    """
    return _info(list_images(path), path, side, grey)


def _info(listing: Listing, path: str, side: int, grey: bool) -> DataInfo:
    changed = ["grey=true"] if grey else []
    changed += [f"side={side}"] if side != DEFAULT_SIDE else []
    return DataInfo(
        name=f"images:{path}" + (f"[{','.join(changed)}]" if changed else ""),
        modality="image",
        shape=(1 if grey else 3, side, side),
        classes=len(listing.classes) or None,
    )


def list_images(path: str) -> Listing:
    """Find the images below `path`.

    Raises:
        MissingData: no such folder, or no image in it.
        UsageError: no path was given, or a folder cannot be read.
    """
    if not path:
        raise UsageError("images needs a folder", "write it as images:PATH")
    root = Path(path).expanduser()
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}")
    files = tuple(sorted(_walk(root), key=os.fsencode))
    if not files:
        known = " ".join(sorted(SUFFIXES))
        raise MissingData(f"{root} holds no images", f"known file types: {known}")
    folders = {file.parts[0] for file in files if len(file.parts) > 1}
    loose = any(len(file.parts) == 1 for file in files)
    classes = () if loose or len(folders) < 2 else tuple(sorted(folders, key=os.fsencode))
    return Listing(root, files, classes)


def _walk(root: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise UsageError(f"cannot read the folder {error.filename}: {error.strerror}")

    found = []
    for directory, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(directory, name)
            if not name.startswith(".") and file.suffix.lower() in SUFFIXES and file.is_file():
                found.append(file.relative_to(root))
    return found


def fingerprint(path: str, side: int, grey: bool) -> str:
    """A hash of the files' names, sizes and times of change: another folder is other data.

    Raises:
        MissingData, UsageError: as `list_images`.
    """
    listing = list_images(path)
    digest = hashlib.sha256()
    for file in listing.files:
        try:
            status = (listing.root / file).stat()
        except OSError as error:
            raise _unreadable(listing.root / file, error) from None
        # fsencode, since a name need not be valid UTF-8
        digest.update(os.fsencode(file) + f"\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]


def load(path: str, side: int, grey: bool) -> Data:
    """The decoded images, from the cache if nothing has changed.

    Raises:
        MissingData, UsageError: as `list_images`, or an image cannot be read; the path is named.
    """
    import torch

    listing = list_images(path)
    hashes = [hashlib.sha256(_content(listing.root / file)).digest() for file in listing.files]
    images = _cached(listing, hashes, side, grey)
    heldout = torch.tensor([int.from_bytes(digest) % HELD_OUT_EVERY == 0 for digest in hashes])
    labels = torch.tensor([listing.label(file) for file in listing.files if listing.classes])
    return Data(
        info=_info(listing, path, side, grey),
        train=images[~heldout],
        heldout=images[heldout],
        train_labels=labels[~heldout] if listing.classes else None,
        heldout_labels=labels[heldout] if listing.classes else None,
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot read {file}: {error.strerror}")


def _cached(listing: Listing, hashes: list[bytes], side: int, grey: bool) -> Tensor:
    """(N, C, side, side) uint8 in the order of the listing."""
    import PIL
    import torch

    from ganbench_plugins.datasets.decode import decode

    def compute() -> tuple[Tensor]:
        decoded = [decode(listing.root / file, side, grey=grey) for file in listing.files]
        return (torch.stack(decoded),)

    # Pillow's release is in the key, since its codecs and filters decide the pixels.
    made = {"side": side, "grey": grey, "pillow": PIL.__version__}
    contents = hashlib.sha256(b"".join(hashes)).hexdigest()
    key = {"what": "images", **made, "contents": contents}
    (images,) = cache.tensors("datasets", key, compute, what="decoded images")
    return images


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The user's own images."""
    return [
        DatasetSpec(
            name="images",
            description="your own folder of images, as images:PATH; about a fifth is held out",
            modalities=("image",),
            parameters={
                "path": Parameter(default="", help="the folder; subfolders are classes"),
                "side": Parameter(
                    default=DEFAULT_SIDE, help="height and width in pixels", minimum=8, maximum=64
                ),
                "grey": Parameter(default=False, help="one grey channel instead of colour"),
            },
            describe=describe,
            load=load,
            fingerprint=fingerprint,
            argument="path",
        )
    ]
