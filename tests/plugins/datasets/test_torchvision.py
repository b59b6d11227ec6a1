from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ganbench import Data, MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets import torchvision as plugin
from ganbench_plugins.datasets.torchvision import DEBIAN_FASHION, SOURCES, load

MNIST, FASHION, CIFAR = SOURCES


def write_mnist(root: Path, labels: list[int]) -> np.ndarray[Any, Any]:
    """MNIST as torchvision keeps it, with few images; both splits alike."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    n = len(labels)
    images = (np.arange(n * 784) % 251).astype(np.uint8)
    for stem in ("train", "t10k"):
        header = b"".join(v.to_bytes(4, "big") for v in (0x0803, n, 28, 28))
        (raw / f"{stem}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        header = b"".join(v.to_bytes(4, "big") for v in (0x0801, n))
        (raw / f"{stem}-labels-idx1-ubyte").write_bytes(header + bytes(labels))
    return images.reshape(n, 1, 28, 28)


def test_reads_what_torchvision_keeps(tmp_path: Path) -> None:
    images = write_mnist(tmp_path, [3, 1, 4])
    data = load(MNIST, str(tmp_path), download=False)
    np.testing.assert_array_equal(data.train.numpy(), images)
    assert data.train.dtype == torch.uint8
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [3, 1, 4]
    assert data.train_labels.dtype == torch.int64


def test_damaged_files_are_named(tmp_path: Path) -> None:
    write_mnist(tmp_path, [3, 1, 4])
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(UsageError, match="damaged"):
        load(MNIST, str(tmp_path), download=False)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.info.name)
def test_missing_data_says_how_to_get_it(source: plugin.Source, tmp_path: Path) -> None:
    with pytest.raises(MissingData) as error:
        load(replace(source, debian=None), str(tmp_path), download=False)
    name, cls = source.info.name, source.cls
    assert f"{name} is not in {tmp_path}" in error.value.message
    assert f"{name}[download=true]" in str(error.value.hint)
    assert f"from torchvision.datasets import {cls}" in str(error.value.hint)


def test_failed_download_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: plugin.Source, where: Path, *, download: bool) -> Data:
        raise RuntimeError("no route\nto host" if download else "not found")

    monkeypatch.setattr(plugin, "_from_torchvision", refuse)
    with pytest.raises(MissingData, match="download failed: no route to host"):
        load(MNIST, str(tmp_path / "new"), download=True)


def test_debian_hint_only_for_fashion(tmp_path: Path) -> None:
    absent = replace(FASHION, debian=(tmp_path / "absent", "dataset-fashion-mnist"))
    with pytest.raises(MissingData, match="apt-get install dataset-fashion-mnist"):
        load(absent, str(tmp_path), download=False)


def test_colour_images_have_channels_first() -> None:
    pixels = np.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).astype(np.uint8)
    images, labels = plugin._split(SimpleNamespace(data=pixels, targets=[7, 2]))
    assert images.shape == (2, *CIFAR.info.shape)
    assert images.is_contiguous()
    np.testing.assert_array_equal(images[1, 2].numpy(), pixels[1, :, :, 2])
    assert labels.tolist() == [7, 2]


@pytest.mark.skipif(
    not DEBIAN_FASHION.is_dir(), reason="needs: apt-get install dataset-fashion-mnist"
)
def test_fashion_mnist_of_debian(tmp_path: Path) -> None:
    data = load(FASHION, str(tmp_path), download=False)
    assert (data.train.shape, data.heldout.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert data.train_labels is not None
    assert data.heldout_labels is not None
    assert torch.bincount(data.train_labels).tolist() == [6_000] * 10
    assert torch.bincount(data.heldout_labels).tolist() == [1_000] * 10
    assert (int(data.train.min()), int(data.train.max())) == (0, 255)
    assert float(data.train.double().mean()) == pytest.approx(0.2860 * 255, abs=0.02)
