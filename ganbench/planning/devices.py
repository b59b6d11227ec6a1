"""Which GPUs this process may use, asked of the driver and not of torch."""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import sys

from ganbench.api.errors import UsageError


@functools.lru_cache(maxsize=1)
def cuda_devices() -> tuple[str, ...]:
    """One value of CUDA_VISIBLE_DEVICES per usable GPU; none without a driver.

    A scheduler's own setting is kept: what it hides stays hidden.
    """
    count = _driver_count()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return tuple(str(index) for index in range(count))
    names = (name.strip() for name in visible.split(",") if name.strip())
    # As CUDA does: the first index that names no device hides itself and all that follow.
    return tuple(itertools.takewhile(lambda name: _exists(name, count), names))


def _exists(name: str, count: int) -> bool:
    """Whether an index is one of the driver's; other names (`GPU-...`, `MIG-...`) are trusted."""
    is_index = name.removeprefix("-").isdecimal()
    return count > 0 and (0 <= int(name) < count if is_index else True)


def has_cuda() -> bool:
    """Whether there is a GPU to train on."""
    return bool(cuda_devices())


def resolve_device(requested: str) -> str:
    """`cpu` or `cuda` for a request of `auto`, `cpu` or `cuda`.

    Raises:
        UsageError: CUDA is requested and there is none.
    """
    if requested == "cuda" and not has_cuda():
        raise UsageError(
            "--device cuda: the NVIDIA driver shows no usable GPU",
            "check `nvidia-smi` and CUDA_VISIBLE_DEVICES, or use --device cpu",
        )
    if requested == "auto":
        return "cuda" if has_cuda() else "cpu"
    return requested


def _driver_count() -> int:
    name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
    try:
        nvml = ctypes.CDLL(name)
    except OSError:
        return 0
    if nvml.nvmlInit_v2() != 0:
        return 0
    count = ctypes.c_uint()
    failed = nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0
    nvml.nvmlShutdown()
    return 0 if failed else count.value
