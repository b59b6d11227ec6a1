"""Utilities are told between the distances of the setting: no run has a scale of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganbench.publishing.reading import read_published
from ganbench.publishing.validation.validate import Report, validate
from ganbench.results.frame import collect
from ganbench.statistics.stability import utility

from ...results.synthetic import W2, curve, record, spec
from ..doctored import published

RUNS = collect(
    record(spec(name, seed=seed), curve("ring8", level, seed))
    for name, level in (("vanilla", 9), ("wgan-gp", 2))
    for seed in range(5)
)


def columns_in(report: Report) -> set[str | None]:
    return {one.column for one in report.errors}


def scaled(row: dict[str, Any], **factors: float) -> None:
    """Vanilla's distances between real samples times a factor, and the utilities that follow."""
    if row["variant"] == "vanilla":
        for name, factor in factors.items():
            row[f"distance_{name}"] *= factor
        scale = row["distance_trivial"], row["distance_floor"]
        row["utility_end"] = utility(row["distance_end"], *scale)
        row["utility_best"] = utility(row["distance_best"], *scale)


@pytest.mark.parametrize(
    "factors", [{"cap": 1e6, "trivial": 1e6}, {"trivial": 0.5}, {"floor": 1.1}, {"cap": 1.00001}]
)
def test_a_scale_of_ones_own_is_found(tmp_path: Path, factors: dict[str, float]) -> None:
    report = validate(published(tmp_path, RUNS, lambda row: scaled(row, **factors)))
    assert columns_in(report) == {f"distance_{name}" for name in factors}
    assert {one.row for one in report.errors} == {2, 3, 4, 5, 6}
    assert "by the manifest it is" in report.errors[0].message


def test_the_rounding_of_another_machine_is_none_of_ones_own(tmp_path: Path) -> None:
    folder = published(tmp_path, RUNS, lambda row: scaled(row, cap=1 + 1e-7, trivial=1 + 1e-7))
    assert validate(folder).errors == []
    assert len(set(read_published(folder)[0].frame["distance_cap"])) == 2


FIRST = "vanilla", 0
BLANK: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "the primary score": (lambda row: row.update(primary=None), "primary", "empty, other runs"),
    "the distance at the end": (
        lambda row: row.update(distance_end=None, utility_end=None),
        "distance_end",
        "None, the primary score is",
    ),
    "the primary score's cell too": (
        lambda row: row.update({"distance_end": None, "utility_end": None, W2: None}),
        "distance_end",
        "it is empty",
    ),
}


@pytest.mark.parametrize("case", BLANK)
def test_a_finished_run_keeps_its_distance(tmp_path: Path, case: str) -> None:
    edit, column, message = BLANK[case]
    folder = published(
        tmp_path, RUNS, lambda row: (row["variant"], row["seed"]) == FIRST and edit(row)
    )
    found = [one for one in validate(folder).errors if (one.row, one.column) == (2, column)]
    assert any(message in one.message for one in found), found


def test_without_a_primary_score_no_distance_is_made_up(tmp_path: Path) -> None:
    """Not even where no run has one: nothing would say what it is the distance of."""

    def free(row: dict[str, Any]) -> None:
        if row["variant"] == "vanilla":
            better = {"distance_end": 0.005, "distance_best": 0.005}
            row.update(primary=None, **better)
            scaled(row)

    report = validate(published(tmp_path, RUNS, free))
    assert columns_in(report) >= {"distance_end", "distance_floor", "utility_best"}
    assert any("without a primary score there is none" in one.message for one in report.errors)


def test_runs_that_failed_before_they_were_judged_have_no_scale_and_are_valid(
    tmp_path: Path,
) -> None:
    records = [record(spec("dcgan", seed=seed), [], "nonfinite_weights") for seed in range(5)]
    folder = published(tmp_path, collect(records), lambda row: row)
    assert set(read_published(folder)[0].frame["utility_end"]) == {0.0}
    assert validate(folder).errors == []
