"""What a run ran on: the part of its record that says where numbers come from."""

from __future__ import annotations

import os
import platform
import resource
from pathlib import Path
from typing import Any

import torch

from ganbench.api.version import __version__
from ganbench.machine.cores import held_to
from ganbench.machine.devices import cpu_kind, cpu_name


def describe_environment(device: torch.device, commit: str | None) -> dict[str, Any]:
    """Versions, device and threads, as plain JSON. Names neither the host nor the user.

    Args:
        device: where the run runs.
        commit: of ganbench's source, see `source_commit`.
    """
    cuda = device.type == "cuda"
    return {
        "ganbench": __version__,
        "commit": commit,
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "cuda": torch.version.cuda if cuda else None,
        "driver": _driver_version() if cuda else None,
        "device": device.type,
        "device_name": torch.cuda.get_device_name(device) if cuda else cpu_name(),
        "cpu": cpu_name(),
        "cpu_kind": f"{cpu_kind() or platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
        "threads": torch.get_num_threads(),
        "held_to_cores": held_to(),
        "platform": f"{platform.system()}-{platform.machine()}",
        "visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES") if cuda else None,
    }


def peak_memory(device: torch.device) -> int:
    """Bytes at the run's peak: of tensors on a GPU, of the whole process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def limit_memory(device: torch.device, cap: int) -> None:
    """Make allocations beyond `cap` bytes fail, which ends the run as `oom`.

    On a GPU the cap holds for torch's allocator, on a CPU for what the process allocates from here
    on (the kernel's RLIMIT_DATA: exact, and without a watcher that could come too late).
    """
    if device.type == "cuda":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, cap / total), device)
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_segment() + cap
    resource.setrlimit(
        resource.RLIMIT_DATA, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard)
    )


def _data_segment() -> int:
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def _driver_version() -> str | None:
    try:
        text = Path("/proc/driver/nvidia/version").read_text("utf-8")
    except OSError:
        return None
    words = text.split()
    return words[words.index("Module") + 1] if "Module" in words else None
