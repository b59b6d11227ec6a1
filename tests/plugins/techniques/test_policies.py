"""Averages, time scales and learning-rate policies that are added to a recipe."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ganbench import UsageError
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.training.loop import Eager

from ...training.small import catalogue, image, points, random_data, recipe_of, variant_trainer


def test_an_average_is_evaluated_and_trained_by_nothing() -> None:
    data = random_data(points())
    averaged, plain = (variant_trainer(name, data) for name in ("vanilla+ema:0.9", "vanilla"))
    expected = [one.detach().clone() for one in averaged.networks.generator.parameters()]
    for number in range(4):
        for trainer in (averaged, plain):
            Eager(trainer).step(number, 0.0)
        for mean, weight in zip(expected, plain.networks.generator.parameters(), strict=True):
            mean.lerp_(weight.detach(), 0.1)
    for one, other in zip(averaged.evaluated.parameters(), expected, strict=True):
        torch.testing.assert_close(one.detach(), other)
    assert plain.evaluated is plain.networks.generator


def test_an_average_by_its_half_life_in_samples() -> None:
    """Which is the same average for all batches, where a decay is one of steps."""
    for batch, decay in ((100, 0.5), (50, 0.5**0.5)):
        text = f"vanilla+batch:{batch}+ema[ema.half_life=100]"
        training = recipe_of(text, points()).training
        assert (training.ema, training.ema_half_life) == (0.0, 100.0)
        assert training.average_decay == pytest.approx(decay, rel=1e-12)


def test_two_time_scales_change_the_discriminators_rate_alone() -> None:
    training, plain = (recipe_of(name, points()).training for name in ("wgan-gp+ttur:3", "wgan-gp"))
    assert training.discriminator.lr == 3 * plain.generator.lr
    assert training == replace(
        plain, discriminator=replace(plain.discriminator, lr=3 * plain.generator.lr)
    )


@pytest.mark.parametrize(
    ("text", "fractions"),
    [
        ("policy:linear", {0.0: 1.0, 0.25: 0.75, 1.0: 0.0}),
        ("policy", {0.0: 1.0, 0.5: 0.5, 1.0: 0.0}),
        ("policy[policy.warmup=0.2]", {0.0: 0.0, 0.1: 0.5, 0.2: 1.0, 0.6: 0.5, 1.0: 0.0}),
        ("policy:constant[policy.warmup=1/4]", {0.125: 0.5, 0.25: 1.0, 1.0: 1.0}),
    ],
)
def test_both_rates_follow_a_policy(text: str, fractions: dict[float, float]) -> None:
    trainer = variant_trainer(f"vanilla+{text}", random_data(points()))
    for fraction, factor in fractions.items():
        Eager(trainer).step(0, fraction)
        for optimiser in trainer.optimisers.values():
            (group,) = optimiser.param_groups
            assert group["lr"] == pytest.approx(1e-4 * factor, abs=1e-16)
    assert trainer.training.rate_factor(0.5) <= 1


def test_they_add_up_in_the_order_in_which_they_are_typed() -> None:
    training = recipe_of("vanilla+ttur:2+policy:cosine+ema", points()).training
    assert training.discriminator.lr == 2 * training.generator.lr
    assert (training.ema, training.average_decay) == (0.999, 0.999)
    assert training.rate_factor(1 / 3) == pytest.approx((1 + math.cos(math.pi / 3)) / 2)


def test_a_policy_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="not one of: constant, linear, cosine"):
        choose_variant("vanilla+policy:square", catalogue())


def test_without_a_decay_there_is_no_average() -> None:
    assert not isinstance(
        prepare(choose_variant("vanilla+ema:0", catalogue()), points(), catalogue()), str
    )
    trainer = variant_trainer("vanilla+ema:0", random_data(points()))
    assert trainer.evaluated is trainer.networks.generator


def test_both_players_take_batches_of_the_size_that_is_asked_for() -> None:
    batched, plain = (recipe_of(name, image(8)).training for name in ("sngan+batch:8", "sngan"))
    assert (plain.batch_size, plain.generator_batch) == (64, 128)
    assert (batched.batch_size, batched.generator_batch) == (8, 8)
    assert batched == replace(plain, batch_size=8, generator_batch_size=None)


def test_balanced_sampling_changes_sampling_alone_and_needs_classes() -> None:
    labelled = replace(image(8), classes=4)
    balanced, plain = (recipe_of(name, labelled).training for name in ("dcgan+balanced", "dcgan"))
    assert balanced == replace(plain, sampling="balanced")
    refused = prepare(choose_variant("dcgan+balanced", catalogue()), image(8), catalogue())
    assert "needs classes" in str(refused)


def test_who_is_shown_all_classes_equally_often_is_asked_for_them_so() -> None:
    data = random_data(replace(image(8), classes=2), 100)
    data = replace(data, train_labels=(torch.arange(100) >= 95).long())
    for name, share in (("cgan+balanced", 0.5), ("cgan", 0.05)):
        trainer = variant_trainer(name, data)
        _, labels = trainer.real.draw(100)
        assert labels is not None
        assert trainer.labels is not None
        assert float(labels.double().mean()) == pytest.approx(share, abs=0.01)
        asked = trainer.labels.draw(4000).double().mean()
        assert float(asked) == pytest.approx(share, abs=0.03)


def test_adam_changes_the_optimisers_alone_and_keeps_their_rates() -> None:
    text = "wgan+adam[adam.beta1=0.5,adam.beta2=0.9]"  # whose own optimiser is RMSprop
    changed, plain = (recipe_of(name, image(8)).training for name in (text, "wgan"))
    assert plain.generator.name == "rmsprop"
    for side in ("generator", "discriminator"):
        one = getattr(changed, side)
        assert (one.name, one.betas) == ("adam", (0.5, 0.9))
        assert one.lr == getattr(plain, side).lr
    own = {"generator": plain.generator, "discriminator": plain.discriminator}
    assert replace(changed, **own) == plain
