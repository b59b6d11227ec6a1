"""One Gaussian of any dimension: the one law whose distance from a generator is a closed form.

The mean is 1 in every coordinate. The standard deviations fall geometrically from 1 to 1/10 along
axes that are no coordinates: those that the reflection I - 2 u u', u = (1, ..., d) / |(1, ..., d)|,
makes of the coordinates'. A linear generator can reach it exactly, and one that ignores
correlations, or the small directions, is told by how much it misses (`distance_to_law`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ganbench import Data, DataInfo, DatasetSpec, Parameter, Survey, hookimpl

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

N_TRAIN, N_HELDOUT = 50_000, 10_000
SEED = 20174
SMALLEST = 0.1
"""Standard deviation along the narrowest axis, over the widest one's."""


def law(d: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean (d,) and the covariance (d, d)."""
    import numpy as np

    axes = _axes(d)
    return np.ones(d), (axes * _deviations(d) ** 2) @ axes.T


def distance_to_law(mean: NDArray[np.float64], covariance: NDArray[np.float64]) -> float:
    """The squared 2-Wasserstein distance of N(mean, covariance) from the law: its FD on raw points.

    |m - m'|² + tr(C + C' - 2 (C'^1/2 C C'^1/2)^1/2) (Dowson & Landau 1982); for laws that are not
    Gaussian a lower bound.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric, of any rank.
    """
    import numpy as np

    d = len(mean)
    axes, deviations = _axes(d), _deviations(d)
    root = (axes * deviations) @ axes.T
    inner = np.linalg.eigvalsh(root @ covariance @ root)
    between = np.sqrt(np.clip(inner, 0, None)).sum()
    moved = ((mean - 1) ** 2).sum()
    return float(moved + np.trace(covariance) + (deviations**2).sum() - 2 * between)


def _deviations(d: int) -> NDArray[np.float64]:
    """(d,) from 1 to `SMALLEST`."""
    import numpy as np

    return np.geomspace(1.0, SMALLEST, d)


def _axes(d: int) -> NDArray[np.float64]:
    """(d, d) orthogonal and symmetric; elementary operations alone, so the same everywhere."""
    import numpy as np

    u = np.arange(1.0, d + 1)
    return np.eye(d) - 2 * np.outer(u, u) / (d * (d + 1) * (2 * d + 1) / 6)


def describe(
    *, d: Annotated[int, Parameter(minimum=1, maximum=256, help="coordinates")] = 2
) -> Survey:
    """Its shape."""
    info = DataInfo(name="gaussian", modality="points", shape=(d,))
    return Survey(info=info, train=N_TRAIN, heldout=N_HELDOUT)


def load(*, d: int) -> Data:
    """Independent draws."""
    import numpy as np
    import torch

    rng = np.random.RandomState(SEED)  # a stream that numpy promises for ever
    noise = rng.standard_normal((N_TRAIN + N_HELDOUT, d))
    points = torch.from_numpy((1 + (noise * _deviations(d)) @ _axes(d)).astype(np.float32))
    return Data(
        info=describe(d=d).info,
        train=points[:N_TRAIN],
        heldout=points[N_TRAIN:],
        exchangeable=True,
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The Gaussian."""
    return [
        DatasetSpec(
            name="gaussian",
            description=f"one Gaussian in d dimensions, correlated; {N_TRAIN:,} train points",
            paper="Dowson & Landau 1982, https://doi.org/10.1016/0047-259X(82)90077-X",
            licence="none needed: sampled from a formula",
            modalities=("points",),
            describe=describe,
            load=load,
        )
    ]
