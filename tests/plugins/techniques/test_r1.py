"""R1, as a technique and in a loss: the formula, by hand, and the trap of the half."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import Optimiser, Recipe, TechniqueSpec, Training
from ganbench.api.errors import UsageError
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.training.loop import Eager
from ganbench.training.step import Batch, TrainingStep
from ganbench_plugins.techniques.r1 import R1, NonSaturatingR1
from ganbench_plugins.variants.vanilla import NonSaturating

from ...training.small import (
    catalogue,
    image,
    points,
    random_data,
    recipe_of,
    variant_trainer,
)

SHAPES = [(2,), (3, 4, 4)]


def step_of(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> TrainingStep:
    class Critic(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return critic(x)

    batch = Batch(latent=fake, fake=fake, real=real.clone().requires_grad_())
    return TrainingStep(nn.Identity(), Critic(), {}, batch)


def samples(shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 5, *shape, dtype=torch.float64, generator=random)
    return real, fake


@pytest.mark.parametrize("shape", SHAPES)
def test_trap_7_the_penalty_of_a_linear_critic_has_the_half(shape: tuple[int, ...]) -> None:
    """D(x) = w.x has the slope w at every sample: the penalty is gamma/2 |w|^2, over all axes."""
    w = torch.linspace(-1, 2, math.prod(shape), dtype=torch.float64).requires_grad_()
    real, fake = samples(shape)
    step = step_of(lambda x: x.flatten(1) @ w, real, fake)
    loss = NonSaturatingR1(penalty=3.0).discriminator_loss(step)
    plain = NonSaturating().discriminator_loss(step_of(lambda x: x.flatten(1) @ w, real, fake))
    square = float(w.detach().square().sum())
    assert (loss - plain).item() == pytest.approx(1.5 * square, rel=1e-12)

    (own,) = torch.autograd.grad(loss, w)
    (without,) = torch.autograd.grad(plain, w)
    torch.testing.assert_close(own - without, 3.0 * w.detach())


def test_each_sample_has_its_own_slope_and_only_real_ones_count() -> None:
    """D(x) = |x|^2 / 2 has the slope x."""
    real = torch.tensor([[3.0, 4.0], [0.6, 0.8], [0.0, 0.0]])
    step = step_of(lambda x: x.square().sum(1) / 2, real, 100 + real)
    assert R1(gamma=2.0).discriminator_loss(step).item() == pytest.approx((25 + 1 + 0) / 3)


@pytest.mark.parametrize("shape", SHAPES)
def test_double_backward_by_hand(shape: tuple[int, ...]) -> None:
    """D(x) = v.tanh(W x): the slope at x is W^T (v * (1 - tanh^2)), written out below."""
    size, random = math.prod(shape), torch.Generator().manual_seed(1)
    W = torch.randn(6, size, dtype=torch.float64, generator=random).requires_grad_()
    v = torch.randn(6, dtype=torch.float64, generator=random).requires_grad_()
    real, fake = samples(shape)

    def critic(x: Tensor) -> Tensor:
        return (x.flatten(1) @ W.T).tanh() @ v

    loss = NonSaturatingR1(penalty=10.0).discriminator_loss(step_of(critic, real, fake))
    ours = torch.autograd.grad(loss, (W, v))

    hidden = (real.flatten(1) @ W.T).tanh()
    slopes = (v * (1 - hidden.square())) @ W
    cross_entropy = F.softplus(-critic(real)).mean() + F.softplus(critic(fake)).mean()
    expected = cross_entropy + 5.0 * slopes.square().sum(dim=1).mean()
    theirs = torch.autograd.grad(expected, (W, v))
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
    for one, two in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, two)


def test_without_a_penalty_it_is_the_non_saturating_loss() -> None:
    real, fake = samples((2,))
    step, same = (step_of(lambda x: x.sum(1), real, fake) for _ in range(2))
    loss = NonSaturatingR1(penalty=0.0)
    assert torch.equal(loss.discriminator_loss(step), NonSaturating().discriminator_loss(same))
    assert torch.equal(loss.generator_loss(step), NonSaturating().generator_loss(same))


def test_a_flat_critic_has_finite_gradients() -> None:
    w = torch.zeros(2, requires_grad=True)
    step = step_of(lambda x: (x @ w).relu(), torch.randn(5, 2), torch.randn(5, 2))
    NonSaturatingR1(penalty=10.0).discriminator_loss(step).backward()
    assert w.grad is not None
    assert w.grad.isfinite().all()


@pytest.mark.parametrize("data", [points(), image(8)], ids=["points", "image"])
def test_the_discriminator_runs_once_on_real_and_once_on_fake(data: object) -> None:
    trainer = variant_trainer("mlp+non-saturating-r1", random_data(data))  # type: ignore[arg-type]
    calls: list[int] = []
    trainer.networks.discriminator.register_forward_hook(lambda *_: calls.append(1))
    step, _ = Eager(trainer).discriminator_step()
    assert len(calls) == 2
    Eager(trainer).generator_step()
    assert len(calls) == 3
    assert all(one.isfinite() for one in step.mean_logits())


def test_the_data_set_is_left_as_it_is() -> None:
    data = random_data(points())
    before = data.train.clone()
    trainer = variant_trainer("mlp+non-saturating-r1", data)
    for _ in range(5):
        Eager(trainer).discriminator_step()
    assert torch.equal(data.train, before)
    assert not data.train.requires_grad


def test_gamma_of_the_paper_and_training_of_the_authors_code() -> None:
    """Their code's penalty of 10 has no half, and would be a gamma of 20."""
    recipe = recipe_of("mlp+non-saturating-r1", points())
    assert recipe.loss_parameters == {"penalty": 10.0}
    assert recipe.training.generator == recipe.training.discriminator
    assert (recipe.training.generator.name, recipe.training.generator.lr) == ("rmsprop", 1e-4)
    assert (recipe.training.generator.alpha, recipe.training.batch_size) == (0.99, 64)


