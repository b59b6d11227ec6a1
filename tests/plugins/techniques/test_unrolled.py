"""Unrolling: by hand, by finite differences of real optimiser steps, and what it leaves alone."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from ganbench import Data, DataInfo, Latent, Networks, Optimiser, UsageError
from ganbench.planning.naming import choose_variant
from ganbench.training.loop import Eager
from ganbench.training.objective import Part
from ganbench.training.step import TrainingStep
from ganbench.training.trainer import Trainer
from ganbench_plugins.techniques.feature_matching import FeatureMatching
from ganbench_plugins.techniques.r1 import R1
from ganbench_plugins.techniques.unrolled import Unrolled, misfit
from ganbench_plugins.variants.vanilla import NonSaturating

from ...training.small import (
    catalogue,
    image,
    points,
    random_data,
    recipe_of,
    small_trainer,
    variant_trainer,
)

RULES = {
    "sgd": Optimiser(name="sgd", lr=0.3),
    "momentum": Optimiser(name="sgd", lr=0.2, momentum=0.8),
    "adam": Optimiser(lr=0.05, betas=(0.5, 0.9)),
    "rmsprop": Optimiser(name="rmsprop", lr=0.02, alpha=0.9),
    "clipped": Optimiser(name="sgd", lr=0.3, clip_norm=0.2),
}
GAMMA = 0.7


def tiny(k: int, rule: str, gamma: float = 0.0, fm: float = 0.0) -> Trainer:
    """Two layers on each side in double precision, some steps on their way."""
    torch.manual_seed(0)
    networks = Networks(
        generator=nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).double(),
        discriminator=nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double(),
        latent=Latent(size=2),
    )
    networks.generator.register_forward_pre_hook(lambda _, inputs: (inputs[0].double(),))
    data = random_data(points(), 64)
    techniques = [Part("unrolled", Unrolled(k), frozenset({"real"}), "technique")]
    if gamma:
        needs = frozenset({"real_slopes"})
        techniques.append(Part("r1", R1(gamma), needs, "technique"))
    if fm:
        needs = frozenset({"real", "features"})
        techniques.append(Part("fm", FeatureMatching(fm), needs, "technique"))
    trainer = small_trainer(
        NonSaturating(),
        networks,
        Data(info=data.info, train=data.train.double(), heldout=data.heldout.double()),
        techniques=techniques,
        discriminator=RULES[rule],
        batch_size=8,
    )
    engine = Eager(trainer)
    for number in range(3):
        engine.step(number, 0.0)
    return trainer


def critic_loss(D: nn.Module, weights: dict[str, Tensor], step: Any, fake: Tensor) -> Tensor:
    """Non-saturating with R1, written out for given weights."""
    real = step._batch.real.detach().requires_grad_()
    real_logits = functional_call(D, weights, (real,))
    fake_logits = functional_call(D, weights, (fake,))
    loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return loss + GAMMA / 2 * slope.square().sum(dim=1).mean()


@pytest.mark.parametrize("k", [1, 5])
def test_gradient_descent_unrolled_by_hand(k: int) -> None:
    """Eq. 9 and 10, with R1 in the discriminator's objective."""
    trainer = tiny(k, "sgd", gamma=GAMMA)
    G, D = trainer.networks.generator, trainer.networks.discriminator
    step = trainer.draw("generator")
    fake = G(step.latent)
    weights = dict(D.named_parameters())
    for _ in range(k):
        loss = critic_loss(D, weights, step, fake)
        slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        moved = [one - 0.3 * slope for one, slope in zip(weights.values(), slopes, strict=True)]
        weights = dict(zip(weights, moved, strict=True))
    loss = F.softplus(-functional_call(D, weights, (fake,))).mean()
    expected = torch.autograd.grad(loss, list(G.parameters()))
    trainer.differentiate("generator", step)
    assert trainer.last["generator"][1].item() == pytest.approx(loss.item(), rel=1e-12)
    for one, gradient in zip(G.parameters(), expected, strict=True):
        torch.testing.assert_close(one.grad, gradient, rtol=1e-9, atol=1e-12)


