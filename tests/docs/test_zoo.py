"""The page of all variants, losses and techniques is that of specs and published results."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_zoo", DOCS / "make_zoo.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def text(module: ModuleType) -> str:
    """The page as it would be written now."""
    written: str = module.page(module.built_ins())
    return written


def test_it_is_fresh(text: str) -> None:
    assert (DOCS / "zoo.md").read_text("utf-8") == text, "run: python docs/make_zoo.py"


def test_it_has_all_that_there_is(module: ModuleType, text: str) -> None:
    catalogue = module.built_ins()
    for name in catalogue.names("variant"):
        assert f"\n## {name}\n" in text
    for kind in ("loss", "technique"):
        assert all(f"\n**{name}**: " in text for name in catalogue.names(kind))


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("ctgan", "adam 0.0002 (0.5, 0.9), weight decay 1e-06;"),
        ("mle-lstm", "adam 0.001 (0.9, 0.999), gradients of a length up to 5 for the generator;"),
        ("lsgan", "rmsprop 0.0001 (decay 0.9);"),
        ("dcgan", "adam 0.0002 (0.5, 0.999);"),
    ],
)
def test_a_recipe_tells_all_of_an_optimiser_that_is_not_usual(
    text: str, variant: str, told: str
) -> None:
    assert told in section(text, f"## {variant}\n")


def test_published_rows_are_those_of_the_leaderboards(text: str) -> None:
    vanilla = section(text, "## vanilla")
    assert "\n| starter | ring8 | `vanilla`: sliced-w2 |" in vanilla
    assert "vanilla+" not in vanilla
    assert "objective=" not in vanilla
    assert "\n| text | unicode-names | `gumbel-softmax+ema:" in section(text, "## gumbel-softmax")


def test_what_is_added_to_the_original_gan_stands_under_that(text: str) -> None:
    assert "| remedies | digits | `vanilla+r1:0.1`: fd |" in section(text, "**r1**")
    assert "| remedies | digits | `vanilla[objective=hinge]`: fd |" in section(text, "**hinge**")
    wasserstein = "| remedies | digits | `vanilla+gp:0.1[objective=wasserstein]`: fd |"
    assert wasserstein in section(text, "**gp**")
    both = "| remedies | digits | `vanilla+r1:0.1+r2:0.1[objective=rp]`: fd |"
    assert all(both in section(text, f"**{name}**") for name in ("r1", "r2"))
    assert "vanilla+" not in section(text, "**rp**")
    assert "| remedies |" not in section(text, "**adam**")


def section(text: str, head: str) -> str:
    """Of one variant, or of one technique or loss."""
    return text.split(f"\n{head}", 1)[1].split("\n## ")[0].split("\n**")[0]


def test_what_papers_report_stands_beside_it(module: ModuleType) -> None:
    rows = list(module._claimed("pacgan"))
    assert "`pacgan[m=1]`: modes in Lin et al. 2018 | 6.3 | ± 0.5 | 10 |" in rows[0]


def test_every_loss_and_technique_has_a_formula(module: ModuleType, text: str) -> None:
    catalogue = module.built_ins()
    ends = text.split("\n## Losses\n")[1]
    for kind in ("loss", "technique"):
        for name in catalogue.names(kind):
            told = ends.split(f"\n**{name}**: ")[1].split("\n**")[0]
            formulas = [line for line in told.splitlines() if line.startswith(f"* `{name}`")]
            assert formulas, name
            for line in formulas:
                formula = line.split(": ", 1)[1]
                assert re.fullmatch(r"`.*[=(<\[|].*`", formula), line


def test_what_losses_and_techniques_do_differently_stands_under_them(text: str) -> None:
    mbd = section(text, "**mbd**")
    assert "\nDifferent from the paper:\n\n* its weights begin at 0" in mbd
    assert "Different" not in section(text, "**clip**")
