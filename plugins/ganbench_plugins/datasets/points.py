"""Mixtures of Gaussians: the modes are known, so a lost one is counted, not guessed.

The ring and the grid of Srivastava et al. 2017 (VEEGAN, arXiv:1705.07761) as Lin et al. 2018
(PacGAN, arXiv:1712.04086) train on them: 100,000 samples of 8 modes on the unit circle
(sigma 0.01) or of 25 modes on {-4, -2, 0, 2, 4}^2 (sigma 0.05).

And ten modes in 1,200 dimensions, after VEEGAN's third mixture. Deviation: its modes had 700
dimensions and were embedded by a map that is not published. Ours are isotropic in all dimensions,
so that the share of high quality that a perfect generator has is known in closed form.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, DatasetSpec, KnownModes, Survey, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_TRAIN = 100_000
N_HELDOUT = 10_000
SEED = 20171

RING = DataInfo(name="ring8", modality="points", shape=(2,), classes=8)
GRID = DataInfo(name="grid25", modality="points", shape=(2,), classes=25)
HIGH = DataInfo(name="highdim10", modality="points", shape=(1200,), classes=10)
N_TRAIN_HIGH, N_HELDOUT_HIGH = 10_000, 2_500


def ring_centres() -> NDArray[np.float64]:
    """(8, 2): the angles 2 pi k / 8 on the unit circle."""
    import numpy as np

    angles = 2 * np.pi * np.arange(8) / 8
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def grid_centres() -> NDArray[np.float64]:
    """(25, 2): {-4, -2, 0, 2, 4}^2, the second coordinate running fastest."""
    import numpy as np

    axis = np.arange(-4.0, 5.0, 2.0)
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


def high_centres() -> NDArray[np.float64]:
    """(10, 1200): uniform in [-1, 1]^1200, some 28 from each other."""
    import numpy as np

    return np.random.RandomState(SEED + 1).uniform(-1, 1, size=(10, 1200))


def load_ring() -> Data:
    """8 modes on the unit circle, sigma 0.01."""
    return _mixture(RING, ring_centres(), sigma=0.01)


def load_grid() -> Data:
    """25 modes on a square grid, sigma 0.05."""
    return _mixture(GRID, grid_centres(), sigma=0.05)


def load_high() -> Data:
    """10 modes in 1,200 dimensions, sigma 0.1: samples lie some 3.5 from their mode."""
    return _mixture(HIGH, high_centres(), 0.1, N_TRAIN_HIGH, N_HELDOUT_HIGH)


def _mixture(
    info: DataInfo,
    centres: NDArray[np.float64],
    sigma: float,
    n_train: int = N_TRAIN,
    n_heldout: int = N_HELDOUT,
) -> Data:
    """Independent draws of a mode, uniformly, and of a point around it; labels are the modes."""
    import numpy as np
    import torch

    # RandomState, since numpy promises its stream for ever; that of default_rng may change.
    rng = np.random.RandomState(SEED)
    labels = rng.randint(len(centres), size=n_train + n_heldout)
    noise = rng.standard_normal((n_train + n_heldout, centres.shape[1]))
    points = torch.from_numpy((centres[labels] + sigma * noise).astype(np.float32))
    modes = torch.from_numpy(labels.astype(np.int64))
    return Data(
        info=info,
        train=points[:n_train],
        heldout=points[n_train:],
        train_labels=modes[:n_train],
        heldout_labels=modes[n_train:],
        modes=KnownModes(centres=torch.from_numpy(centres.astype(np.float32)), sigma=sigma),
        exchangeable=True,
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The ring, the grid, and the modes in 1,200 dimensions."""
    common = partial(
        DatasetSpec,
        modalities=("points",),
        paper="Srivastava et al. 2017, VEEGAN, arXiv:1705.07761; as in PacGAN, arXiv:1712.04086",
        licence="none needed: sampled from a formula",
    )
    return [
        common(
            name="ring8",
            description="2-D: 8 Gaussians on the unit circle, sigma 0.01; 100,000 train points",
            describe=lambda: Survey(info=RING, train=N_TRAIN, heldout=N_HELDOUT),
            load=load_ring,
        ),
        common(
            name="grid25",
            description="2-D: 25 Gaussians on {-4,-2,0,2,4}^2, sigma 0.05; 100,000 train points",
            describe=lambda: Survey(info=GRID, train=N_TRAIN, heldout=N_HELDOUT),
            load=load_grid,
        ),
        common(
            name="highdim10",
            description="1,200-D: 10 Gaussians in [-1,1]^1200, sigma 0.1; 10,000 train points",
            describe=lambda: Survey(info=HIGH, train=N_TRAIN_HIGH, heldout=N_HELDOUT_HIGH),
            load=load_high,
        ),
    ]