def test_features_of_real_samples_move_with_the_fakes_as_well() -> None:
    """Those of the discriminator to come: it learns from these fakes, and what it makes of real
    samples is a function of the generator's weights."""
    trainer = tiny(2, "sgd", fm=0.7)
    G, D = trainer.networks.generator, trainer.networks.discriminator
    step = trainer.draw("generator")
    fake, real = G(step.latent), step._batch.real
    assert real is not None
    weights = dict(D.named_parameters())
    for _ in range(2):
        loss = F.softplus(-functional_call(D, weights, (real,))).mean()
        loss = loss + F.softplus(functional_call(D, weights, (fake,))).mean()
        slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        moved = [one - 0.3 * slope for one, slope in zip(weights.values(), slopes, strict=True)]
        weights = dict(zip(weights, moved, strict=True))
    of_real, of_fake = (
        F.linear(each, weights["0.weight"], weights["0.bias"]).tanh().mean(dim=0)
        for each in (real, fake)
    )
    loss = F.softplus(-functional_call(D, weights, (fake,))).mean()
    loss = loss + 0.7 * (of_fake - of_real).square().sum()
    expected = torch.autograd.grad(loss, list(G.parameters()))
    trainer.differentiate("generator", step)
    for one, gradient in zip(G.parameters(), expected, strict=True):
        torch.testing.assert_close(
            one.grad, gradient, rtol=1e-5, atol=1e-9
        )  # features are in float32


def foreseen(trainer: Trainer, step: TrainingStep, k: int) -> float:
    """The generator's loss against a copy of the discriminator that its optimiser really moves."""
    G, D = trainer.networks.generator, copy.deepcopy(trainer.networks.discriminator)
    optimiser = copy.deepcopy(trainer.optimisers["discriminator"])
    optimiser.param_groups[0]["params"] = list(D.parameters())
    old = trainer.trained["discriminator"]
    states = trainer.optimisers["discriminator"].state
    optimiser.state.clear()
    for own, other in zip(D.parameters(), old, strict=True):
        optimiser.state[own] = copy.deepcopy(states[other])
    clip = trainer.training.discriminator.clip_norm
    with torch.no_grad():
        fake = G(step.latent)
    for _ in range(k):
        loss = F.softplus(-D(step._batch.real)).mean() + F.softplus(D(fake)).mean()
        optimiser.zero_grad()
        loss.backward()
        if clip is not None:
            nn.utils.clip_grad_norm_(D.parameters(), clip)
        optimiser.step()
    return float(F.softplus(-D(fake)).mean().detach())


@pytest.mark.parametrize("rule", RULES)
def test_the_gradient_is_the_slope_of_what_really_happens(rule: str) -> None:
    """Central differences over k steps of the optimiser itself, from its moments as they are: the
    term through these steps (eq. 10) is the larger part of what they differ by."""
    k, size = 3, 1e-5
    trainer = tiny(k, rule)
    step = trainer.draw("generator")
    trainer.differentiate("generator", step)
    plain = tiny(0, rule)
    plain.differentiate("generator", plain.draw("generator"))
    second_order = 0.0
    for one, other in zip(trainer.trained["generator"], plain.trained["generator"], strict=True):
        for index in range(min(3, one.numel())):
            flat = one.detach().view(-1)
            kept = flat[index].item()
            values = []
            for sign in (1, -1):
                flat[index] = kept + sign * size
                values.append(foreseen(trainer, step, k))
            flat[index] = kept
            slope = (values[0] - values[1]) / (2 * size)
            assert one.grad is not None
            assert other.grad is not None
            assert one.grad.view(-1)[index].item() == pytest.approx(slope, rel=1e-5, abs=1e-9)
            second_order += abs(slope - other.grad.view(-1)[index].item())
    assert second_order > 1e-3


def everything(trainer: Trainer) -> list[Tensor]:
    state = trainer.optimisers["discriminator"].state
    moments = [one for each in state.values() for one in each.values()]
    gradients = [one.grad for one in trainer.trained["discriminator"] if one.grad is not None]
    weights = trainer.networks.discriminator.state_dict().values()
    return [one.detach().clone() for one in (*weights, *moments, *gradients)]


