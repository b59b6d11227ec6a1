"""From a recipe's optimiser to torch's."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from ganbench.api.checked import typed
from ganbench.api.errors import PluginNotUsable, type_and_line
from ganbench.api.recipe import Optimiser
from ganbench.api.specs import import_builder


def make_optimiser(
    recipe: Optimiser, parameters: Iterable[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    """An optimiser over `parameters`, in torch's fused form where there is one for the device.

    Raises:
        PluginNotUsable: what the recipe names by ``module:name`` makes no optimiser.
    """
    parameters = list(parameters)
    if recipe.name in ("adam", "adamw"):
        kind = torch.optim.Adam if recipe.name == "adam" else torch.optim.AdamW
        return kind(
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
    if recipe.name == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=recipe.lr,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            fused=True,
        )
    return _foreign(recipe, parameters)


def _foreign(recipe: Optimiser, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """One that the recipe brings along."""
    try:
        made = import_builder(recipe.name)(parameters, lr=recipe.lr, **recipe.options)
    except Exception as error:
        raise PluginNotUsable(
            f"optimiser {recipe.name} cannot be made: {type_and_line(error)}"
        ) from error
    if not isinstance(made, torch.optim.Optimizer):
        raise PluginNotUsable(
            f"optimiser {recipe.name} must be a torch.optim.Optimizer, it is {typed(made)}"
        )
    return made


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = lr
