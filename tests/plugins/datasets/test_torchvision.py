from __future__ import annotations

import contextlib
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from ganbench import Data, MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets import torchvision as plugin
from ganbench_plugins.datasets.torchvision import check, ganbench_datasets, load
from ganbench_plugins.datasets.torchvision_readers import _arrays
from ganbench_plugins.datasets.torchvision_sources import (
    DEBIAN_FASHION,
    EMNIST_CLASSES,
    SHA256,
    SOURCES,
    Source,
)

from . import torchvision_files as files

BY_NAME = {source.name: source for source in SOURCES}
MNIST, FASHION, CIFAR = (BY_NAME[name] for name in ("mnist", "fashion-mnist", "cifar10"))


def read(name: str, root: Path, download: bool = False, **own: Any) -> Data:
    """A data set with the defaults of its own parameters."""
    source = BY_NAME[name]
    defaults = {key: one.default for key, one in source.parameters.items()}
    return load(source, str(root), download, **{**defaults, **own})


@pytest.fixture
def no_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision takes files whatever their MD5: those of a test are not the published ones."""
    for module in ("cifar", "svhn", "stl10", "celeba"):
        monkeypatch.setattr(
            f"torchvision.datasets.{module}.check_integrity",
            lambda path, md5=None: Path(path).is_file(),
        )


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


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_missing_data_says_how_to_get_it(source: Source, tmp_path: Path) -> None:
    defaults = {key: one.default for key, one in source.parameters.items()}
    with pytest.raises(MissingData) as error:
        load(replace(source, debian=None), str(tmp_path), download=False, **defaults)
    assert f"{source.name} is not in {tmp_path}" in error.value.message
    hint = str(error.value.hint)
    assert f"{source.name}[root={tmp_path},download=true]" in hint
    fetched, folder = source.fetch
    assert f"put into {tmp_path / folder}" in hint
    assert all(str(one) in hint and f"sha256 {SHA256[one.md5]}" in str(one) for one in fetched)


def test_what_to_type_has_what_was_typed(tmp_path: Path) -> None:
    """Of another side it would be other data."""
    (celeba,) = [one for one in SOURCES if one.name == "celeba"]
    with pytest.raises(MissingData) as error:
        load(celeba, str(tmp_path), download=False, side=128, crop=148)
    assert f"celeba[side=128,root={tmp_path},download=true]" in str(error.value.hint)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_sums_are_those_that_torchvision_checks(source: Source) -> None:
    import inspect

    import torchvision.datasets

    cls = getattr(torchvision.datasets, source.cls)
    kept = [value for key, value in vars(cls).items() if not callable(value)]
    kept += [value for key, value in vars(inspect.getmro(cls)[1]).items() if not callable(value)]
    assert all(one.md5 in repr(kept) and len(one.md5) == 32 for one in source.fetch[0])


class FileURLRetrievalError(Exception):
    """What gdown raises where too many have fetched a file: of no class of Python's own."""


@pytest.mark.parametrize("kind", [RuntimeError, FileURLRetrievalError])
def test_failed_download_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def refuse(source: Source, where: Path, *, download: bool, **own: Any) -> Data:
        raise kind("no route\nto host") if download else RuntimeError("not found")

    monkeypatch.setattr(plugin, "_from_torchvision", refuse)
    with pytest.raises(MissingData, match="download failed: no route to host") as error:
        load(MNIST, str(tmp_path / "new"), download=True)
    assert "--download" not in str(error.value.hint)  # what has just failed


def test_files_that_are_there_and_broken_are_not_called_absent(tmp_path: Path) -> None:
    """torchvision has the same words for both."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "data_batch_1").write_bytes(b"broken")
    with pytest.raises(MissingData, match="is incomplete or damaged: Dataset not found or corrup"):
        read("cifar10", tmp_path)


def test_debian_hint_only_for_fashion(tmp_path: Path) -> None:
    absent = replace(FASHION, debian=(tmp_path / "absent", "dataset-fashion-mnist"))
    with pytest.raises(MissingData, match="apt-get install dataset-fashion-mnist"):
        load(absent, str(tmp_path), download=False)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of those files."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


def test_the_whole_way_of_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision fetches, checks and unpacks; only the server is this machine."""
    import torchvision.datasets

    images = files.pixels(6, 28, 28)
    sums = files.mirror_idx(tmp_path / "server", images, [0, 1, 2, 3, 4, 5])
    cls = torchvision.datasets.KMNIST
    monkeypatch.setattr(cls, "resources", sums)
    with served(tmp_path / "server") as address:
        monkeypatch.setattr(cls, "mirrors", [address])
        data = read("kmnist", tmp_path / "mine", download=True)
    np.testing.assert_array_equal(data.train[:, 0].numpy(), images)
    # what is there is not fetched again
    np.testing.assert_array_equal(read("kmnist", tmp_path / "mine").heldout.numpy(), data.heldout)


def test_a_damaged_download_says_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torchvision.datasets

    sums = files.mirror_idx(tmp_path / "server", files.pixels(6, 28, 28), [0] * 6)
    cls = torchvision.datasets.KMNIST
    monkeypatch.setattr(cls, "resources", [(name, "0" * 32) for name, _ in sums])
    with served(tmp_path / "server") as address:
        monkeypatch.setattr(cls, "mirrors", [address])
        with pytest.raises(MissingData, match="the download failed") as error:
            read("kmnist", tmp_path / "mine", download=True)
    assert "sha256 51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69c" in str(error.value.hint)


