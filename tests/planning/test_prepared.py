"""A variant on data: one recipe, or one reason."""

from __future__ import annotations

from typing import Any

import pytest

from ganbench import DataInfo
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare

POINTS = DataInfo(name="points", modality="points", shape=(2,))
IMAGES = DataInfo(name="images", modality="image", shape=(1, 8, 8))


@pytest.mark.parametrize("text", ["vanilla", "dcgan[lr=0.1]", "mlp+wgan-gp", "mlp+minimax"])
@pytest.mark.parametrize("info", [POINTS, IMAGES], ids=["points", "image"])
def test_it_is_what_the_variant_says(catalogue: Catalogue, text: str, info: DataInfo) -> None:
    variant = choose_variant(text, catalogue)
    prepared = prepare(variant, info, catalogue)
    assert not isinstance(prepared, str)
    assert prepared.recipe == variant.recipe(catalogue, info)
    assert prepared.parameters == variant.parameters_on(info.modality)
    named = {spec.name for spec in prepared.specs}
    assert named >= {prepared.recipe.model, prepared.recipe.loss}


@pytest.mark.parametrize(
    ("text", "info"),
    [
        ("dcgan+minimax", POINTS),
        ("resnet+minimax", POINTS),
        ("vanilla", DataInfo(name="sound", modality="audio", shape=(1, 64))),
    ],
)
def test_or_the_same_reason(catalogue: Catalogue, text: str, info: DataInfo) -> None:
    variant = choose_variant(text, catalogue)
    reason: Any = prepare(variant, info, catalogue)
    assert isinstance(reason, str)
    assert reason == variant.misfit(catalogue, info)
