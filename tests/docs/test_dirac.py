"""The page about rules of play: its theory is the code's, and what was measured agrees with it."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ..plugins.dirac.test_game import play

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def maker() -> Any:
    spec = importlib.util.spec_from_file_location("make_dirac", DOCS / "make_dirac.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def printed(maker: Any) -> pd.Series[float]:
    """What the page says was measured."""
    text = (DOCS / "dirac.md").read_text("utf-8").split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    found = {
        f"dirac+{loss}{rule}": math.nan if row[column] == "–" else float(row[column])
        for rule, row in zip(maker.RULES, rows[1:], strict=True)
        for loss, column in zip(maker.SLOPES, (2, 4), strict=True)
    }
    return pd.Series(found)


def test_it_is_current(maker: Any) -> None:
    page = maker.page(printed(maker))
    assert (DOCS / "dirac.md").read_text("utf-8") == page, "run: python docs/make_dirac.py"


def test_what_was_measured_is_what_theory_says(maker: Any) -> None:
    """But for how a run began, of which a factor of two is left after 1,000 steps."""
    growth = printed(maker)
    assert growth.isna().sum() == 2  # consensus:10 is too fast for single precision
    for rule, radius in maker.RULES.items():
        for loss, slope in maker.SLOPES.items():
            theory, found = math.log(radius(slope)), growth[f"dirac+{loss}{rule}"]
            assert math.isnan(found) or abs(found - theory) <= math.log(2) / 1000


LOSSES = {
    "non-saturating": ("runs away", "circles"),
    "minimax": ("runs away", "circles"),
    "rp": ("runs away", "circles"),
    "ra": ("runs away", "circles"),
    "hinge": ("runs away", "circles"),
    "wasserstein": ("runs away", "circles"),
    "non-saturating-r1": ("converges", "converges"),
    "lsgan": ("drifts", "drifts"),
    "feature-matching": ("theta converges, psi stays",) * 2,
}
"""Loss -> what becomes of it with simultaneous and with alternating steps."""


def test_every_loss_of_the_table_is_known(maker: Any) -> None:
    assert list(maker.LOSSES) == list(LOSSES)
    for loss, fates in LOSSES.items():
        matrices = (maker.LOSSES[loss](alternating) for alternating in (False, True))
        assert tuple(map(maker.fate, matrices)) == fates


@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_has_the_jacobian_of_its_training(
    maker: Any, loss: str, alternating: bool, tmp_path: Path
) -> None:
    updates = "alternating" if alternating else "simultaneous"
    record = play(f"dirac+{loss}[model.updates={updates}]", tmp_path / "run", steps=10)
    found = record["points"][-1]["scores"]["dirac/linear_growth"]
    theory = math.log(maker.largest_modulus(maker.LOSSES[loss](alternating)))
    assert found == pytest.approx(theory, abs=3e-6)