@pytest.mark.parametrize("part", EMNIST_CLASSES)
def test_emnist_is_upright_and_counts_from_0(part: str, tmp_path: Path) -> None:
    images, first = files.pixels(3, 28, 28), int(part == "letters")
    for split in ("train", "test"):
        prefix = f"emnist-{part}-{split}"
        files.write_idx(tmp_path / "EMNIST/raw", prefix, images, [first, first + 1, first + 2])
    data = read("emnist", tmp_path, part=part)
    np.testing.assert_array_equal(data.train[:, 0].numpy(), images.transpose(0, 2, 1))
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [0, 1, 2]
    assert data.info.classes == EMNIST_CLASSES[part]


@pytest.mark.usefixtures("no_sums")
def test_cifar100(tmp_path: Path) -> None:
    images = files.pixels(4, 3, 32, 32)
    files.write_cifar100(tmp_path, images, [99, 0, 5, 7])
    data = read("cifar100", tmp_path)
    np.testing.assert_array_equal(data.heldout.numpy(), images)
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [99, 0, 5, 7]


@pytest.mark.usefixtures("no_sums")
def test_svhn(tmp_path: Path) -> None:
    images = files.pixels(4, 3, 32, 32)
    files.write_svhn(tmp_path, images, [0, 1, 2, 9])
    data = read("svhn", tmp_path)
    np.testing.assert_array_equal(data.train.numpy(), images)
    assert data.heldout_labels is not None
    assert data.heldout_labels.tolist() == [0, 1, 2, 9]


@pytest.mark.usefixtures("no_sums")
def test_stl10_resized_and_with_its_labels(tmp_path: Path) -> None:
    images = files.pixels(3, 3, 96, 96)
    images[0] = 200
    files.write_stl10(tmp_path, images, [1, 2, 3])
    whole, small = read("stl10", tmp_path), read("stl10", tmp_path, side=48, labelled=True)
    np.testing.assert_array_equal(whole.train.numpy(), images)
    assert whole.train_labels is None
    assert small.train.shape == (3, *small.info.shape) == (3, 3, 48, 48)
    assert bool((small.train[0] == 200).all())
    assert small.train_labels is not None
    assert small.train_labels.tolist() == [1, 2, 3]
    # antialiased: the mean is kept, and noise is averaged
    assert float(small.train[1].double().mean()) == pytest.approx(images[1].mean(), abs=1)
    assert float(small.train[1].double().std()) < 0.7 * images[1].std()


@pytest.mark.usefixtures("no_sums")
def test_celeba_is_a_central_square(tmp_path: Path) -> None:
    faces = np.zeros((5, 218, 178, 3), dtype=np.uint8)
    faces[:, 35:183, 15:163] = 90  # the central 148 pixels, and black around them
    faces[3:, 35:183, 15:163] = 30
    files.write_celeba(tmp_path, faces, [0, 1, 0, 2, 2])
    data = read("celeba", tmp_path, side=32)
    assert data.train.shape == (2, 3, 32, 32)
    assert bool((data.train == 90).all())
    assert bool((data.heldout == 30).all())
    assert len(data.heldout) == 2
    assert read("celeba", tmp_path, crop=178).train.min() == 0  # and a wider one shows the rim
    faces[0, 35:183, 15:163] = 50
    files.Image.fromarray(faces[0]).save(
        tmp_path / "celeba/img_align_celeba/000001.jpg", format="PNG"
    )
    assert bool((read("celeba", tmp_path, side=32).train[0] == 50).all())  # no cache of names


def test_a_plan_finds_what_a_run_will(tmp_path: Path) -> None:
    with pytest.raises(MissingData):
        check(BY_NAME["svhn"], str(tmp_path), False)
    (tmp_path / "SVHN").mkdir()
    (tmp_path / "SVHN/train_32x32.mat").touch()
    check(BY_NAME["svhn"], str(tmp_path), False)
    raw = tmp_path / "EMNIST/raw"
    raw.mkdir(parents=True)
    (raw / "emnist-letters-train-images-idx3-ubyte").touch()
    check(BY_NAME["emnist"], str(tmp_path), False, part="letters")
    with pytest.raises(MissingData):
        check(BY_NAME["emnist"], str(tmp_path), False, part="digits")


def test_emnist_fetched_by_hand_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive as NIST has it, put where the hint says, and no network."""
    images, raw = files.pixels(6, 28, 28), tmp_path / "EMNIST/raw"
    made = files.mirror_idx(tmp_path / "made", images, [1, 2, 3, 4, 5, 6])
    raw.mkdir(parents=True)
    with zipfile.ZipFile(raw / "gzip.zip", "w") as archive:
        for name, _ in made:
            split, rest = name.split("-", 1)
            split = "test" if split == "t10k" else split
            archive.write(tmp_path / "made" / name, f"gzip/emnist-letters-{split}-{rest}")
    sum_of = hashlib.md5((raw / "gzip.zip").read_bytes()).hexdigest()  # noqa: S324
    monkeypatch.setattr("torchvision.datasets.EMNIST.md5", sum_of)
    data = read("emnist", tmp_path, download=True, part="letters")
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [0, 1, 2, 3, 4, 5]


def test_shapes_are_known_before_anything_is_read() -> None:
    specs = {spec.name: spec for spec in ganbench_datasets()}
    assert specs["celeba"].describe(side=128).shape == (3, 128, 128)  # type: ignore[union-attr]
    assert specs["stl10"].describe(side=48).name == "stl10[labelled=false,side=48]"  # type: ignore[union-attr]
    assert {spec.name for spec in ganbench_datasets()} == set(BY_NAME)


def test_colour_images_have_channels_first() -> None:
    pixels = np.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).astype(np.uint8)
    images, labels = _arrays(SimpleNamespace(data=pixels, targets=[7, 2]))
    assert labels is not None
    assert images.shape == (2, *CIFAR.describe().shape)
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
