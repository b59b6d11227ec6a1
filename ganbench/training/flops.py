"""Counting the floating-point operations of a training step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Self

import torch
from torch._ops import OpOverload
from torch.utils.flop_counter import FlopCounterMode, _FlopCounterMode

Shape = Sequence[int]


class StepFlops(FlopCounterMode):
    """torch's FLOP counter, double backward included, without its attribution to modules.

    It counts matrix products, convolutions, attention and recurrent layers; element-wise work is
    not counted. The attribution is left out because its hooks refuse `autograd.grad` with respect
    to a leaf, and that is how gradient penalties are written. What torch counts wrongly or not at
    all is counted by formulas of its own (`CORRECTED`).
    """

    def __init__(self) -> None:
        super().__init__(display=False, custom_mapping=CORRECTED)
        self.mod_tracker: Any = _NoModules()

    def __enter__(self) -> Self:
        self.flop_counts.clear()
        self.mode = _Whole(self)
        self.mode.__enter__()  # type: ignore[no-untyped-call]
        return self

    @property
    def total(self) -> float:
        """Operations counted so far; a multiplication with its addition is two."""
        return float(self.get_total_flops())


def _convolution_backward(gradient: Shape, x: Shape, weight: Shape, *rest: Any, **_: Any) -> int:
    """Either gradient, that of the input or of the weight, costs what the convolution does.

    torch's own formula takes the weight's gradient for one between all channels: of a depthwise
    convolution of C channels it counts C times as much.
    """
    _bias, _stride, _padding, _dilation, transposed, _output_padding, _groups, wanted, *_rest = rest
    pixels = math.prod((x if transposed else gradient)[2:])
    return 2 * x[0] * pixels * math.prod(weight) * len([one for one in wanted[:2] if one])


def _attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Scores and what is taken by them, as torch counts it on a GPU; of the kernel on a CPU it has
    no formula."""
    return 2 * _scores(query, key) * (query[3] + value[3])


def _attention_backward(
    gradient: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any
) -> int:
    """Likewise: the scores once more, and two products for the gradients of either of the two."""
    return 2 * _scores(query, key) * (3 * query[3] + 2 * value[3])


def _scores(query: Shape, key: Shape) -> int:
    """How many there are, of queries (B, heads, S, D) and keys (B, heads, S', D)."""
    return math.prod(query[:3]) * key[2]


def _recurrent(x: Shape, *weights: Any, **_: Any) -> int:
    """Every step's product with every matrix of a layer, of inputs (T, B, I) or (all steps, I).

    Args:
        x: shape of the inputs.
        weights: what an operation is given behind them, the shapes of matrices among it: two, or on
            a GPU a list of all layers'.
    """
    given = weights[0] if isinstance(weights[0], list) else weights[:2]
    return 2 * math.prod(x[:-1]) * sum(math.prod(one) for one in given if len(one) == 2)


def _recurrent_backward(x: Shape, *weights: Any, **_: Any) -> int:
    """Two products for each of the forward pass."""
    return 2 * _recurrent(x, *weights)


_ATEN = torch.ops.aten

CORRECTED: dict[Any, Callable[..., int]] = {
    _ATEN.convolution_backward: _convolution_backward,
    _ATEN._scaled_dot_product_flash_attention_for_cpu: _attention,
    _ATEN._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
    _ATEN.mkldnn_rnn_layer: _recurrent,
    _ATEN.mkldnn_rnn_layer_backward: _recurrent_backward,
    _ATEN._cudnn_rnn: _recurrent,
    _ATEN._cudnn_rnn_backward: _recurrent_backward,
}
"""Operations, and what they cost by the shapes of what they are given."""


class _NoModules:
    parents = frozenset({"Global"})

    def __exit__(self, *_: object) -> None: ...


class _Whole(_FlopCounterMode):  # type: ignore[no-untyped-call]
    """Asks of each operation once whether it is made of others; torch's own tries at every call to
    take it apart, which takes as long as a small operation."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if types or not _is_whole(func):
            return super().__torch_dispatch__(func, types, args, kwargs)  # type: ignore[no-untyped-call]
        kwargs = kwargs or {}
        count: Any = self.counter._count_flops
        return count(func._overloadpacket, func(*args, **kwargs), args, kwargs)


@cache
def _is_whole(func: Any) -> bool:
    if not isinstance(func, OpOverload):
        return False
    name = func.name()  # type: ignore[no-untyped-call]
    return not torch._C._dispatch_has_kernel_for_dispatch_key(name, "CompositeImplicitAutograd")
