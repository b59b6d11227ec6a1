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
    Survey,
    UsageError,
    cache,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"})
DEFAULT_SIDE = 32
HELD_OUT_EVERY = 5


@dataclass(frozen=True, slots=True)
class Listing:
    """The images below a folder: paths relative to it, sorted, and the classes that they form."""

    root: Path
    files: tuple[str, ...]
    classes: tuple[str, ...]

    def label(self, file: str) -> int:
        """Index of the class of one of `files`."""
        return self.classes.index(file.partition(os.sep)[0])

    def hashes(self, remark: Callable[[str], object]) -> list[str]:
        """Hexadecimal SHA-256 of the content of each of `files`.

        Raises:
            UsageError: a file cannot be read.
        """
        try:
            return cache.file_hashes(self.root, self.files, remark)
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None


def describe(path: str = "", side: int = DEFAULT_SIDE, grey: bool = False) -> Survey:
    """Shape, classes, counts and content: the files are hashed, and none is decoded.

    Raises:
        MissingData, UsageError: as `list_images`, or a file cannot be read.
    """
    listing = list_images(path)
    notes: list[str] = []
    hashes = listing.hashes(notes.append)
    heldout = sum(map(_is_held_out, hashes))
    return Survey(
        info=_info(listing, path, side, grey),
        fingerprint=_fingerprint(listing, hashes),
        train=len(hashes) - heldout,
        heldout=heldout,
        notes=tuple(notes),
    )


def _info(listing: Listing, path: str, side: int, grey: bool) -> DataInfo:
    changed = ["grey=true"] if grey else []
    changed += [f"side={side}"] if side != DEFAULT_SIDE else []
    return DataInfo(
        name=f"images:{path}" + (f"[{','.join(changed)}]" if changed else ""),
        modality="image",
        shape=(1 if grey else 3, side, side),
        classes=len(listing.classes) or None,
    )


def _fingerprint(listing: Listing, hashes: list[str]) -> str:
    """A hash of names and contents: names tell the class and the order of the samples."""
    digest = hashlib.sha256()
    for file, content in zip(listing.files, hashes, strict=True):
        # fsencode, since a name need not be valid UTF-8; any system's separator is the same
        digest.update(os.fsencode(file).replace(os.sep.encode(), b"/") + b"\0" + content.encode())
    return digest.hexdigest()[:16]


def _is_held_out(content: str) -> bool:
    return int(content, 16) % HELD_OUT_EVERY == 0


def list_images(path: str) -> Listing:
    """Find the images below `path`.

    Raises:
        MissingData: no such folder, or no image in it.
        UsageError: no path was given, it is a file, or a folder cannot be read.
    """
    if not path:
        raise UsageError("images needs a folder", "write it as images:PATH")
    root = Path(path).expanduser().absolute()
    if root.is_file():
        raise UsageError(
            f"{root} is a file, and images needs a folder", f"write it as images:{root.parent}"
        )
    if not root.is_dir():
        raise MissingData(f"there is no folder {root}")
    files = tuple(sorted(_walk(os.fspath(root), ""), key=os.fsencode))
    if not files:
        known = " ".join(sorted(SUFFIXES))
        raise MissingData(f"{root} holds no images", f"known file types: {known}")
    folders = {file.partition(os.sep)[0] for file in files if os.sep in file}
    loose = any(os.sep not in file for file in files)
    classes = () if loose or len(folders) < 2 else tuple(sorted(folders, key=os.fsencode))
    return Listing(root, files, classes)


def _walk(folder: str, prefix: str) -> Iterator[str]:
    """Names of images below a folder, each behind the prefix, in any order.

    As text, and without asking the system about each file: folders have 50,000 files and more.
    """
    try:
        with os.scandir(folder) as found:
            entries = [one for one in found if not one.name.startswith(".")]
    except OSError as error:
        raise UsageError(f"cannot read the folder {error.filename}: {error.strerror}") from None
    for one in entries:
        if one.is_dir(follow_symlinks=False):
            yield from _walk(one.path, f"{prefix}{one.name}{os.sep}")
        elif os.path.splitext(one.name)[1].lower() in SUFFIXES and one.is_file():  # noqa: PTH122
            yield prefix + one.name


def load(path: str, side: int, grey: bool) -> Data:
    """The decoded images, from the cache if nothing has changed.

    Raises:
        MissingData, UsageError: as `list_images`, or an image cannot be read; the path is named.
    """
    import torch

    listing = list_images(path)
    hashes = listing.hashes(print)
    images = _cached(listing, hashes, side, grey)
    heldout = torch.tensor(list(map(_is_held_out, hashes)))
    labels = torch.tensor([listing.label(file) for file in listing.files if listing.classes])
    return Data(
        info=_info(listing, path, side, grey),
        train=images[~heldout],
        heldout=images[heldout],
        train_labels=labels[~heldout] if listing.classes else None,
        heldout_labels=labels[heldout] if listing.classes else None,
    )


def _cached(listing: Listing, hashes: list[str], side: int, grey: bool) -> Tensor:
    """(N, C, side, side) uint8 in the order of the listing."""
    import PIL
    import torch

    from ganbench_plugins.datasets.decode import decode

    def compute() -> tuple[Tensor]:
        decoded = [decode(listing.root / file, side, grey=grey) for file in listing.files]
        return (torch.stack(decoded),)

    # Pillow's release is in the key, since its codecs and filters decide the pixels.
    made = {"side": side, "grey": grey, "pillow": PIL.__version__}
    contents = hashlib.sha256("".join(hashes).encode()).hexdigest()
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
                "path": Parameter(default="", path=True, help="the folder; subfolders are classes"),
                "side": Parameter(
                    default=DEFAULT_SIDE, help="height and width in pixels", minimum=8, maximum=512
                ),
                "grey": Parameter(default=False, help="one grey channel instead of colour"),
            },
            describe=describe,
            load=load,
            argument="path",
        )
    ]
