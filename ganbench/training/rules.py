"""Optimisers' steps as functions, for those who look ahead through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ganbench.api.errors import UsageError

TINY = 1e-30
"""Below the square of any `eps` in use: the root of a second moment of 0 has no derivative, and
what is kept above this has one, 0."""

OTHERWISE = ("amsgrad", "maximize", "centered", "nesterov", "dampening")
"""Options that make another rule of an optimiser."""

Step = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]
"""From parameters and their gradients to where one step leads."""


def rule_of(
    optimiser: torch.optim.Optimizer,
    parameters: Sequence[nn.Parameter],
    clip_norm: float | None = None,
) -> Step:
    """One step of an optimiser as a function of parameters and gradients.

    It starts from the optimiser's moments and keeps its own from call to call, with their graph;
    the optimiser is left as it is.

    Args:
        optimiser: of torch's Adam, AdamW, RMSprop or SGD.
        parameters: of the optimiser; a call gives the first of them, in this order, or all.
        clip_norm: the largest norm of the gradients of a call; longer ones are scaled down to it.

    Raises:
        UsageError: there is no such function for this optimiser.
    """
    group = optimiser.param_groups[0]
    states = [dict(optimiser.state.get(one, {})) for one in parameters]
    changed = [name for name in OTHERWISE if group.get(name)]
    step: Step
    if isinstance(optimiser, torch.optim.Adam | torch.optim.AdamW) and not changed:
        step = _Adam(group, states, decoupled=isinstance(optimiser, torch.optim.AdamW))
    elif isinstance(optimiser, torch.optim.RMSprop) and not changed:
        step = _RmsProp(group, states)
    elif isinstance(optimiser, torch.optim.SGD) and not changed:
        step = _Momentum(group, states)
    else:
        kind = " with ".join([type(optimiser).__name__, *changed])
        raise UsageError(
            f"there is no way to look ahead through {kind}",
            "train the discriminator with adam, adamw, rmsprop or sgd",
        )
    if clip_norm is None:
        return step
    return lambda parameters, gradients: step(parameters, clipped(gradients, clip_norm))


def clipped(gradients: Sequence[Tensor], norm: float) -> list[Tensor]:
    """Gradients scaled down to that norm of all together, as `clip_grad_norm_` does in place."""
    total = torch.stack([one.square().sum() for one in gradients]).sum().clamp_min(TINY).sqrt()
    factor = (norm / (total + 1e-6)).clamp_max(1)
    return [one * factor for one in gradients]


class _Adam:
    """Kingma & Ba 2015, algorithm 1; with decoupled decay Loshchilov & Hutter 2019."""

    def __init__(
        self, group: dict[str, Any], states: list[dict[str, Tensor]], *, decoupled: bool
    ) -> None:
        self._group = group
        self._decoupled = decoupled
        self._first = [state.get("exp_avg") for state in states]
        self._second = [state.get("exp_avg_sq") for state in states]
        # Left on its device: reading it would wait for all that is under way there.
        taken = states[0].get("step") if states else None
        self._taken = torch.zeros((), dtype=torch.float64) if taken is None else taken.double()

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads."""
        lr, eps, decay = (float(self._group[k]) for k in ("lr", "eps", "weight_decay"))
        beta1, beta2 = self._group["betas"]
        self._taken = self._taken + 1
        left1, left2 = 1 - beta1**self._taken, 1 - beta2**self._taken
        moved = []
        for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if decay and self._decoupled:
                parameter = parameter * (1 - lr * decay)
            elif decay:
                gradient = gradient + decay * parameter
            first, second = self._first[index], self._second[index]
            first = (1 - beta1) * gradient + (0 if first is None else beta1 * first)
            second = (1 - beta2) * gradient.square() + (0 if second is None else beta2 * second)
            self._first[index], self._second[index] = first, second
            root = (second / left2).clamp_min(TINY).sqrt()
            moved.append(parameter - lr * (first / left1) / (root + eps))
        return moved


class _RmsProp:
    """Hinton 2012: the gradient over the root of its mean square, with momentum behind it."""

    def __init__(self, group: dict[str, Any], states: list[dict[str, Tensor]]) -> None:
        self._group = group
        self._square = [state.get("square_avg") for state in states]
        self._velocity = [state.get("momentum_buffer") for state in states]

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads."""
        lr, alpha, eps = (float(self._group[k]) for k in ("lr", "alpha", "eps"))
        momentum, decay = (float(self._group[k]) for k in ("momentum", "weight_decay"))
        moved = []
        for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if decay:
                gradient = gradient + decay * parameter
            square = self._square[index]
            square = (1 - alpha) * gradient.square() + (0 if square is None else alpha * square)
            self._square[index] = square
            change = gradient / (square.clamp_min(TINY).sqrt() + eps)
            velocity = self._velocity[index]
            if momentum:
                change = change if velocity is None else momentum * velocity + change
                self._velocity[index] = change
            moved.append(parameter - lr * change)
        return moved


class _Momentum:
    """Gradient descent, with momentum where the optimiser has it."""

    def __init__(self, group: dict[str, Any], states: list[dict[str, Tensor]]) -> None:
        self._group = group
        self._velocity = [state.get("momentum_buffer") for state in states]

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads."""
        lr, momentum, decay = (float(self._group[k]) for k in ("lr", "momentum", "weight_decay"))
        moved = []
        for index, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
            if decay:
                gradient = gradient + decay * parameter
            velocity = self._velocity[index]
            if momentum:
                gradient = gradient if velocity is None else momentum * velocity + gradient
                self._velocity[index] = gradient
            moved.append(parameter - lr * gradient)
        return moved
