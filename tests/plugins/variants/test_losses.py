"""The built-in losses against closed forms, and the traps that touch them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ganbench import DataInfo, Loss
from ganbench.training.loop import Eager
from ganbench.training.step import Batch, TrainingStep
from ganbench_plugins.techniques.gradient_penalty import GradientPenalty
from ganbench_plugins.variants.vanilla import Minimax, NonSaturating
from ganbench_plugins.variants.wgan_gp import WassersteinGradientPenalty

from ...training.small import VARIANTS, image, points, random_data, variant_trainer


def step_of(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> TrainingStep:
    class Critic(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return critic(x)

    return TrainingStep(nn.Identity(), Critic(), {}, Batch(latent=fake, fake=fake, real=real))


def gradient_penalty(step: TrainingStep) -> Tensor:
    return GradientPenalty(weight=1.0).discriminator_loss(step)


def logits_step(real: list[float], fake: list[float]) -> TrainingStep:
    """A step whose logits are given: the discriminator returns its input."""
    as_column = [torch.tensor(one, dtype=torch.float64)[:, None] for one in (real, fake)]
    return step_of(lambda x: x, *as_column)


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


REAL, FAKE = [-3.0, 0.0, 0.7, 2.0], [-1.5, -0.2, 0.0, 4.0]


@pytest.mark.parametrize("loss", [NonSaturating(), Minimax()])
def test_discriminators_cross_entropy(loss: Loss) -> None:
    expected = -sum(math.log(sigmoid(one)) for one in REAL) / 4
    expected -= sum(math.log(1 - sigmoid(one)) for one in FAKE) / 4
    assert loss.discriminator_loss(logits_step(REAL, FAKE)).item() == pytest.approx(expected)


def test_generators_objectives() -> None:
    step = logits_step(REAL, FAKE)
    non_saturating = -sum(math.log(sigmoid(one)) for one in FAKE) / 4
    minimax = sum(math.log(1 - sigmoid(one)) for one in FAKE) / 4
    assert NonSaturating().generator_loss(step).item() == pytest.approx(non_saturating)
    assert Minimax().generator_loss(step).item() == pytest.approx(minimax)


def test_an_undecided_discriminator() -> None:
    step = logits_step([0.0], [0.0])
    assert NonSaturating().discriminator_loss(step).item() == pytest.approx(2 * math.log(2))
    assert NonSaturating().generator_loss(step).item() == pytest.approx(math.log(2))
    assert Minimax().generator_loss(step).item() == pytest.approx(-math.log(2))


def test_sure_logits_neither_overflow_nor_round_to_log_zero() -> None:
    wrong = logits_step([-1000.0], [1000.0])
    assert NonSaturating().discriminator_loss(wrong).item() == 2000
    assert Minimax().generator_loss(wrong).item() == -1000
    assert NonSaturating().generator_loss(logits_step([0.0], [-1000.0])).item() == 1000


@pytest.mark.parametrize(("loss", "slope"), [(NonSaturating(), -1.0), (Minimax(), 0.0)])
def test_only_minimax_saturates_when_the_discriminator_is_sure(loss: Loss, slope: float) -> None:
    logit = torch.full((1, 1), -30.0, requires_grad=True)
    loss.generator_loss(step_of(lambda x: x, logit, logit)).backward()
    assert logit.grad is not None
    assert logit.grad.item() == pytest.approx(slope, abs=1e-9)


SHAPES = [(2,), (3, 4, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_trap_3_penalty_of_a_linear_critic(shape: tuple[int, ...]) -> None:
    """D(x) = w.x has the gradient w everywhere, so the penalty is (|w| - 1)^2, over all axes."""
    torch.manual_seed(0)
    w = torch.randn(math.prod(shape), dtype=torch.float64, requires_grad=True)
    real, fake = torch.randn(2, 5, *shape, dtype=torch.float64)
    step = step_of(lambda x: x.flatten(1) @ w, real, fake)
    norm = w.detach().norm()
    assert gradient_penalty(step).item() == pytest.approx((norm.item() - 1) ** 2, rel=1e-12)

    loss = WassersteinGradientPenalty(penalty=10.0).discriminator_loss(step)
    distance = (real.mean(0) - fake.mean(0)).flatten() @ w.detach()
    assert loss.item() == pytest.approx((10 * (norm - 1) ** 2 - distance).item(), rel=1e-12)

    loss.backward()
    expected = 20 * (1 - 1 / norm) * w.detach() - (real.mean(0) - fake.mean(0)).flatten()
    torch.testing.assert_close(w.grad, expected)


def test_wasserstein_generator() -> None:
    loss = WassersteinGradientPenalty(penalty=10.0)
    assert loss.generator_loss(logits_step(REAL, FAKE)).item() == pytest.approx(-sum(FAKE) / 4)


@pytest.mark.parametrize("shape", SHAPES)
def test_trap_4_one_mix_per_sample(shape: tuple[int, ...]) -> None:
    """Between fakes of 0 and reals of 1, a penalised point is its own mixing coefficient."""
    torch.manual_seed(0)
    seen: list[Tensor] = []

    def critic(x: Tensor) -> Tensor:
        seen.append(x.detach())
        return x.flatten(1).sum(1)

    gradient_penalty(step_of(critic, torch.ones(4000, *shape), torch.zeros(4000, *shape)))
    (between,) = seen
    flat = between.flatten(1)
    assert torch.equal(flat, flat[:, :1].expand_as(flat))
    mixes = flat[:, 0].sort().values
    assert len(mixes.unique()) > 3900
    assert (mixes - torch.linspace(0, 1, 4000)).abs().max() < 0.03  # Kolmogorov's distance


def test_trap_3_each_sample_has_its_own_norm() -> None:
    """D(x) = |x|^2 / 2 has the gradient x; with fake = real there is nothing between the two."""
    samples = torch.tensor([[3.0, 4.0], [0.6, 0.8], [0.0, 0.0]])
    step = step_of(lambda x: x.square().sum(1) / 2, samples, samples)
    assert gradient_penalty(step).item() == pytest.approx((16 + 0 + 1) / 3)


def test_a_flat_critic_has_finite_gradients() -> None:
    w = torch.zeros(2, requires_grad=True)
    step = step_of(lambda x: (x @ w).relu(), torch.randn(5, 2), torch.randn(5, 2))
    gradient_penalty(step).backward()
    assert w.grad is not None
    assert w.grad.isfinite().all()


@pytest.mark.parametrize("info", [points(), image(8)], ids=["points", "image"])
@pytest.mark.parametrize("variant", [*VARIANTS, "vanilla[objective=minimax]"])
def test_trap_3_steps_go_the_right_way(variant: str, info: DataInfo) -> None:
    """A generator step raises the opinion of its fakes, critic steps the gap of real to fake."""
    trainer = variant_trainer(variant, random_data(info))
    generator, discriminator = trainer.networks.generator, trainer.networks.discriminator

    def opinion(samples: Tensor) -> float:
        with torch.no_grad():
            return discriminator(samples).mean().item()

    step, _ = Eager(trainer).generator_step()
    with torch.no_grad():
        improved = generator(step.latent)
    assert opinion(improved) > opinion(step.fake)

    step, _ = Eager(trainer).discriminator_step()
    before = (step.real_logits.mean() - step.fake_logits.mean()).item()
    for _ in range(20):
        Eager(trainer).discriminator_step()
    assert opinion(step.real) - opinion(step.fake) > before
