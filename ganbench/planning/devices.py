"""Which GPUs this process may use, asked of the driver and not of torch."""

from __future__ import annotations

import ctypes
import functools
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
    names = tuple(name.strip() for name in visible.split(",") if name.strip())
    return names[:count] if "-1" not in names else ()


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
