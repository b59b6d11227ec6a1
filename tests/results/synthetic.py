"""Records as runs leave them, made up with known numbers."""

from __future__ import annotations

import copy
import math
import random
from typing import Any

from ganbench.api.version import PROTOCOL_VERSION, SCHEMA_VERSION
from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import Task
from ganbench.results.record import Column, Fresh, Record

CAPS = {"ring8": 1.0, "grid25": 8.0, "digits": 400.0}
FLOORS = {"ring8": 0.004, "grid25": 0.02, "digits": 1.5}
W2 = "w2/exact/heldout/1000x1000"
FD = "fd/classifier-digits@1b2c3d4e/embedding/heldout/1000x1000"


def column(label: str, panel: str, direction: str, **more: Any) -> Column:
    values: dict[str, Any] = {
        "label": label, "panel": panel, "direction": direction, "null": None, "floor": None,
        "measured_floor": None, "cap": None, "n_real": 1000, "n_fake": 1000, "unit": "",
        "lowest": None, "highest": None, "read_with": "",
    }  # fmt: skip
    return Column(**{**values, **more})


def columns_of(task: str) -> dict[str, Column]:
    distance = {"floor": FLOORS[task], "cap": CAPS[task]}
    if task == "digits":
        prdc = "prdc/classifier-digits@1b2c3d4e/heldout/1000x1000"
        return {
            FD: column("FD[classifier]", "distance", "lower", **distance),
            f"kid/{prdc}": column("KID[classifier]", "distance", "lower", null=0.0),
            f"coverage/{prdc}": column("coverage", "collapse", "higher", null=0.97),
            f"recall/{prdc}": column("recall", "collapse", "higher"),
            f"precision/{prdc}": column("precision", "quality", "higher"),
            f"density/{prdc}": column("density", "quality", "target", null=1.0),
        }
    modes = 8 if task == "ring8" else 25
    return {
        W2: column("W2", "distance", "lower", **distance),
        f"modes/{modes}@2500": column("modes", "collapse", "target", null=float(modes)),
        f"high-quality/{modes}@2500": column("high quality", "quality", "target", null=0.98889),
        f"reverse-kl/{modes}@2500": column("reverse KL", "collapse", "lower", null=0.0014),
    }


def spec(variant: str = "vanilla", task: str = "ring8", seed: int = 0, **more: Any) -> RunSpec:
    name = variant.partition("[")[0]
    pin = {
        "kind": "variant", "name": name, "plugin": name, "distribution": "ganbench",
        "version": "0.1.0", "source_hash": "sha256:" + "ab" * 32,
    }  # fmt: skip
    values: dict[str, Any] = {
        "suite": "starter",
        "variant": variant,
        "parameters": {"lr": 2e-4},
        "task": Task(
            name=task,
            dataset=task,
            budget=Budget("flops", 1e12),
            scores=("w2", "modes"),
            fakes=2500,
        ),
        "dataset_parameters": {},
        "seed": seed,
        "pins": ({**pin, "kind": "dataset", "name": task}, pin),
    }
    return RunSpec(**{**values, **more})


def record(run: RunSpec, ends: list[float], status: str = "ok", **more: Any) -> Record:
    """A run whose primary distance took these values; a failed one stopped after the last."""
    columns = columns_of(run.task.name)
    primary = next(iter(columns))
    rng = random.Random(f"{run.run_id}")  # noqa: S311
    points = []
    for index, distance in enumerate(ends, start=1):
        fraction = index / run.task.evaluations if status != "ok" else index / len(ends)
        near = 1 - math.log(max(1.0, distance / FLOORS[run.task.name])) / 8
        scores = {}
        for key, one in columns.items():
            target = 1.0 if one["null"] is None else one["null"]
            noise = rng.uniform(0.97, 1.0)
            scores[key] = target * near * noise if one["direction"] != "lower" else distance / 50
        scores[primary] = distance
        for key in columns:
            if key.startswith("modes"):
                scores[key] = float(round(scores[key]))
        used = {
            "flops": 1e12 * fraction, "seconds": 9.3 * fraction * rng.uniform(0.98, 1.02),
            "images": round(512_000 * fraction), "steps": round(4000 * fraction),
        }  # fmt: skip
        points.append({"fraction": fraction, "used": used, "scores": scores})
    none = {"flops": 0.0, "seconds": 0.0, "images": 0, "steps": 0}
    failure = {"message": "weights are not finite", "traceback": "", "signal": None, "step": 500}
    made: dict[str, Any] = {
        "schema": SCHEMA_VERSION, "protocol": PROTOCOL_VERSION, "api": 1,
        "run_id": run.run_id, "spec": run.to_json(),
        "pins": list(run.pins), "status": status, "failure": None if status == "ok" else failure,
        "used": points[-1]["used"] if points else none, "flops_per_step": 2.5e8,
        "parameters": {"generator": 33666, "discriminator": 33409},
        "peak_memory_bytes": 350_000_000 + rng.randrange(1000),
        "clocks": {"training": 9.3, "evaluation": 0.6, "setup": 0.4, "wall": 10.4},
        "columns": columns if points else {}, "primary": primary if points else None,
        "points": points, "fresh": fresh(ends, points) if status == "ok" else None,
        "environment": {
            "python": "3.11.7", "torch": "2.14.1", "cuda": None, "driver": None, "device": "cpu",
            "device_name": "AMD EPYC", "cpu": "AMD EPYC", "cpu_kind": "26-2-1 AVX512",
            "threads": 1, "ganbench": "0.1.0", "commit": None,
            "platform": "Linux-x86_64", "host": "secret-host",
        },
        "resumed": 0, "started": "2026-11-23T00:00:00+00:00",
        "finished": "2026-11-23T00:00:11+00:00",
    }  # fmt: skip
    return copy.deepcopy(made) | more  # type: ignore[return-value]


def fresh(ends: list[float], points: list[Any]) -> Fresh | None:
    """What fresh latents show where they show exactly what the others did."""
    if not points:
        return None
    best = min(range(len(ends)), key=ends.__getitem__)
    return {
        "best_fraction": points[best]["fraction"], "best": [ends[best]] * 2, "end": [ends[-1]] * 2,
    }  # fmt: skip


def curve(task: str, level: float, seed: int, late: float = 1.0) -> list[float]:
    """Ten distances that fall from near the cap to `level` times the floor, give or take."""
    rng = random.Random(f"{task}{seed}{level}")  # noqa: S311
    cap, target = CAPS[task] * 0.9, FLOORS[task] * level
    values = [
        target * (cap / target) ** (0.5**step) * rng.lognormvariate(0, 0.12) for step in range(10)
    ]
    return [*values[:-1], values[-1] * late]


def starter() -> list[Record]:
    """Three tasks, five seeds: a good, a fair, a never-trained and a half-run variant."""
    records = []
    for task in CAPS:
        for seed in range(5):
            records.append(record(spec("wgan-gp", task, seed), curve(task, 2, seed)))
            values, status = curve(task, 12, seed, late=2.6 if seed == 3 else 1), "ok"
            if (task, seed) == ("grid25", 2):
                values, status = values[:4], "nonfinite_weights"
            if (task, seed) == ("digits", 4):
                values, status = values[:6], "timeout"
            records.append(record(spec("vanilla", task, seed), values, status))
            high = [CAPS[task] * 1.1] * 10
            records.append(record(spec("stillborn[lr=1.0]", task, seed), high))
            if seed < 2:
                records.append(record(spec("dcgan", task, seed), curve(task, 4, seed)))
    return records
