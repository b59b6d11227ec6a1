"""Optimisers' steps as functions, for those who look ahead through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from ganbench.api.errors import UsageError

TINY = 1e-30
"""Below the square of any `eps` in use: the root of a second moment of 0 has no derivative, and
what is kept above this has one, 0."""


def rule_of(
    optimiser: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]:
    """One step of an optimiser as a function of parameters and gradients.

    It starts from copies of the optimiser's moments and keeps its own from call to call, with
    their graph; the optimiser is left as it is.

    Args:
        optimiser: of torch's Adam, AdamW or SGD.
        parameters: of the optimiser, in the order in which they will be given.

    Raises:
        UsageError: there is no such function for this optimiser.
    """
    group = optimiser.param_groups[0]
    states = [dict(optimiser.state.get(one, {})) for one in parameters]
    if isinstance(optimiser, torch.optim.Adam):  # AdamW is one
        return _Adam(group, states, decoupled=isinstance(optimiser, torch.optim.AdamW))
    if isinstance(optimiser, torch.optim.SGD) and not group["nesterov"] and not group["dampening"]:
        return _Momentum(group, states)
    raise UsageError(
        f"there is no way to look ahead through {type(optimiser).__name__}",
        "train the discriminator with adam, adamw or sgd",
    )


class _Adam:
    """Kingma & Ba 2015, algorithm 1; with decoupled decay Loshchilov & Hutter 2019."""

    def __init__(
        self, group: dict[str, object], states: list[dict[str, Tensor]], *, decoupled: bool
    ) -> None:
        self._group = group
        self._decoupled = decoupled
        self._first = [one.get("exp_avg") for one in states]
        self._second = [one.get("exp_avg_sq") for one in states]
        self._taken = int(float(states[0].get("step", torch.tensor(0.0)))) if states else 0

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads."""
        lr, eps, decay = (float(self._group[k]) for k in ("lr", "eps", "weight_decay"))  # type: ignore[arg-type]
        beta1, beta2 = (float(beta) for beta in self._group["betas"])  # type: ignore[attr-defined]
        self._taken += 1
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


class _Momentum:
    """Gradient descent, with momentum where the optimiser has it."""

    def __init__(self, group: dict[str, object], states: list[dict[str, Tensor]]) -> None:
        self._group = group
        self._velocity = [one.get("momentum_buffer") for one in states]

    def __call__(self, parameters: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """Where one step leads."""
        lr, momentum, decay = (float(self._group[k]) for k in ("lr", "momentum", "weight_decay"))  # type: ignore[arg-type]
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
