"""Products of float32 matrices on a CPU by kernels that are as wide as its registers.

torch leaves these products to MKL, which has AVX-512 kernels for Intel's processors and AVX2 ones
for others. oneDNN asks what a processor can do, and not who has made it. torch gives it float32
products only together with leave to round their factors to bfloat16, of which oneDNN makes use
where a processor has units for that (AMX). So leave is given where there are none: results are
float32's, and large ones come up to twice as fast (`docs/speed.md`).
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ganbench.machine.devices import cpu_vendor

TAKEN: Final = 16**3
"""Multiplications from which on torch gives a product to oneDNN."""

PAYS: Final = 2**20
"""Multiplications of a product from which on it gains more than the call of oneDNN costs."""

ERROR: Final = 1e-5
"""Of a product, relative to its largest entry: float32 is below 1e-6, bfloat16 above 1e-3."""


def gains(products: Collection[int]) -> bool:
    """Whether wide kernels make steps faster that consist of such products.

    Not so where one is so small that MKL has it: whether it is depends on how many are computed
    at once, and with the library the order of a sum.

    Args:
        products: multiplications of each.
    """
    return bool(products) and min(products) >= TAKEN and max(products) >= PAYS and has_wider()


@contextmanager
def wide_products(wanted: bool) -> Iterator[None]:
    """Within, torch gives all but the smallest float32 products on the CPU to oneDNN.

    Whoever asks torch for `get_float32_matmul_precision` within gets an error: its one answer does
    not tell of this setting.

    Args:
        wanted: as `gains` says; otherwise nothing is changed.
    """
    if not wanted:
        yield
        return
    flags = _onednn().matmul
    before = flags.fp32_precision
    flags.fp32_precision = "bf16"
    try:
        yield
    finally:
        flags.fp32_precision = before


@functools.cache
def has_wider() -> bool:
    """Whether oneDNN has wider kernels than MKL for this processor, and computes in float32."""
    import torch

    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is None or not hasattr(_onednn(), "matmul"):  # a torch before there was such leave
        return False
    if not _onednn().is_available() or cpu_vendor() in (None, "GenuineIntel"):
        return False
    can: Any = ask()
    if not can.get("avx512_f") or any(can.get(f"amx_{kind}") for kind in ("tile", "bf16", "fp16")):
        return False
    random = torch.Generator().manual_seed(0)
    left, right = (torch.randn(128, 128, generator=random) for _ in range(2))
    with wide_products(True):
        found = left @ right
    exact = left.double() @ right.double()
    return bool((found - exact).abs().max() < ERROR * exact.abs().max())


def _onednn() -> Any:
    import torch

    return torch.backends.mkldnn
