"""From a recipe's optimiser to torch's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

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


def stepper(optimiser: torch.optim.Optimizer) -> Callable[[], object]:
    """What takes that optimiser's steps: for torch's fused Adam and AdamW without the Python
    around the kernel, which costs a small network as much time as the kernel; else its `step`."""
    known = {torch.optim.Adam: torch._fused_adam_, torch.optim.AdamW: torch._fused_adamw_}
    kernel = known.get(type(optimiser))
    alone = len(optimiser.param_groups) == 1
    if kernel is None or not alone or not optimiser.param_groups[0].get("fused"):
        return optimiser.step
    return _FusedAdam(optimiser, kernel).step


class _FusedAdam:
    """Steps of one of torch's fused optimisers with one group: same kernel, same state, same bits.

    Args:
        optimiser: whose state it changes; it makes that state itself, in a step of its own.
        kernel: torch's, for that optimiser.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, kernel: Callable[..., Any]) -> None:
        self._optimiser = optimiser
        self._kernel = kernel
        self._state: object = None
        """The optimiser's, when its tensors were gathered: one that is loaded is another object."""
        self._gathered: tuple[list[Tensor], ...] = ()

    def step(self) -> None:
        """Take one step with the gradients that are there."""
        optimiser = self._optimiser
        group = optimiser.param_groups[0]
        gradients = [one.grad for one in group["params"]]
        if self._state is not optimiser.state:
            optimiser.step()
            self._gather(group)
            return
        if any(one is None for one in gradients):  # of a layer that took no part
            optimiser.step()
            return
        first, second, taken = self._gathered
        beta1, beta2 = group["betas"]
        with torch.no_grad():
            torch._foreach_add_(taken, 1)
            self._kernel(
                group["params"], gradients, first, second, [], taken,
                lr=group["lr"], beta1=beta1, beta2=beta2, weight_decay=group["weight_decay"],
                eps=group["eps"], amsgrad=False, maximize=False,
            )  # fmt: skip

    def _gather(self, group: dict[str, Any]) -> None:
        """Remember the state's tensors, if every parameter has some by now."""
        state = self._optimiser.state
        if all(one in state for one in group["params"]):
            each = [state[one] for one in group["params"]]
            names = ("exp_avg", "exp_avg_sq", "step")
            self._gathered = tuple([one[name] for one in each] for name in names)
            self._state = state


def set_learning_rate(optimiser: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = lr
