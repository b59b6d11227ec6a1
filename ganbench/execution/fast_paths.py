"""Whether this machine has a fast path for a precision: measured, as no name tells."""

from __future__ import annotations

import functools

from ganbench.api.errors import UsageError
from ganbench.execution.executors.apart import call_apart
from ganbench.machine.devices import chosen_gpus, device_name, resolve_device, see_gpus
from ganbench.machine.precision import Precision, speed_ratio
from ganbench.machine.threads import computing_on


def require_fast_path(precision: Precision, requested: str, threads: int) -> None:
    """Make sure that training in a precision is no slower here than in float32.

    Args:
        precision: of products.
        requested: device, as of `check_device`.
        threads: CPU threads of each run.

    Raises:
        UsageError: it is, or there is no such precision on the device.
    """
    if precision == "float32":
        return
    kind = resolve_device(requested)
    if not has_path(precision, kind):
        raise UsageError(
            f"--precision {precision}: not available on a CPU, it is a rounding mode of GPUs",
            "train in float32, or in bf16 where `ganbench doctor` shows a fast path",
        )
    ratio = measured_ratio(precision, requested, threads)
    if ratio < 1:
        raise UsageError(
            f"--precision {precision}: products are {ratio:.2f} times as fast as in float32 on "
            f"{device_name(requested) or 'this device'}, as measured just now",
            "train in float32, which is faster here and more exact; or on another machine",
        )


def has_path(precision: Precision, kind: str) -> bool:
    """Whether devices of a kind, `cpu` or `cuda`, know that precision at all."""
    return precision != "tf32" or kind == "cuda"


@functools.lru_cache(maxsize=8)
def measured_ratio(precision: Precision, requested: str, threads: int) -> float:
    """How many times as fast as in float32 matrix products are here, on so many threads.

    Args:
        precision: one that the device has.
        requested: device, as of `check_device`; of several GPUs the first is measured.
        threads: of the CPU.
    """
    if resolve_device(requested) == "cpu":
        return _measured(precision, "cpu", threads)
    # In a process of its own: what it takes of the GPU's memory, runs would lack.
    return call_apart(_measured_on, precision, chosen_gpus(requested)[0], threads)


def _measured_on(precision: Precision, gpu: str, threads: int) -> float:
    see_gpus([gpu])
    return _measured(precision, "cuda", threads)


def _measured(precision: Precision, device: str, threads: int) -> float:
    import torch

    with computing_on(threads):
        return speed_ratio(precision, torch.device(device))
