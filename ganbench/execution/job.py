"""What the parent tells a worker. Never imports torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice
from ganbench.planning.runspec import RunSpec

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
        plugins: which ones to load.
        commit: of ganbench's source tree, if it is one.
        checkpoint_seconds: between two checkpoints.
    """

    spec: RunSpec
    folder: Path
    device: str
    visible_device: str | None = None
    threads: int = 1
    plugins: PluginChoice = NO_CHOICE
    commit: str | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS
