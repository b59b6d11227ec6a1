"""From a recipe's optimiser to torch's."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from ganbench.api.recipe import Optimiser


def make_optimiser(
    recipe: Optimiser, parameters: Iterable[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    """An optimiser over `parameters`, in torch's fused form where there is one for the device."""
    parameters = list(parameters)
    if recipe.name == "adam":
        return torch.optim.Adam(
            parameters,
            lr=recipe.lr,
            betas=recipe.betas,
            eps=recipe.eps,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
    if recipe.name == "rmsprop":
        return torch.optim.RMSprop(
            parameters,
            lr=recipe.lr,
            alpha=recipe.alpha,
            eps=recipe.eps,
            weight_decay=recipe.weight_decay,
            momentum=recipe.momentum,
            foreach=device.type == "cuda",
        )
    return torch.optim.SGD(
        parameters,
        lr=recipe.lr,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        fused=True,
    )


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = lr
