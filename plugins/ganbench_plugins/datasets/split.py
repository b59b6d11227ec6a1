"""A fixed stratified split for data sets that come without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED = 1797


def stratified_heldout(labels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    """Which samples are held out: exactly `count`, the same share of every class within one.

    The samples are shuffled (neighbours may share a writer), ordered by class, and every
    `len(labels) / count`-th of that order is held out.

    Args:
        labels: (N,) class of each sample.
        count: how many to hold out, 0 <= count <= N.

    Returns:
        (N,) mask, the same on every machine.
    """
    import numpy as np

    n = len(labels)
    shuffled = np.random.RandomState(SEED).permutation(n)  # a stream that numpy promises to keep
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    chosen = np.diff(np.arange(n + 1) * count // n).astype(bool)
    mask = np.zeros(n, dtype=bool)
    mask[by_class[chosen]] = True
    return mask
