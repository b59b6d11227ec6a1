"""What a recipe names, built: seeded alike, on what the discriminator is to see, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ganbench import UsageError
from ganbench.training.wrapped import samples_per_judgement

from ..proof.proofs import catalogue_with, data_of, state, trainer_of

DRAWING = '''
"""A loss and a technique with networks of their own, which are drawn when they are built."""

from ganbench import LossSpec, Optimiser, TechniqueSpec, Training, hookimpl

ADAM = Optimiser(lr=1e-3)


class Drawing:
    trained_with = "discriminator"

    def __init__(self, data):
        from torch import nn

        self.seen = data.shape
        self.network = nn.Linear(data.features, 1)

    def discriminator_loss(self, step):
        return self.network(step.fake.flatten(1)).square().mean()


class Loss(Drawing):
    def generator_loss(self, step):
        return -step.fake_logits.mean()


@hookimpl
def ganbench_losses():
    training = Training(generator=ADAM, discriminator=ADAM)
    return [LossSpec(name="drawing", description="d", build=Loss, training=training)]


@hookimpl
def ganbench_techniques():
    return [TechniqueSpec(name="drawn", description="d", build=Drawing)]
'''


@pytest.fixture
def drawing(tmp_path: Path) -> str:
    (tmp_path / "drawing.py").write_text(DRAWING)
    return str(tmp_path / "drawing.py")


def test_networks_begin_with_the_same_weights_whatever_they_are_trained_by(drawing: str) -> None:
    catalogue = catalogue_with(drawing)
    names = ("mlp+minimax", "mlp+drawing", "mlp+minimax+drawn", "mlp+drawing+drawn+r1:1")
    first, *others = (state(trainer_of(name, data_of("ring8"), catalogue)) for name in names)
    for other in others:
        assert all(torch.equal(first[name], one) for name, one in other.items())


def test_whoever_asks_for_the_data_is_told_its_shape(drawing: str) -> None:
    trainer = trainer_of("mlp+drawing+drawn", data_of("digits"), catalogue_with(drawing))
    assert [part.does.seen for part in trainer.objective.parts] == [(1, 8, 8)] * 2
    two = [part.does.network.weight for part in trainer.objective.parts]
    ours = {id(one) for one in trainer.trained["discriminator"]}
    assert {id(one) for one in two} < ours


def test_the_discriminator_is_built_for_what_techniques_show_it() -> None:
    trainer = trainer_of("mlp+hinge+pac:4", data_of("ring8"), catalogue_with())
    assert samples_per_judgement(trainer.networks.discriminator) == 4
    weight = trainer.networks.discriminator.wrapped[1].weight  # type: ignore[index, union-attr]
    assert weight.shape[1] == 8  # type: ignore[union-attr]


def test_packs_of_a_conditional_discriminator_are_refused_by_whoever_packs(tmp_path: Path) -> None:
    """A technique of somebody's own, whose spec does not say that it cannot."""
    own = tmp_path / "own.py"
    own.write_text(
        "from ganbench import TechniqueSpec, hookimpl\n"
        "from ganbench_plugins.techniques.packing import Packing\n\n\n"
        "@hookimpl\ndef ganbench_techniques():\n"
        '    return [TechniqueSpec(name="own-pac", description="d", build=Packing)]\n'
    )
    catalogue = catalogue_with("projection", str(own))
    with pytest.raises(UsageError) as caught:
        trainer_of("projection-mlp+hinge+own-pac", data_of("digits"), catalogue)
    assert caught.value.message == (
        "model projection-mlp judges samples by their classes, and own-pac shows it several at a "
        "time"
    )
