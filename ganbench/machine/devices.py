"""Which devices this process may use, asked of the system and its drivers and not of torch."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ganbench.api.errors import UsageError, did_you_mean

DEVICES = ("auto", "cpu", "cuda")
"""What may be asked for; behind `cuda:`, which."""

_PLACES = re.compile(r"[0-9]{1,3}(,[0-9]{1,3})*")


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
    # As CUDA does: the first index that names no device hides itself and all that follow, and one
    # that is named twice hides all.
    seen = tuple(itertools.takewhile(lambda name: _exists(name, count), names))
    return seen if len({*seen}) == len(seen) else ()


def _exists(name: str, count: int) -> bool:
    """Whether an index is one of the driver's; UUIDs are trusted, and other words name nothing."""
    if name.removeprefix("-").isdecimal():
        return 0 <= int(name) < count
    return count > 0 and name.startswith(("GPU-", "MIG-"))


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def has_cuda() -> bool:
    """Whether there is a GPU to train on."""
    return bool(cuda_devices())


def check_device(requested: str) -> str:
    """The request itself, if it is one: `auto`, `cpu`, `cuda`, `cuda:1` or `cuda:0,2`.

    Raises:
        UsageError: it is none, or one of a device that nobody has tried.
    """
    kind, colon, places = requested.partition(":")
    if kind == "mps":
        raise UsageError(
            "--device mps is refused: on Apple's GPUs no run has been compared with one on a CPU, "
            "and their FLOPs, memory and random numbers are untested",
            "use --device cpu",
        )
    if kind == "gpu":
        raise UsageError(f"unknown device {requested!r}", "write it as cuda, cuda:0 or cuda:0,2")
    if kind not in DEVICES:
        raise UsageError(f"unknown device {requested!r}", did_you_mean(kind, DEVICES))
    if colon and not (kind == "cuda" and _PLACES.fullmatch(places)):
        raise UsageError(
            f"device {requested!r} is not of the form cuda:0 or cuda:0,2",
            "numbers are those of the usable GPUs, from 0",
        )
    return requested


def resolve_device(requested: str, *, remote: bool = False) -> str:
    """`cpu` or `cuda` for a request as of `check_device`.

    Args:
        requested: as typed.
        remote: whether it is for other machines: `cuda` is taken at its word then.

    Raises:
        UsageError: it is none, or asks for a GPU that is not there.
    """
    check_device(requested)
    if not remote:
        chosen_gpus(requested)
    if requested == "auto":
        return "cuda" if has_cuda() else "cpu"
    return requested.partition(":")[0]


def chosen_gpus(requested: str) -> tuple[str, ...]:
    """The GPUs of a request, as CUDA_VISIBLE_DEVICES names them; all where it numbers none.

    Raises:
        UsageError: it asks for one that is not there.
    """
    kind, _, places = requested.partition(":")
    if kind == "cpu":
        return ()
    usable = cuda_devices()
    if kind == "cuda" and not usable:
        raise UsageError(
            f"--device {requested}: the NVIDIA driver shows no usable GPU",
            "check `nvidia-smi` and CUDA_VISIBLE_DEVICES, or use --device cpu",
        )
    wanted = [int(place) for place in places.split(",") if place]
    for place in wanted:
        if place >= len(usable):
            raise UsageError(
                f"--device {requested}: there is no GPU {place}, usable are 0 to {len(usable) - 1}",
                "check `nvidia-smi` and CUDA_VISIBLE_DEVICES",
            )
    return tuple(usable[place] for place in dict.fromkeys(wanted)) or usable


def see_gpus(gpus: Sequence[str]) -> None:
    """Have this process, which has used none yet, see these GPUs alone, in this order.

    Args:
        gpus: as CUDA_VISIBLE_DEVICES names them. Where nobody has set that, indices are the
            driver's; CUDA would number GPUs by their speed.
    """
    if "CUDA_VISIBLE_DEVICES" not in os.environ:
        os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)


def torch_device(requested: str) -> str:
    """What torch calls the one device of a request, in this process.

    Raises:
        UsageError: as `resolve_device`, or it names several.
    """
    kind = resolve_device(requested)
    if "," in requested:
        raise UsageError(f"--device {requested} names several GPUs: this takes one", "cuda:0")
    return requested if ":" in requested else kind


@functools.lru_cache(maxsize=1)
def cpu_name() -> str:
    """The processor's name."""
    return _cpu_facts().get("model name") or platform.processor() or platform.machine()


def cpu_kind() -> str | None:
    """Its family, model and stepping, such as ``25-17-1``; None if nobody tells.

    Names may be alike where processors are not: a rented one is often called just by its maker.
    """
    facts = _cpu_facts()
    numbers = [facts.get(name) for name in ("cpu family", "model", "stepping")]
    return "-".join(map(str, numbers)) if None not in numbers else None


def cpu_vendor() -> str | None:
    """Who has made it, such as ``GenuineIntel``; None if nobody tells."""
    return _cpu_facts().get("vendor_id")


def _cpu_facts() -> dict[str, str]:
    """What Linux tells of the first processor."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}


def device_name(requested: str) -> str | None:
    """The name of the CPU, or of the first GPU of a request, as records have it; None if nobody
    tells, or such a GPU is not here."""
    if resolve_device(requested, remote=True) != "cuda":
        return cpu_name()
    usable = cuda_devices()
    place = int(requested.partition(":")[2].partition(",")[0] or 0)
    with _driver() as nvml:
        if nvml is None or place >= len(usable):
            return None
        gpu, handle, name = usable[place], ctypes.c_void_p(), ctypes.create_string_buffer(96)
        is_index = gpu.isdecimal()
        find = nvml.nvmlDeviceGetHandleByIndex_v2 if is_index else nvml.nvmlDeviceGetHandleByUUID
        if find(int(gpu) if is_index else gpu.encode(), ctypes.byref(handle)) != 0:
            return None
        failed = nvml.nvmlDeviceGetName(handle, name, ctypes.c_uint(len(name))) != 0
        return None if failed else name.value.decode("utf-8", "replace")


def _driver_count() -> int:
    with _driver() as nvml:
        count = ctypes.c_uint()
        if nvml is None or nvml.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0:
            return 0
        return count.value


@contextlib.contextmanager
def _driver() -> Iterator[ctypes.CDLL | None]:
    """NVIDIA's management library, or None where there is no driver."""
    name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
    try:
        nvml = ctypes.CDLL(name)
    except OSError:
        yield None
        return
    if nvml.nvmlInit_v2() != 0:
        yield None
        return
    try:
        yield nvml
    finally:
        nvml.nvmlShutdown()
