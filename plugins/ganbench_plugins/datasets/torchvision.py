"""The image sets that the GAN literature reports on, read by torchvision.

Nothing is downloaded unless asked for, and where a download fails, what to fetch by hand is named:
file, size, SHA-256 and the folder to put it in. Fashion-MNIST is also found where Debian's package
`dataset-fashion-mnist` puts it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Mapping
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
from ganbench_plugins.datasets.torchvision_sources import READERS, SOURCES, Source

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench_plugins.datasets.torchvision_readers import Split

PARAMETERS = {
    "root": Parameter(
        default="", path=True, help="directory of torchvision's files; empty: the cache"
    ),
    "download": Parameter(default=False, help="download what is not there"),
}


def check(source: Source, root: str, download: bool, **own: Any) -> None:
    """Look for the files only: whether they are whole is seen when they are loaded.

    Raises:
        MissingData: they are nowhere, and nobody asked for a download.
    """
    where = _where(root)
    packaged = source.debian is not None and source.debian[0].is_dir()
    if not (download or packaged or _are_there(source, where, **own)):
        raise MissingData(f"{source.name} is not in {where}", _how_to_get(source, root, own))


def _where(root: str) -> Path:
    return Path(root).expanduser() if root else cache.folder("datasets")


def _are_there(source: Source, where: Path, **own: Any) -> bool:
    return (where / source.files.format(**own)).exists()


def load(source: Source, root: str, download: bool, **own: Any) -> Data:
    """Both splits, from torchvision's files in `root`, Debian's files, or a download.

    Raises:
        MissingData: it is nowhere, or the download failed.
        UsageError: a file is damaged.
    """
    where = _where(root)
    what = f"{source.name} is not in {where}"
    try:
        return _from_torchvision(source, where, download=False, **own)
    except (RuntimeError, OSError) as error:  # how torchvision says that it is not there, or broken
        if _are_there(source, where, **own):
            what = f"{source.name} in {where} is incomplete or damaged: {_said(error)}"
    if source.debian is not None and source.debian[0].is_dir():
        return _from_idx(source, source.debian[0])
    if download:
        try:
            return _downloaded(source, where, **own)
        except UsageError:  # a file is damaged
            raise
        except Exception as error:  # CelebA is fetched by the package gdown, which has its own
            what += f", and the download failed: {_said(error)}"
    raise MissingData(what, _how_to_get(source, root, own, tried=download))


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())


def _how_to_get(source: Source, root: str, own: Mapping[str, Any], *, tried: bool = False) -> str:
    """Ways to get it; where a download was tried, the others."""
    where, typed = _where(root), {"root": root, **own}
    changed = [
        f"{key}={str(typed[key]).lower() if isinstance(typed[key], bool) else typed[key]}"
        for key, one in {**source.parameters, "root": PARAMETERS["root"]}.items()
        if typed[key] != one.default
    ]
    name = f"{source.name}[{','.join([*changed, 'download=true'])}]"
    prepare = "type `ganbench prepare --download` with the same selection"
    ways = [] if tried else [prepare, f"name it {name}"]
    if source.debian is not None:
        ways.append(f"run: apt-get install {source.debian[1]}")
    files, folder = source.fetch
    packed = any(one.name.endswith((".gz", ".zip")) for one in files)
    then = f", for {name} to check and unpack" if source.unpacks else " and unpack"
    by_hand = "\n  ".join(map(str, files))
    ways.append(f"put into {where / folder}{then if packed else ''}:\n  {by_hand}")
    return " or ".join(ways)


def _downloaded(source: Source, where: Path, **own: Any) -> Data:
    where.mkdir(parents=True, exist_ok=True)
    # Its talk must not mix with the tables on stdout.
    with cache.locked(where / source.cls), contextlib.redirect_stdout(sys.stderr):
        return _from_torchvision(source, where, download=True, **own)


def _from_torchvision(source: Source, where: Path, *, download: bool, **own: Any) -> Data:
    import torchvision.datasets

    cls = getattr(torchvision.datasets, source.cls)
    read = getattr(importlib.import_module(READERS), source.reader)
    try:
        train, heldout = read(cls, where, download, **own)
    except (AssertionError, ValueError, EOFError) as error:
        raise UsageError(f"the files of {source.name} in {where} are damaged: {error}") from None
    return _data(source.describe(**own), train, heldout)


def _from_idx(source: Source, directory: Path) -> Data:
    import numpy as np
    import torch

    def split(stem: str) -> tuple[Tensor, Tensor]:
        images = read_idx(directory / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(directory / f"{stem}-labels-idx1-ubyte.gz")
        return torch.from_numpy(images[:, None].copy()), torch.from_numpy(labels.astype(np.int64))

    return _data(source.describe(), split("train"), split("t10k"))


def _data(info: DataInfo, train: Split, heldout: Split) -> Data:
    return Data(
        info=info,
        train=train[0],
        heldout=heldout[0],
        train_labels=train[1],
        heldout_labels=heldout[1],
    )


def _describe(source: Source, root: str = "", download: bool = False, **own: Any) -> DataInfo:
    """Where the files lie changes nothing about the data: neither parameter is in the name."""
    return source.describe(**own)


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The MNIST family, SVHN, CIFAR, STL-10 and CelebA."""
    return [
        DatasetSpec(
            name=source.name,
            description=source.description,
            paper=source.paper,
            licence=source.licence,
            modalities=("image",),
            parameters={**source.parameters, **PARAMETERS},
            describe=partial(_describe, source),
            load=partial(load, source),
            check=partial(check, source),
        )
        for source in SOURCES
    ]
