"""What all trackers share: whether their library is there, and what of a run they tell."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

PICTURES = (".png", ".webp")


def require(module: str, extra: str) -> None:
    """Say at once what to install; importing the library itself can wait until a run begins.

    Raises:
        ImportError: it is not installed.
    """
    if find_spec(module) is None:
        raise ImportError(f"{module} is not installed: pip install 'ganbench[{extra}]'")


def settings(spec: dict[str, Any]) -> dict[str, Any]:
    """What a run's row is found by: its variant, task, seed, budget and parameters, flat."""
    task = spec["task"]
    told = {"variant": spec["variant"], "task": task["name"], "seed": spec["seed"]}
    told |= {"dataset": task["dataset"], "budget": f"{task['budget']['amount']:g}"}
    told["budget_kind"] = task["budget"]["kind"]
    return told | {f"parameter.{name}": value for name, value in spec["parameters"].items()}


def telemetry(row: dict[str, Any]) -> dict[str, float]:
    """The finite numbers of one row of the history, by name."""
    numbers = {name: one for name, one in row.items() if name not in ("step", "logged")}
    named = {f"train/{name}": one for name, one in (numbers | row.get("logged", {})).items()}
    return {name: one for name, one in named.items() if one is not None}


def measured(scores: dict[str, float]) -> dict[str, float]:
    """Scores by name, apart from what is told of training."""
    return {f"score/{name}": value for name, value in scores.items()}


def pictures(files: list[str]) -> dict[str, Path]:
    """Those of a sheet's files that are pictures, by a name that is the same at every mark."""
    found = [Path(file) for file in files if Path(file).suffix in PICTURES]
    return {f"samples{f'-{place}' if place else ''}": path for place, path in enumerate(found)}


def result(record: dict[str, Any]) -> dict[str, Any]:
    """How a run has ended, in words and numbers."""
    return {"status": record["status"], "seconds": record["used"]["seconds"]}
