"""Techniques that want both players' batches to be of one size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ganbench.planning.naming import choose_variant
from ganbench_plugins.techniques import consensus, minibatch

from ...training.small import catalogue, image, points, recipe_of


@pytest.mark.parametrize(
    ("module", "why"),
    [
        (consensus, "both players step on one batch, and the recipe has 8 samples and 16"),
        (minibatch, "it counts neighbours in a batch, and the players' batches are of 8 and 16"),
    ],
)
def test_batches_of_two_sizes_are_refused(module: Any, why: str) -> None:
    """Consensus would leave out one; twice as many samples have twice as many neighbours."""
    recipe = recipe_of("vanilla", points())
    two = replace(recipe.training, batch_size=8, generator_batch_size=16)
    assert module.misfit(recipe, points()) is None
    assert module.misfit(replace(recipe, training=two), points()) == why


@pytest.mark.parametrize("technique", ["mbd", "consensus"])
def test_a_variant_that_has_them_is_refused_when_planned(technique: str) -> None:
    """SNGAN's generator learns from twice its discriminator's batch."""
    told = choose_variant(f"sngan+{technique}", catalogue()).misfit(catalogue(), image(8))
    assert told is not None
    assert "and" in told
