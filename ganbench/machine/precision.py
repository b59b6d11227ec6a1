"""In which precision a machine multiplies matrices, and how fast: measured, as names do not tell.

Only what measures imports torch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from ganbench.machine.products import wide_products

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "tf32", "bf16"]
"""Of products within forward and backward passes; weights and optimisers have float32 in each."""

PRECISIONS: Final[tuple[Precision, ...]] = get_args(Precision)

SIDE: Final = {"cpu": 512, "cuda": 8192}
"""Of the square matrices that are multiplied: large enough that nothing but the product counts."""

ROUNDS: Final = 9


@contextmanager
def tf32_products(allowed: bool) -> Iterator[None]:
    """Whether a GPU rounds the factors of float32 products and convolutions to TF32's ten bits.

    Both are said: left alone, torch rounds those of convolutions and not those of products.
    Afterwards all is as it was.
    """
    import torch

    cudnn: Any = torch.backends.cudnn
    products, convolutions = torch.get_float32_matmul_precision(), cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        cudnn.allow_tf32 = convolutions


def stopwatch(device: torch.device, threads: int) -> Callable[[], float]:
    """A clock in seconds, of which differences tell what a computation took.

    On one CPU thread it is the processor's time, which other processes leave alone.
    """
    if device.type == "cpu":
        return time.process_time if threads == 1 else time.perf_counter
    import torch

    def now() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return now


def product_speed(precision: Precision, device: torch.device, *, wide: bool = False) -> float:
    """FLOP/s that matrix products reach here, on as many threads as torch computes on.

    The best of a few: it is a limit, which others on the machine can only hide.

    Args:
        precision: of the products.
        device: where they are computed.
        wide: by kernels as of `wide_products`.
    """
    return max(_speeds([precision], device, wide=wide)[precision])


def speed_ratio(precision: Precision, device: torch.device) -> float:
    """How many times as fast as in float32 products are in that precision, both taken in turn."""
    speeds = _speeds(["float32", precision], device)
    pairs = zip(speeds[precision], speeds["float32"], strict=True)
    return median(ours / plain for ours, plain in pairs)


def _speeds(
    precisions: list[Precision], device: torch.device, *, wide: bool = False
) -> dict[Precision, list[float]]:
    import torch

    side, now = SIDE[device.type], stopwatch(device, torch.get_num_threads())
    found: dict[Precision, list[float]] = {one: [] for one in precisions}
    factors = {one: _factors(one, side, device) for one in precisions}
    for turn in range(ROUNDS + 1):
        for one, (left, right) in factors.items():
            with tf32_products(one == "tf32"), wide_products(wide):
                began = now()
                left @ right
                took = now() - began
            if turn:  # the first one warms up
                found[one].append(2 * side**3 / took)
    return found


def _factors(precision: Precision, side: int, device: torch.device) -> tuple[Any, Any]:
    import torch

    random = torch.Generator(device).manual_seed(0)
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(side, side, generator=random, device=device) for _ in range(2))
    return left.to(kind), right.to(kind)
