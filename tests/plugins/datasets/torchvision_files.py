"""torchvision's data sets in tiny, laid out as torchvision lays them."""

from __future__ import annotations

import gzip
import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from PIL import Image

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def pixels(count: int, *shape: int, seed: int = 0) -> Pixels:
    return np.random.RandomState(seed).randint(0, 256, (count, *shape)).astype(np.uint8)


def idx(values: Pixels) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + b"".join(v.to_bytes(4, "big") for v in values.shape)
    return head + values.tobytes()


def write_idx(folder: Path, prefix: str, images: Pixels, labels: list[int]) -> None:
    """Two unpacked files of MNIST's kind."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images))
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(np.array(labels, dtype=np.uint8)))


def mirror_idx(folder: Path, images: Pixels, labels: list[int]) -> list[tuple[str, str]]:
    """The four packed files of MNIST's kind as on a server, both splits alike: (name, md5)."""
    folder.mkdir(parents=True)
    found = []
    for stem in ("train", "t10k"):
        for part, values in (("images-idx3", images), ("labels-idx1", np.array(labels, np.uint8))):
            content = gzip.compress(idx(values))
            name = f"{stem}-{part}-ubyte.gz"
            (folder / name).write_bytes(content)
            found.append((name, hashlib.md5(content).hexdigest()))  # noqa: S324
    return found


def write_cifar100(root: Path, images: Pixels, labels: list[int]) -> None:
    """Three pickles, images flattened channel by channel; both splits alike."""
    folder = root / "cifar-100-python"
    folder.mkdir(parents=True)
    for name in ("train", "test"):
        content = {"data": images.reshape(len(images), -1), "fine_labels": labels}
        (folder / name).write_bytes(pickle.dumps(content))
    names = {"fine_label_names": [f"class {one}" for one in range(100)]}
    (folder / "meta").write_bytes(pickle.dumps(names))


def write_svhn(root: Path, images: Pixels, labels: list[int]) -> None:
    """Matlab files of (H, W, C, N), the digit 0 as class 10; both splits alike."""
    folder = root / "SVHN"
    folder.mkdir(parents=True)
    stored = np.array([[one or 10] for one in labels], dtype=np.uint8)
    for name in ("train", "test"):
        content = {"X": images.transpose(2, 3, 1, 0), "y": stored}
        scipy.io.savemat(str(folder / f"{name}_32x32.mat"), content)


def write_stl10(root: Path, images: Pixels, labels: list[int]) -> None:
    """Flat binary files of (N, C, W, H), classes from 1; all parts alike."""
    folder = root / "stl10_binary"
    folder.mkdir(parents=True)
    for name in ("train", "test", "unlabeled"):
        (folder / f"{name}_X.bin").write_bytes(images.transpose(0, 1, 3, 2).tobytes())
    for name in ("train", "test"):
        content = np.array(labels, dtype=np.uint8) + 1
        (folder / f"{name}_y.bin").write_bytes(content.astype(np.uint8).tobytes())


def write_celeba(root: Path, faces: Pixels, splits: list[int]) -> None:
    """Images and five tables; a split is 0 (train), 1 (valid) or 2 (test) for each face.

    Files end in .jpg as theirs do and hold PNG, so that pixels are what was written.
    """
    folder = root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{number:06d}.jpg" for number in range(1, len(faces) + 1)]
    for name, face in zip(names, faces, strict=True):
        Image.fromarray(face).save(folder / "img_align_celeba" / name, format="PNG")

    def table(file: str, head: str, values: list[str]) -> None:
        lines = [f"{name} {value}" for name, value in zip(names, values, strict=True)]
        (folder / file).write_text(head + "\n".join(lines) + "\n")

    count = len(names)
    table("list_eval_partition.txt", "", [str(one) for one in splits])
    table("identity_CelebA.txt", "", ["1"] * count)
    table("list_bbox_celeba.txt", f"{count}\nimage_id x y w h\n", ["1 2 3 4"] * count)
    table("list_landmarks_align_celeba.txt", f"{count}\na b\n", ["1 2"] * count)
    table("list_attr_celeba.txt", f"{count}\nSmiling\n", ["1"] * count)
