"""What is evaluated of a training, and steps of it that are taken elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from ganbench.running.contestant import contestant_of, rehearse
from ganbench.running.kept import _NotKept
from ganbench.scoring.evaluation import NotThereError, RealSide, Snapshot
from ganbench.training.feed import class_shares

from ..proof.proofs import advance, catalogue_with, data_of, same, state, trainer_of

CATALOGUE = catalogue_with("projection", "ali")


def test_a_conditional_generator_is_asked_for_the_tasks_classes() -> None:
    data = data_of("digits")
    trainer = trainer_of("projection-mlp+hinge", data, CATALOGUE)
    contestant = contestant_of(trainer, class_shares(data, "balanced"))
    fakes, labels = contestant.sample(600, seed=3)
    assert labels is not None
    assert fakes.shape == (600, 1, 8, 8)
    assert (torch.bincount(labels, minlength=10) > 30).all()
    with torch.no_grad():
        again, same_labels = contestant.sample(600, seed=3)
    assert torch.equal(fakes, again)
    assert torch.equal(labels, same_labels)  # type: ignore[arg-type]
    plain = contestant_of(trainer_of("vanilla", data, CATALOGUE), class_shares(data, "train"))
    assert plain.sample(5, seed=3)[1] is None


def test_weights_of_extra_modules_must_be_finite_as_well() -> None:
    trainer = trainer_of("ali-mlp+ali", data_of("ring8"), CATALOGUE)
    contestant = contestant_of(trainer)
    assert set(contestant.modules) == {"generator", "discriminator", "extra encoder"}
    assert contestant.extra["encoder"] is contestant.modules["extra encoder"]


ASKED: dict[str, Callable[[Any], object]] = {
    "get": lambda extra: extra.get("encoder"),
    "in": lambda extra: "encoder" in extra,
    "bool": bool,
    "items": lambda extra: list(extra.items()),
    "copy": dict,
}


@pytest.mark.parametrize("how", ASKED)
def test_of_extra_modules_that_were_not_kept_nobody_says_that_there_were_none(how: str) -> None:
    data, samples = data_of("ring8"), torch.zeros(3, 2)
    side = RealSide(data, "heldout", samples.device, pytest.fail)
    extra = Snapshot(side, samples, extra=_NotKept()).extra
    with pytest.raises(NotThereError):
        ASKED[how](extra)
    assert Snapshot(side, samples).extra == {}


def test_a_rehearsal_leaves_the_training_as_it_is() -> None:
    data = data_of("ring8")
    trainer = trainer_of("vanilla+lecam+lookahead:2", data, CATALOGUE)
    advance(trainer, 3)
    before = state(trainer)
    lecam, lookahead = (part.does for part in trainer.objective.techniques)
    kept = lecam.real_mean.clone(), [one.clone() for one in lookahead.slow]
    other = copy.deepcopy(trainer.networks)
    assert rehearse(trainer, other, data, number=5)  # it keeps means and slow weights
    assert same(before, state(trainer))
    assert torch.equal(kept[0], lecam.real_mean)
    assert all(map(torch.equal, kept[1], lookahead.slow))
    ours = trainer.networks.generator.parameters()
    assert not any(map(torch.equal, other.generator.parameters(), ours))


def test_a_rehearsal_is_a_step_of_the_training() -> None:
    """On the Dirac-GAN all batches are alike."""
    catalogue = CATALOGUE
    for variant in ("dirac+wasserstein", "dirac+wasserstein+extragradient"):
        trainer = trainer_of(variant, data_of("dirac"), catalogue)
        with torch.no_grad():
            next(trainer.networks.discriminator.parameters()).fill_(0.25)
        other = copy.deepcopy(trainer.networks)
        assert not rehearse(trainer, other, data_of("dirac"), number=0)
        advance(trainer, 1)
        for ours, theirs in (
            (trainer.networks.generator, other.generator),
            (trainer.networks.discriminator, other.discriminator),
        ):
            for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
                torch.testing.assert_close(one, two)


def test_a_lazy_term_makes_a_step_unlike_the_next() -> None:
    """What grows at one step is then not what grows in the training."""
    for every, lazy in ((1, False), (4, True)):
        trainer = trainer_of(f"dirac+minimax+r1[r1.every={every}]", data_of("dirac"), CATALOGUE)
        other = copy.deepcopy(trainer.networks)
        assert rehearse(trainer, other, data_of("dirac"), number=0) is lazy


def test_techniques_are_put_around_other_networks_too() -> None:
    trainer = trainer_of("vanilla+sn", data_of("ring8"), CATALOGUE)
    plain = trainer_of("vanilla", data_of("ring8"), CATALOGUE).networks
    names = [name for name, _ in plain.discriminator.named_parameters()]
    assert not any("parametrizations" in name for name in names)
    rehearse(trainer, plain, data_of("ring8"), number=0)
    layer = plain.discriminator[-1]  # type: ignore[index]
    assert nn.utils.parametrize.is_parametrized(layer)
