"""What tests let a process of its own do; it finds this module on its path."""

from __future__ import annotations

import os
from typing import Any

import torch

from ganbench.api.errors import UsageError


def facts(subject: Any, asked: float) -> tuple[int, str, int]:
    return os.getpid(), subject.spec.variant, torch.get_num_threads()


def refusing(subject: Any, asked: float) -> None:
    raise UsageError("not so", "but so")


def failing(subject: Any, asked: float) -> None:
    raise ZeroDivisionError("by nothing")


def vanishing(subject: Any, asked: float) -> None:
    os._exit(3)
