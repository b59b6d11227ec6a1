"""What the parent tells a worker. Never imports torch."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ganbench.planning.reading import require_regular
from ganbench.planning.runspec import RunSpec

CHECKPOINT_FOLDER = "checkpoint"
CHECKPOINT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run, and how to run it.

    Args:
        spec: what to run.
        folder: its run folder.
        device: `cpu` or `cuda`.
        visible_device: the value of CUDA_VISIBLE_DEVICES on a GPU, else None.
        threads: of torch in the worker.
        blocked: names of plugins not to load.
        commit: of ganbench's source tree, if it is one.
        checkpoint_seconds: between two checkpoints.
    """

    spec: RunSpec
    folder: Path
    device: str
    visible_device: str | None = None
    threads: int = 1
    blocked: tuple[str, ...] = ()
    commit: str | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, or an empty string if there is none."""
    try:
        require_regular(path)
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
