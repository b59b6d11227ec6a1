"""The page about rules of play: its theory is the code's, and what was measured agrees with it."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

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
    text = (DOCS / "dirac.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    count = 1 + len(maker.RULES)
    found = {
        f"dirac+{loss}{rule}": number(row[column])
        for rule, row in zip(maker.RULES, rows[1:count], strict=True)
        for loss, column in zip(maker.SLOPES, (2, 4), strict=True)
    }
    found |= {
        f"dirac+{loss}{how}": number(row[column])
        for loss, row in zip(maker.LOSSES, rows[count + 1 :], strict=True)
        for how, column in (("", 3), (maker.ALTERNATING, 5))
    }
    return pd.Series(found)


def number(text: str) -> float:
    return math.nan if text == "–" else float(text)


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


def test_losses_are_as_theory_says(maker: Any) -> None:
    """Feature matching has shrunk to a quarter before it stops: what is left of its beginning."""
    growth = printed(maker)
    for loss, truth in maker.LOSSES.items():
        for how in ("", maker.ALTERNATING):
            found = growth[f"dirac+{loss}{how}"]
            if truth is not None:
                radius = maker.spectral_radius(maker.STEP, *truth, alternating=bool(how))
                assert abs(found - math.log(radius)) <= math.log(4.01) / 1000


def test_every_loss_with_plain_steps_is_told() -> None:
    from ganbench.planning.plan import Selection, make_plan
    from ganbench.planning.references import parse_variant

    from ..training.small import catalogue

    text = (DOCS / "dirac.md").read_text("utf-8")
    plan = make_plan(Selection(suite="dirac"), catalogue())
    losses = {parse_variant(one.variant).parts[1].name for one in plan.runs}
    assert len(losses) > 10
    assert [one for one in sorted(losses) if f"`{one}`" not in text] == []
