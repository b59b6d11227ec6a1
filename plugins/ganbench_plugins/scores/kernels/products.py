"""Matrix products on the fastest library at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor


def product(left: Tensor, right: Tensor) -> Tensor:
    """left @ right, on their device.

    On the CPU numpy does it: it recognises XᵀX and computes one triangle only, and the BLAS it
    ships is up to half as fast again on AMD processors as the one that torch ships, and no slower
    on others.
    """
    if left.device.type != "cpu":
        return left @ right
    return torch.from_numpy(np.matmul(left.numpy(), right.numpy()))
