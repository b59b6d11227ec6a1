"""Counting the floating-point operations of a training step."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

import torch
from torch._ops import OpOverload
from torch.utils.flop_counter import FlopCounterMode, _FlopCounterMode


class StepFlops(FlopCounterMode):
    """torch's FLOP counter, double backward included, without its attribution to modules.

    It counts matrix products, convolutions and attention; element-wise work is not counted. The
    attribution is left out because its hooks refuse `autograd.grad` with respect to a leaf, and
    that is how gradient penalties are written.
    """

    def __init__(self) -> None:
        super().__init__(display=False)
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
