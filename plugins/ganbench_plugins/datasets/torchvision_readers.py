"""How each of torchvision's classes is read: both splits as bytes, channels first.

Every reader is called as ``reader(cls, root, download, **own)`` and raises what the class raises:
RuntimeError where files are not there, ValueError and its kin where they are damaged.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from ganbench import cache

if TYPE_CHECKING:
    from collections.abc import Sequence

Split = tuple[Tensor, Tensor | None]
"""(N, C, H, W) uint8 images, and (N,) int64 classes where there are some."""

CHUNK = 1_000
"""Images that are resized at a time: as floats they take four times the memory."""


def in_memory(cls: Any, root: Path, download: bool) -> tuple[Split, Split]:
    """MNIST and its successors, CIFAR: arrays `data`, (N, H, W) or (N, H, W, C), and `targets`."""
    train = cls(str(root), train=True, download=download)
    heldout = cls(str(root), train=False, download=download)
    return _arrays(train), _arrays(heldout)


def emnist(cls: Any, root: Path, download: bool, part: str) -> tuple[Split, Split]:
    """EMNIST stores images on their side, and counts letters from 1."""

    def upright(train: bool) -> Split:
        images, labels = _arrays(cls(str(root), split=part, train=train, download=download))
        assert labels is not None
        first = 1 if part == "letters" else 0
        return images.transpose(-1, -2).contiguous(), labels - first

    return upright(True), upright(False)


def svhn(cls: Any, root: Path, download: bool) -> tuple[Split, Split]:
    """SVHN has channels first, and no folder of its own."""

    def split(name: str) -> Split:
        found = cls(str(root / "SVHN"), split=name, download=download)
        labels = torch.as_tensor(found.labels, dtype=torch.int64)
        return torch.from_numpy(np.ascontiguousarray(found.data)), labels

    return split("train"), split("test")


def stl10(cls: Any, root: Path, download: bool, side: int, labelled: bool) -> tuple[Split, Split]:
    """STL-10: the unlabelled photographs, or the few labelled ones, against the test split."""

    def split(name: str) -> Split:
        found = cls(str(root), split=name, download=download)
        images = _resized(torch.from_numpy(np.ascontiguousarray(found.data)), side)
        return images, torch.as_tensor(found.labels, dtype=torch.int64) if labelled else None

    return split("train" if labelled else "unlabeled"), split("test")


def celeba(cls: Any, root: Path, download: bool, side: int, crop: int) -> tuple[Split, Split]:
    """CelebA: central squares of JPEG files, decoded once."""
    folder = root / cls.base_folder / "img_align_celeba"

    def split(name: str) -> Split:
        files = list(cls(str(root), split=name, download=download).filename)
        return _faces(folder, files, side, crop), None

    return split("train"), split("test")


def _arrays(found: Any) -> Split:
    images = torch.as_tensor(found.data)
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    return images, torch.as_tensor(found.targets, dtype=torch.int64)


def _resized(images: Tensor, side: int) -> Tensor:
    """The same images, bilinear with antialiasing, rounded."""
    if images.shape[-1] == side:
        return images
    return torch.cat([_bilinear(chunk, side) for chunk in torch.split(images, CHUNK)])


def _bilinear(images: Tensor, side: int) -> Tensor:
    from torch.nn.functional import interpolate

    small = interpolate(images.float(), size=(side, side), mode="bilinear", antialias=True)
    return small.round().clamp(0, 255).to(torch.uint8)


def _faces(folder: Path, files: Sequence[str], side: int, crop: int) -> Tensor:
    """(N, 3, side, side) of the central squares of those files."""
    from PIL import Image
    from PIL import __version__ as pillow

    def square(file: str) -> Tensor:
        with Image.open(folder / file) as image:
            left, top = (image.width - crop) // 2, (image.height - crop) // 2
            # Cropped first: resizing a box of an image looks at what is around the box as well.
            inner = image.convert("RGB").crop((left, top, left + crop, top + crop))
        small = inner.resize((side, side), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(small)).permute(2, 0, 1)

    contents = hashlib.sha256("".join(cache.file_hashes(folder, files)).encode()).hexdigest()
    key = {"what": "celeba", "side": side, "crop": crop, "pillow": pillow, "contents": contents}
    (faces,) = cache.tensors(
        "datasets", key, lambda: (torch.stack([square(one) for one in files]),), what="faces"
    )
    return faces
