"""TensorBoard: event files in each run's folder, for ``tensorboard --logdir runs``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ganbench import hookimpl
from ganbench_plugins.trackers.telling import measured, pictures, require, settings, telemetry

GANBENCH_API_VERSION = 2

require("tensorboard", "tensorboard")

_writers: dict[str, Any] = {}


@hookimpl
def ganbench_run_started(spec: dict[str, Any], run: dict[str, str]) -> None:
    """Open the event file."""
    library = importlib.import_module("torch.utils.tensorboard")
    writer = _writers[run["id"]] = library.SummaryWriter(Path(run["folder"]) / "tensorboard")
    lines = [f"| {name} | {value} |" for name, value in settings(spec).items()]
    writer.add_text("run", "\n".join(["| setting | value |", "|---|---|", *lines]))


@hookimpl
def ganbench_trained(run: dict[str, str], steps: list[dict[str, Any]]) -> None:
    """Losses, logits, gradient norms and what parts have logged."""
    for row in steps:
        _add(run["id"], telemetry(row), row["step"])


@hookimpl
def ganbench_evaluated(
    run: dict[str, str], point: dict[str, Any], scores: dict[str, float], sheets: list[str]
) -> None:
    """Scores and pictures of samples."""
    import numpy as np
    from PIL import Image

    step = point["used"]["steps"]
    _add(run["id"], measured(scores), step)
    writer = _writers[run["id"]]
    for name, path in pictures(sheets).items():
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        writer.add_image(name, pixels, step, dataformats="HWC")
    writer.flush()


@hookimpl
def ganbench_run_ended(run: dict[str, str], record: dict[str, Any]) -> None:
    """How it ended; the file is closed."""
    writer = _writers.pop(run["id"])
    writer.add_text("status", record["status"])
    writer.close()


def _add(run_id: str, numbers: dict[str, float], step: int) -> None:
    for name, value in numbers.items():
        _writers[run_id].add_scalar(name, value, step)
