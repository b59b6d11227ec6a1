"""Rows of two measures and the class that they depend on.

In class k of K the width is N(k, 1/4), cut at two deviations, and the count is binomial: ten tries
of probability (k + 1) / (K + 1). Given the class, both are independent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Categorical, DataInfo, KnownModes, Numeric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SOURCE = "made for this package, __YEAR__"
USUAL, MOST = 3, 20
SIGMA, CUT, TRIES = 0.5, 2.0, 10


def describe(name: str, classes: int) -> DataInfo:
    """Two columns of numbers, and one of categories."""
    columns = (
        Numeric(name="width", low=-CUT * SIGMA, high=classes - 1 + CUT * SIGMA),
        Numeric(name="count", low=0, high=TRIES, whole=True),
        Categorical(name="class", categories=tuple(f"class {k}" for k in range(classes))),
    )
    width = sum(column.width for column in columns)
    return DataInfo(name=name, modality="tabular", shape=(width,), classes=classes, schema=columns)


def draw(labels: NDArray[np.int_], classes: int, random: np.random.RandomState) -> Tensor:
    """(N, 3) float32 rows of the classes that the labels name."""
    import numpy as np
    import torch

    width = labels + SIGMA * random.standard_normal(len(labels)).clip(-CUT, CUT)
    count = random.binomial(TRIES, (labels + 1) / (classes + 1))
    return torch.from_numpy(np.stack([width, count, labels], axis=1).astype(np.float32))


def modes(classes: int) -> KnownModes | None:
    """Centres of Gaussians, for the score `modes`, where the law is a mixture of them."""
    return None
