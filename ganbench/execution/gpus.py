"""Whether torch can train on the GPUs that the driver shows: its build may be of another kind."""

from __future__ import annotations

from collections.abc import Sequence

from ganbench.api.errors import UsageError, one_line
from ganbench.execution.executors.apart import call_apart
from ganbench.machine.devices import see_gpus


def require_gpus(gpus: Sequence[str]) -> None:
    """Make sure that torch computes on these GPUs, as seen by a process of its own.

    Args:
        gpus: values of CUDA_VISIBLE_DEVICES; none: nothing is asked.

    Raises:
        UsageError: it does not.
    """
    if gpus and (fault := call_apart(fault_of, list(gpus))):
        raise UsageError(
            f"the driver shows a GPU on which torch cannot compute: {fault}",
            "look at `nvidia-smi`; if torch is built for another kind (`ganbench doctor` shows "
            "versions), install one that is for it; or train on the CPU: --device cpu",
        )


def fault_of(gpus: Sequence[str]) -> str:
    """What keeps torch from computing on a GPU; empty if nothing does. For a fresh process."""
    import torch

    see_gpus(gpus)
    try:
        for index in range(max(1, torch.cuda.device_count())):
            # To add takes a kernel for its generation, which a build may lack.
            torch.ones(1, device=f"cuda:{index}").add_(1).item()
    except (RuntimeError, AssertionError) as error:
        return one_line(error)
    return ""
