"""The global state that a plugin shares with everything else in its process."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganbench.machine.threads import computing_on
from ganbench.training.seeds import seed_everything

PYTHON, NUMPY, TORCH = "Python's random numbers", "NumPy's random numbers", "torch's random numbers"


def settings() -> dict[str, Any]:
    """Global settings of torch, NumPy and the process that change what others compute."""
    backends = torch.backends
    return {
        "torch's default dtype": torch.get_default_dtype(),
        "torch's default device": torch.get_default_device(),
        "torch's gradient mode": torch.is_grad_enabled(),
        "torch's anomaly detection": torch.is_anomaly_enabled(),
        "torch's deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "torch's number of threads": torch.get_num_threads(),
        "torch's matmul precision": torch.get_float32_matmul_precision(),
        "cudnn.benchmark": backends.cudnn.benchmark,
        "cudnn.deterministic": backends.cudnn.deterministic,
        "cudnn.allow_tf32": backends.cudnn.allow_tf32,
        "NumPy's error handling": np.geterr(),
        "the working folder": str(Path.cwd()),
        "the environment": dict(os.environ),
    }


def random_states() -> dict[str, object]:
    """The states of the global random generators, comparable with `==`."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        PYTHON: random.getstate(),
        NUMPY: (kind, tuple(np.asarray(keys)), *rest),
        TORCH: torch.get_rng_state().numpy().tobytes(),
    }


@contextmanager
def kept() -> Iterator[None]:
    """One thread, seeded; random numbers, threads and gradient mode are as they were afterwards."""
    python, numpy_state = random.getstate(), np.random.get_state()
    gradients = torch.is_grad_enabled()
    dtype, precision = torch.get_default_dtype(), torch.get_float32_matmul_precision()
    with torch.random.fork_rng(), computing_on(1):
        try:
            seed_everything(0)
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy_state)
            torch.set_grad_enabled(gradients)
            torch.set_default_dtype(dtype)
            torch.set_float32_matmul_precision(precision)
