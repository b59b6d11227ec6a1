"""The image sets that the GAN literature reports on, read by torchvision at their native sizes.

Nothing is downloaded unless asked for. Fashion-MNIST is also found where Debian's package
`dataset-fashion-mnist` puts it.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from ganbench_plugins.datasets.idx import read_idx

if TYPE_CHECKING:
    from torch import Tensor

DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")
PARAMETERS = {
    "root": Parameter(
        default="", path=True, help="directory of torchvision's files; empty: the cache"
    ),
    "download": Parameter(default=False, help="download what is not there"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of torchvision's data sets.

    Args:
        info: shape and classes.
        cls: name of the class in `torchvision.datasets`.
        files: the directory below the root where that class keeps what it reads.
        description, paper, licence: as in a spec.
        debian: directory where a Debian package puts its IDX files, and that package's name.
    """

    info: DataInfo
    cls: str
    files: str
    description: str
    paper: str
    licence: str
    debian: tuple[Path, str] | None = None


SOURCES = (
    Source(
        info=DataInfo(name="mnist", modality="image", shape=(1, 28, 28), classes=10),
        cls="MNIST",
        files="MNIST/raw",
        description="70,000 handwritten digits of 28x28, grey; 60,000 train, 10,000 held out",
        paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
        licence="CC BY-SA 3.0 (as Keras documents it)",
    ),
    Source(
        info=DataInfo(name="fashion-mnist", modality="image", shape=(1, 28, 28), classes=10),
        cls="FashionMNIST",
        files="FashionMNIST/raw",
        description="70,000 pieces of clothing of 28x28, grey; 60,000 train, 10,000 held out",
        paper="Xiao et al. 2017, Fashion-MNIST, arXiv:1708.07747",
        licence="MIT",
        debian=(DEBIAN_FASHION, "dataset-fashion-mnist"),
    ),
    Source(
        info=DataInfo(name="cifar10", modality="image", shape=(3, 32, 32), classes=10),
        cls="CIFAR10",
        files="cifar-10-batches-py",
        description="60,000 photographs of 32x32, colour; 50,000 train, 10,000 held out",
        paper="Krizhevsky 2009, Learning multiple layers of features from tiny images",
        licence="none stated by its authors",
    ),
)


def check(source: Source, root: str, download: bool) -> None:
    """Look for the directory only: whether its files are whole is seen when they are loaded.

    Raises:
        MissingData: it is nowhere, and nobody asked for a download.
    """
    where = _where(root)
    packaged = source.debian is not None and source.debian[0].is_dir()
    if not (download or packaged or (where / source.files).is_dir()):
        raise MissingData(f"{source.info.name} is not in {where}", _how_to_get(source, where))


def _where(root: str) -> Path:
    return Path(root).expanduser() if root else cache.folder("datasets")


def load(source: Source, root: str, download: bool) -> Data:
    """Both splits, from torchvision's files in `root`, Debian's files, or a download.

    Raises:
        MissingData: it is nowhere, or the download failed.
        UsageError: a file is damaged.
    """
    where = _where(root)
    reason = ""
    with contextlib.suppress(RuntimeError, OSError):  # how torchvision says that it is not there
        return _from_torchvision(source, where, download=False)
    if source.debian is not None and source.debian[0].is_dir():
        return _from_idx(source, source.debian[0])
    if download:
        try:
            return _downloaded(source, where)
        except (RuntimeError, OSError) as error:
            reason = f", and the download failed: {' '.join(str(error).split())}"
    raise MissingData(f"{source.info.name} is not in {where}{reason}", _how_to_get(source, where))


def _how_to_get(source: Source, where: Path) -> str:
    code = f"from torchvision.datasets import {source.cls} as D; D({str(where)!r}, download=True)"
    prepare = "type `ganbench prepare --download` with the same selection"
    ways = [prepare, f"name it {source.info.name}[download=true]", f'run: python -c "{code}"']
    if source.debian is not None:
        ways.append(f"run: apt-get install {source.debian[1]}")
    return " or ".join(ways)


def _downloaded(source: Source, where: Path) -> Data:
    where.mkdir(parents=True, exist_ok=True)
    # Its talk must not mix with the tables on stdout.
    with cache.locked(where / source.cls), contextlib.redirect_stdout(sys.stderr):
        return _from_torchvision(source, where, download=True)


def _from_torchvision(source: Source, where: Path, *, download: bool) -> Data:
    import torchvision.datasets

    cls = getattr(torchvision.datasets, source.cls)
    try:
        train = cls(str(where), train=True, download=download)
        heldout = cls(str(where), train=False, download=download)
    except (AssertionError, ValueError, EOFError) as error:
        name = source.info.name
        raise UsageError(f"the files of {name} in {where} are damaged: {error}") from None
    return _data(source.info, _split(train), _split(heldout))


def _split(dataset: Any) -> tuple[Tensor, Tensor]:
    """Images (N, C, H, W) and labels of a torchvision data set that keeps them in memory."""
    import torch

    images = torch.as_tensor(dataset.data)  # (N, H, W) of MNIST, (N, H, W, C) of CIFAR
    images = images.unsqueeze(1) if images.ndim == 3 else images.permute(0, 3, 1, 2).contiguous()
    return images, torch.as_tensor(dataset.targets, dtype=torch.int64)


def _from_idx(source: Source, directory: Path) -> Data:
    import numpy as np
    import torch

    def split(stem: str) -> tuple[Tensor, Tensor]:
        images = read_idx(directory / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(directory / f"{stem}-labels-idx1-ubyte.gz")
        return torch.from_numpy(images[:, None].copy()), torch.from_numpy(labels.astype(np.int64))

    return _data(source.info, split("train"), split("t10k"))


def _data(info: DataInfo, train: tuple[Tensor, Tensor], heldout: tuple[Tensor, Tensor]) -> Data:
    return Data(
        info=info,
        train=train[0],
        heldout=heldout[0],
        train_labels=train[1],
        heldout_labels=heldout[1],
    )


def _describe(source: Source, root: str = "", download: bool = False) -> DataInfo:
    """Where the files lie changes nothing about the data: neither parameter is in the name."""
    return source.info


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """MNIST, Fashion-MNIST and CIFAR-10."""
    return [
        DatasetSpec(
            name=source.info.name,
            description=source.description,
            paper=source.paper,
            licence=source.licence,
            modalities=("image",),
            parameters=PARAMETERS,
            describe=partial(_describe, source),
            load=partial(load, source),
            check=partial(check, source),
        )
        for source in SOURCES
    ]
