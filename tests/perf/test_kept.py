"""What counts as a loss, and how a ratio is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .kept import TOLERANCE, Kept, Ratios

NAME = "this against that"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    kept = {NAME: Kept(ratio=4.0, tolerance=0.5, measured_on="an abacus")}
    (tmp_path / "ratios.json").write_text(json.dumps(kept))
    return tmp_path / "ratios.json"


@pytest.mark.parametrize("ratio", [2.0, 3.9, 4.0, 400.0])
def test_within_the_tolerance_or_better_is_no_loss(file: Path, ratio: float) -> None:
    before = file.read_text()
    Ratios(file).compare(NAME, ratio)
    assert file.read_text() == before


def test_worse_than_the_tolerance_is_one(file: Path) -> None:
    with pytest.raises(AssertionError, match=r"1.99 times .* 4 is kept \(an abacus\) and 2 would"):
        Ratios(file).compare(NAME, 1.99)


def test_what_is_not_kept_is_asked_for(file: Path) -> None:
    with pytest.raises(AssertionError, match="no ratio is kept of 'it': run it with --keep-ratios"):
        Ratios(file).compare("it", 1.0)


def test_a_ratio_is_replaced_and_its_tolerance_stays(file: Path) -> None:
    ratios = Ratios(file, replace=True)
    ratios.compare(NAME, 1.23456)
    ratios.compare("new", 7)
    found = ratios.read()
    assert (found[NAME]["ratio"], found[NAME]["tolerance"]) == (1.235, 0.5)
    assert (found["new"]["ratio"], found["new"]["tolerance"]) == (7, TOLERANCE)
    assert found["new"]["measured_on"] not in ("", "an abacus")


def test_what_the_repository_keeps_is_sound() -> None:
    for name, kept in Ratios().read().items():
        assert kept["ratio"] > 0, name
        assert 0 < kept["tolerance"] < 1, name
        assert kept["measured_on"], name
