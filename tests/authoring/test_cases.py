"""The smaller batches with which checks train."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ganbench import Optimiser, Training
from ganbench.authoring.conformance.cases import Case, smaller
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import Prepared, prepare

from ..training.small import catalogue, image

ADAM = Optimiser(lr=1e-3)


@pytest.mark.parametrize(
    ("training", "batches"),
    [
        ({"batch_size": 96}, (24, None)),
        ({"batch_size": 96, "generator_batch_size": 192}, (24, 24)),
        ({"batch_size": 96, "updates": "simultaneous"}, (24, None)),
        ({"batch_size": 96, "generator_batch_size": 96, "updates": "simultaneous"}, (24, None)),
    ],
)
def test_packs_stay_whole(training: dict[str, Any], batches: tuple[int, int | None]) -> None:
    prepared = prepare(choose_variant("pacgan[m=3]", catalogue()), image(8), catalogue())
    assert isinstance(prepared, Prepared)
    own = Training(generator=ADAM, discriminator=ADAM, **training)
    case = Case(replace(prepared, recipe=replace(prepared.recipe, training=own)), image(8))
    found = smaller(case, catalogue())
    assert (found.batch_size, found.generator_batch_size) == batches