@pytest.mark.parametrize("variant", ["dcgan+unrolled:2", "dcgan+hinge+unrolled:2+sn"])
def test_nothing_of_the_look_ahead_stays_behind(variant: str) -> None:
    """Weights, moments, gradients, batch statistics and vectors of power iterations."""
    trainer = variant_trainer(variant, random_data(image(8)))
    trainer.differentiate("discriminator")
    trainer.update("discriminator")
    before = everything(trainer)
    draws: list[int] = []
    draw = trainer.real.draw
    trainer.real.draw = lambda count: (draws.append(count), draw(count))[1]  # type: ignore[method-assign]
    trainer.differentiate("generator")
    assert all(map(torch.equal, before, everything(trainer)))
    assert not draws
    assert all(one.grad is not None for one in trainer.trained["generator"])


def test_the_discriminator_is_trained_as_it_would_be_without() -> None:
    data = random_data(points())
    trainers = [variant_trainer(name, data) for name in ("vanilla+unrolled", "vanilla")]
    for trainer in trainers:
        trainer.differentiate("discriminator")
        trainer.update("discriminator")
    ahead, plain = (list(one.networks.discriminator.parameters()) for one in trainers)
    assert all(map(torch.equal, ahead, plain))
    for trainer in trainers:
        trainer.differentiate("generator")
    ahead, plain = (list(one.networks.generator.parameters()) for one in trainers)
    assert not any(torch.equal(one.grad, two.grad) for one, two in zip(ahead, plain, strict=True))


@pytest.mark.parametrize("variant", ["vanilla", "dcgan"])
def test_no_look_ahead_leaves_the_bits(variant: str) -> None:
    """Batch statistics of the discriminator included."""
    data = random_data(image(8), 300)
    trainers = [variant_trainer(name, data) for name in (f"{variant}+unrolled:0", variant)]
    for trainer in trainers:
        for number in range(3):
            Eager(trainer).step(number, 0.0)
    for side in ("generator", "discriminator"):
        ours, plain = (getattr(one.networks, side).state_dict() for one in trainers)
        assert all(map(torch.equal, ours.values(), plain.values()))


def test_frozen_and_unused_weights_are_left_out() -> None:
    trainer = tiny(2, "adam")
    D = trainer.networks.discriminator
    first = D[0].bias.requires_grad_(False)  # type: ignore[index]
    trainer.trained["discriminator"] = [one for one in D.parameters() if one.requires_grad]
    trainer.differentiate("generator")
    assert all(one.grad is not None for one in trainer.trained["generator"])
    assert not first.requires_grad


@pytest.mark.parametrize("name", ["adam", "adamw", "rmsprop", "sgd", "torch.optim:NAdam"])
def test_other_optimisers_are_refused_when_planned(name: str) -> None:
    recipe = recipe_of("vanilla", points())
    discriminator = Optimiser(name=name, lr=0.1)
    recipe = replace(recipe, training=replace(recipe.training, discriminator=discriminator))
    reason = misfit(recipe, points(), k=5)
    if ":" not in name:
        assert reason is None
    else:
        assert reason is not None
        assert reason.endswith("and the discriminator has torch.optim:NAdam")


@pytest.mark.parametrize(
    "variant",
    [
        *("wgan+unrolled", "vanilla+clip+unrolled", "vanilla+unrolled+ogda"),
        *("vanilla+consensus+unrolled", "vanilla+unrolled+extragradient"),
        "vanilla+lookahead+unrolled",
    ],
)
def test_what_changes_the_optimisers_steps_is_refused(variant: str) -> None:
    """The look-ahead would foresee another discriminator than the one that comes."""
    told = str(choose_variant(variant, catalogue()).misfit(catalogue(), points()))
    assert "unrolled: it foresees the optimiser's steps, and " in told


@pytest.mark.parametrize(
    ("variant", "shape", "lazy"),
    [("vanilla+r1+unrolled[r1.every=4]", points(), "r1"), ("stylegan2+unrolled", image(8), "r1")],
)
def test_steps_that_are_not_alike_are_refused(variant: str, shape: DataInfo, lazy: str) -> None:
    told = str(choose_variant(variant, catalogue()).misfit(catalogue(), shape))
    assert f"as it sees the present one, and {lazy} acts in one of" in told
    none = variant.replace("+unrolled", "+unrolled:0")
    assert choose_variant(none, catalogue()).misfit(catalogue(), shape) is None


def test_it_is_named_once() -> None:
    with pytest.raises(UsageError, match="names the technique unrolled twice"):
        choose_variant("vanilla+unrolled:2+unrolled:5", catalogue())
