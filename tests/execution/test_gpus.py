"""GPUs that a driver shows and torch cannot use, asked for in a process of its own."""

from __future__ import annotations

import os

import pytest
import torch

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.execution import gpus
from ganbench.execution.executors.apart import call_apart
from ganbench.execution.gpus import fault_of, require_gpus


def test_a_gpu_that_torch_cannot_use_is_told_before_anything_runs() -> None:
    if torch.cuda.is_available():
        pytest.skip("torch can use the GPU here")
    with pytest.raises(UsageError, match="on which torch cannot compute: ") as raised:
        require_gpus(["0"])
    assert "--device cpu" in str(raised.value.hint)
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_a_kernel_is_run_on_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def ones(size: int, device: str) -> torch.Tensor:
        asked.append(device)
        if device == "cuda:1":
            raise torch.AcceleratorError("CUDA error: no kernel image is available")
        return torch.zeros(size)

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch, "ones", ones)
    assert "no kernel image" in fault_of(["0", "1", "2"])
    assert asked == ["cuda:0", "cuda:1"]


def test_without_gpus_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "call_apart", lambda *_: pytest.fail("a process"))
    require_gpus([])


def test_what_goes_wrong_there_is_told_here() -> None:
    with pytest.raises(GanbenchError, match="ValueError: invalid literal"):
        call_apart(int, "seven")
