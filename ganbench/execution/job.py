"""What the parent tells a worker, and what it finds in the folder. Never imports torch."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ganbench.planning.runspec import RunSpec

PROGRESS_FILE = "progress.json"
LOG_FILE = "log.txt"
SPEC_FILE = "spec.json"
LOCK_FILE = "lock"


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
    """

    spec: RunSpec
    folder: Path
    device: str
    visible_device: str | None = None
    threads: int = 1
    blocked: tuple[str, ...] = ()


def read_progress(folder: Path) -> dict[str, Any]:
    """How far a run is: `fraction`, `step`, `phase`, `scores`; empty where nothing is known."""
    try:
        progress = json.loads((folder / PROGRESS_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return progress if isinstance(progress, dict) else {}


def write_progress(folder: Path, progress: dict[str, Any]) -> None:
    """Replace the progress file in one step, so that no reader sees half of it."""
    temporary = folder / f"{PROGRESS_FILE}.part"
    temporary.write_text(json.dumps(progress), "utf-8")
    temporary.replace(folder / PROGRESS_FILE)


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log, or an empty string if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 16_384))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
