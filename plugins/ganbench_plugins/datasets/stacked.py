"""Stacked digits: three independent digits as the channels of one colour image, 1,000 modes.

The test of mode coverage that Metz et al. 2017 (arXiv:1611.02163) introduced with MNIST, as PacGAN
(arXiv:1712.04086) trains on it: 128,000 triples, and 26,000 generated images to count modes in. The
modes are the triples of classes. Train and held-out triples share no digit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, DatasetSpec, Parameter, UsageError, hookimpl
from ganbench_plugins.datasets import digits, mnist5k, torchvision
from ganbench_plugins.datasets.torchvision_sources import SOURCES

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 3
N_TRAIN, N_HELDOUT = 128_000, 26_000
SEED = 20173
PAPER = "Metz et al. 2017, arXiv:1611.02163; as in PacGAN, Lin et al. 2018, arXiv:1712.04086"
MNIST = next(source for source in SOURCES if source.name == "mnist")


def stack(name: str, base: Data) -> Data:
    """Triples of the base's samples, drawn with replacement within each split.

    Args:
        name: of the stacked data set.
        base: grey images with labels in both splits.

    Raises:
        UsageError: the base has no labels, or is not grey.
    """
    import numpy as np

    labels = base.train_labels, base.heldout_labels
    if base.info.channels != 1 or labels[0] is None or labels[1] is None:
        raise UsageError(f"{base.info.name} cannot be stacked: it must be grey and labelled")
    rng = np.random.RandomState(SEED)
    train = _triples(base.train, labels[0], N_TRAIN, rng)
    heldout = _triples(base.heldout, labels[1], N_HELDOUT, rng)
    return Data(
        info=_info(name, base.info),
        train=train[0],
        heldout=heldout[0],
        train_labels=train[1],
        heldout_labels=heldout[1],
        channels_of=base,
        exchangeable=True,
    )


def _triples(images: Tensor, labels: Tensor, n: int, rng: object) -> tuple[Tensor, Tensor]:
    """Images (n, 3, H, W) and their classes: the three digits of a decimal number."""
    import numpy as np
    import torch

    assert isinstance(rng, np.random.RandomState)
    chosen = torch.from_numpy(rng.randint(len(images), size=(n, CHANNELS)))
    places = 10 ** torch.arange(CHANNELS - 1, -1, -1)
    return images[chosen].squeeze(2), (labels[chosen] * places).sum(dim=1)


def _info(name: str, base: DataInfo) -> DataInfo:
    shape = (CHANNELS, base.side, base.side)
    return DataInfo(name=name, modality="image", shape=shape, classes=10**CHANNELS)


def _load_digits() -> Data:
    return stack("stacked-digits", digits.load())


def _load_mnist(base: str, root: str, download: bool) -> Data:
    loaded = mnist5k.load() if base == "mnist5k" else torchvision.load(MNIST, root, download)
    return stack("stacked-mnist", loaded)


def _check_mnist(base: str, root: str, download: bool) -> None:
    if base == "mnist5k":
        mnist5k.check()
    else:
        torchvision.check(MNIST, root, download)


def _describe_mnist(**_: object) -> DataInfo:
    return _info("stacked-mnist", MNIST.describe())


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Stacked digits and stacked MNIST."""
    common = partial(DatasetSpec, modalities=("image",), paper=PAPER)
    return [
        common(
            name="stacked-digits",
            description="three of scikit-learn's digits as colour channels, 8x8: 1,000 modes",
            licence="CC BY 4.0 (UCI machine learning repository)",
            describe=lambda: _info("stacked-digits", digits.INFO),
            load=_load_digits,
        ),
        common(
            name="stacked-mnist",
            description="three digits of MNIST as colour channels, 28x28: 1,000 modes",
            licence=MNIST.licence,
            parameters={
                "base": Parameter(
                    default="mnist", choices=("mnist", "mnist5k"), help="where the digits are from"
                ),
                **torchvision.PARAMETERS,
            },
            describe=_describe_mnist,
            load=_load_mnist,
            check=_check_mnist,
        ),
    ]
