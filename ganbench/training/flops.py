"""Counting the floating-point operations of a training step."""

from __future__ import annotations

from typing import Any

from torch.utils.flop_counter import FlopCounterMode


class StepFlops(FlopCounterMode):
    """torch's FLOP counter, double backward included, without its attribution to modules.

    It counts matrix products, convolutions and attention; element-wise work is not counted. The
    attribution is left out because its hooks refuse `autograd.grad` with respect to a leaf, and
    that is how gradient penalties are written.
    """

    def __init__(self) -> None:
        super().__init__(display=False)
        self.mod_tracker: Any = _NoModules()

    @property
    def total(self) -> float:
        """Operations counted so far; a multiplication with its addition is two."""
        return float(self.get_total_flops())


class _NoModules:
    parents = frozenset({"Global"})

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
