"""Training in another precision than float32: what is rounded, and what is not.

`bf16` rounds the factors of products and convolutions within forward passes, as torch's autocast
has it, and with them those of the backward passes that follow, however often one differentiates.
Networks get and return float32; losses, penalties, weights, gradients of weights and the state of
optimisers have it throughout. `tf32` lets a GPU round the factors of its float32 products.

Both hold while networks are in train mode. Evaluations, in which they are not, are in float32
whatever the run: what differs is the training, and a generator needs no word on how to be sampled.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor, nn

from ganbench.api.networks import Networks
from ganbench.machine.precision import Precision, tf32_products


def lower(networks: Networks, precision: Precision, device: torch.device) -> None:
    """Let networks on a device compute their forward passes in a precision.

    Nothing becomes of them where that is one in which tensors are float32.
    """
    if precision != "bf16":
        return
    extras = [extra.module for extra in networks.extras.values()]
    for module in (networks.generator, networks.discriminator, *extras):
        _Autocast(device.type).around(module)


def products(precision: Precision) -> AbstractContextManager[None]:
    """Products of float32 tensors are rounded as the precision says, and no more than that."""
    return tf32_products(precision == "tf32")


class _Autocast:
    """Autocast around the forward passes of a module.

    Hooks, since they go with every copy of the module and every way to call it: an average, a
    discriminator that is unrolled, whoever calls it in a loss. Each pass has a context of its own,
    so that no rounded copy of a weight outlives a step.
    """

    def __init__(self, device: str) -> None:
        self._device = device
        self._open: list[Any] = []

    def around(self, module: nn.Module) -> None:
        """Let it be around all passes of a module from here on."""
        module.register_forward_pre_hook(self._enter)
        module.register_forward_hook(self._leave, always_call=True)

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        context = torch.autocast(self._device, torch.bfloat16, enabled=module.training)
        context.__enter__()  # type: ignore[no-untyped-call]
        self._open.append(context)

    def _leave(self, module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Any:
        self._open.pop().__exit__(None, None, None)
        return _mapped(_as_float32, output)


def _as_float32(value: Tensor) -> Tensor:
    return value.float() if value.dtype == torch.bfloat16 else value


def _mapped(change: Callable[[Tensor], Tensor], value: Any) -> Any:
    """The same with all tensors changed that it holds in tuples, lists and dicts."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: _mapped(change, one) for key, one in value.items()}
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return type(value)(_mapped(change, one) for one in value)
    return value
