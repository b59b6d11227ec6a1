"""What a run's curve of the primary distance says, in a few numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from ganbench.results.record import INSTABILITIES, Column, Point, Record
from ganbench.results.references import trivial_distance
from ganbench.statistics.stability import (
    NOISE_LIMIT,
    evaluation_noise,
    geometric_mean,
    late_degradation,
    oscillation,
    utility,
)


def quality(record: Record) -> dict[str, Any]:
    """Distances, utilities and steadiness, by column; where a run failed there is no end."""
    status, primary = record["status"], record["primary"]
    unstable = {"utility_end": 0.0} if status in INSTABILITIES else {}
    if primary is None:
        return unstable
    column = record["columns"][primary]
    curve = [point["scores"].get(primary) for point in record["points"]]
    known = [distance for distance in curve if distance is not None]
    best = min(known, default=None)
    end = curve[-1] if status == "ok" and curve else None
    row: dict[str, Any] = {"primary": primary, "distance_end": end, "distance_best": best}
    row |= scaled(column, end, best) | unstable
    if status == "ok":
        row |= _steadiness(record, curve)
    return row


def scaled(column: Column, end: float | None, best: float | None) -> dict[str, float | None]:
    """The distances that a setting tells utilities between, and the utilities of two distances.

    Args:
        column: what the primary score is in the setting.
        end, best: distances; None where there is none.
    """
    floor, cap = column["floor"], column["cap"]
    zero = trivial_distance(floor, cap, column.get("references", {}))

    def told(distance: float | None) -> float | None:
        if distance is None or zero is None or floor is None:
            return None
        return utility(distance, zero, floor)

    return {
        "distance_floor": floor,
        "distance_cap": cap,
        "distance_trivial": zero,
        "utility_end": told(end),
        "utility_best": told(best),
    }


def _steadiness(record: Record, curve: Sequence[float | None]) -> dict[str, Any]:
    """How a finished run's distance moved, with what the choice of latents explains left out."""
    fresh = record["fresh"]
    if fresh is None or not curve:
        return {}
    repeats: list[Sequence[float | None]] = [[curve[-1], *fresh["end"]]]
    if fresh["best_fraction"] < 1:
        repeats.append(fresh["best"])
    noise = evaluation_noise(repeats)
    if noise is None:  # an unbiased estimate may be negative, and then has no logarithm
        return {}
    end, best = geometric_mean(fresh["end"]), geometric_mean(fresh["best"])
    positive = all(distance is None or distance > 0 for distance in curve)
    return {
        "evaluation_noise": noise,
        "late_degradation": late_degradation(end, best),
        "oscillation": oscillation(curve, NOISE_LIMIT * noise) if positive else None,
    }


def seconds_per_step(points: Sequence[Point]) -> float | None:
    """Training time of a step: the median over the stretches between evaluations.

    So a slow first stretch does not count.
    """
    seconds, steps, rates = 0.0, 0, []
    for point in points:
        used = point["used"]
        if used["steps"] > steps:
            rates.append((used["seconds"] - seconds) / (used["steps"] - steps))
        seconds, steps = used["seconds"], used["steps"]
    return statistics.median(rates) if rates else None