def test_trap_1_batch_norm_in_the_discriminator_is_refused() -> None:
    with pytest.raises(UsageError, match="batch norm"):
        variant_trainer(
            "dcgan+non-saturating-r1[model.discriminator_norm=batch]", random_data(image(8))
        )
    layer = variant_trainer("dcgan+non-saturating-r1", random_data(image(8)))
    Eager(layer).discriminator_step()


# The technique.


def test_a_loss_with_the_technique_is_the_loss_that_has_it_built_in() -> None:
    data = random_data(points())
    built_in, added = (
        variant_trainer(name, data)
        for name in ("mlp+non-saturating-r1[loss.penalty=3]", "mlp+non-saturating+r1:3")
    )
    for trainer in (built_in, added):
        trainer.differentiate("discriminator")
    losses = [trainer.last["discriminator"][1].item() for trainer in (built_in, added)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    both = zip(built_in.trained["discriminator"], added.trained["discriminator"], strict=True)
    for one, other in both:
        torch.testing.assert_close(one.grad, other.grad)


def test_lazily_it_is_as_strong_on_average() -> None:
    """Multiplied by the steps that it stays away, the first step included."""
    data = random_data(points())
    lazy = variant_trainer("mlp+non-saturating+r1:2[r1.every=4]", data)
    plain = variant_trainer("mlp+non-saturating+r1:2", data)
    terms = []
    for number in range(9):
        for trainer in (lazy, plain):
            trainer.number = number
        step = lazy.draw("discriminator")
        acts = "real_slopes" in lazy.objective.needs("discriminator", number)
        without = NonSaturating().discriminator_loss(step)
        terms.append(float((lazy.loss("discriminator", step) - without).detach()))
        assert acts == step.real.requires_grad == (number % 4 == 0)
    assert [term > 0 for term in terms] == [number % 4 == 0 for number in range(9)]
    step = plain.draw("discriminator")
    own = R1(gamma=2.0).discriminator_loss(step)
    four = R1(gamma=2.0, every=4).discriminator_loss(step)
    assert four.item() == pytest.approx(4 * own.item(), rel=1e-6)


@pytest.mark.parametrize("technique", ["r1", "r2"])
def test_lazily_it_is_refused_beside_generator_steps_without_the_discriminators(
    technique: str,
) -> None:
    """Every fourth generator step is every second one of the discriminator: four times the weight
    would be twice too strong."""
    adam = Optimiser(lr=1e-3)
    training = Training(generator=adam, discriminator=adam, critic_every=2)
    recipe = Recipe(model="mlp", loss="hinge", training=training)
    spec = catalogue().get(TechniqueSpec, technique)
    assert spec.misfit is not None
    assert "too strong" in str(spec.misfit(recipe, points(), gamma=1.0, every=4))
    assert spec.misfit(recipe, points(), gamma=1.0, every=1) is None
    each = replace(recipe, training=replace(training, critic_every=1))
    assert spec.misfit(each, points(), gamma=1.0, every=4) is None


def test_with_gamma_0_the_bits_are_those_without() -> None:
    trainers = [
        variant_trainer(name, random_data(points())) for name in ("vanilla+r1:0", "vanilla")
    ]
    for trainer in trainers:
        for number in range(5):
            Eager(trainer).step(number, 0.0)
    with_, without = (list(t.networks.discriminator.parameters()) for t in trainers)
    assert all(map(torch.equal, with_, without))


def test_batch_norm_of_a_variants_own_is_refused_when_it_is_planned() -> None:
    reason = choose_variant("dcgan+r1", catalogue())
    why = prepare(reason, image(8), catalogue())
    assert isinstance(why, str)
    assert "r1 penalises slopes at single samples" in why
    # The bare model takes layer norm where slopes are looked at.
    recipe = recipe_of("dcgan+non-saturating+r1", image(8))
    assert recipe.model_parameters["discriminator_norm"] == "layer"
