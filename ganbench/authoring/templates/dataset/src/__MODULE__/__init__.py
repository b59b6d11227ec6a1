"""Gaussians on a sunflower's spiral (Vogel 1979, A better way to construct the sunflower head).

Mode k of K is centred at radius sqrt((k + 1/2) / K) and angle k pi (3 - sqrt 5), the golden angle:
the modes fill the unit disc evenly, and no straight line or ring holds many of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import Data, DataInfo, DatasetSpec, KnownModes, Parameter, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GANBENCH_API_VERSION = 2

NAME = "__NAME__"
SIGMA = 0.02
N_TRAIN = 100_000
N_HELDOUT = 10_000
SEED = 1979


def centres(modes: int) -> NDArray[np.float64]:
    """(K, 2) centres of the modes, from the middle outwards."""
    import numpy as np

    k = np.arange(modes)
    radius, angle = np.sqrt((k + 0.5) / modes), k * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def describe(
    modes: Annotated[int, Parameter(minimum=2, maximum=100, help="number of modes")] = 30,
) -> DataInfo:
    """Known without drawing a sample. Its signature declares the data set's parameters."""
    return DataInfo(name=f"{NAME}[modes={modes}]", modality="points", shape=(2,), classes=modes)


def load(modes: int) -> Data:
    """Independent draws of a mode, uniformly, and of a point around it; labels are the modes."""
    import numpy as np
    import torch

    # RandomState, since numpy promises its stream for ever: the same samples on every machine.
    rng = np.random.RandomState(SEED)
    middle = centres(modes)
    labels = rng.randint(modes, size=N_TRAIN + N_HELDOUT)
    noise = SIGMA * rng.standard_normal((N_TRAIN + N_HELDOUT, 2))
    points = torch.from_numpy((middle[labels] + noise).astype(np.float32))
    classes = torch.from_numpy(labels.astype(np.int64))
    return Data(
        info=describe(modes),
        train=points[:N_TRAIN],
        heldout=points[N_TRAIN:],
        train_labels=classes[:N_TRAIN],
        heldout_labels=classes[N_TRAIN:],
        modes=KnownModes(centres=torch.from_numpy(middle.astype(np.float32)), sigma=SIGMA),
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The spiral."""
    return [
        DatasetSpec(
            name=NAME,
            description="2-D: Gaussians on a sunflower's spiral, sigma 0.02; 100,000 train points",
            paper="Vogel 1979, https://doi.org/10.1016/0025-5564(79)90080-4",
            modalities=("points",),
            describe=describe,
            load=load,
            licence="none needed: sampled from a formula",
        )
    ]
