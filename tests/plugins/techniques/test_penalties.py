"""R2, DRAGAN's penalty and that of Roth et al., by hand and on linear discriminators."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganbench.training.loop import Eager
from ganbench_plugins.techniques.dragan import Dragan
from ganbench_plugins.techniques.js_regulariser import JensenShannonRegulariser
from ganbench_plugins.techniques.r2 import R2

from ...proof.proofs import advance, catalogue_with, data_of, trainer_of
from ..variants.test_losses import sigmoid, step_of

SHAPES = [(2,), (3, 4, 4)]


def quadratic(samples: Tensor) -> Tensor:
    """|x|^2 / 2, whose slope at x is x."""
    return samples.flatten(1).square().sum(dim=1) / 2


@pytest.mark.parametrize("shape", SHAPES)
def test_r2_is_half_of_gamma_times_the_squared_slope_at_fakes(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    real, fake = torch.randn(2, 5, *shape, dtype=torch.float64)
    step = step_of(quadratic, real, fake.requires_grad_())
    expected = 3 / 2 * fake.detach().flatten(1).square().sum(dim=1).mean()
    assert R2(gamma=3.0).discriminator_loss(step).item() == pytest.approx(expected.item())
    assert R2(gamma=3.0, every=4).discriminator_loss(step).item() == pytest.approx(
        4 * expected.item()
    )


def test_no_gradient_of_r2_reaches_the_generator() -> None:
    trainer = trainer_of("mlp+rp+r1+r2[model.width=8]", data_of("ring8"), catalogue_with())
    Eager(trainer).discriminator_step()
    assert all(weight.grad is None for weight in trainer.trained["generator"])


@pytest.mark.parametrize("shape", SHAPES)
def test_dragan_of_a_linear_discriminator(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    w = torch.randn(math.prod(shape), dtype=torch.float64)
    real, fake = torch.randn(2, 6, *shape, dtype=torch.float64)
    step = step_of(lambda x: x.flatten(1) @ w, real, fake)
    expected = 10 * (w.norm().item() - 1) ** 2
    assert Dragan().discriminator_loss(step).item() == pytest.approx(expected)


def test_trap_6_dragan_looks_between_a_sample_and_its_perturbation() -> None:
    """One standard deviation for the whole batch, one place on the way for each sample."""
    torch.manual_seed(0)
    scale = torch.tensor([1.0, 100.0], dtype=torch.float64)  # of two coordinates
    real = torch.randn(4000, 2, dtype=torch.float64) * scale
    seen: list[Tensor] = []

    def critic(samples: Tensor) -> Tensor:
        seen.append(samples.detach())
        return samples.sum(dim=1)

    Dragan(spread=0.5).discriminator_loss(step_of(critic, real, real))
    way = (seen[-1] - real) / (0.5 * real.std(correction=0))
    assert 0 <= float(way.min()) < float(way.max()) < 1
    # e U with both uniform: mean 1/4, and both coordinates of a sample share their e.
    torch.testing.assert_close(way.mean(dim=0), torch.full((2,), 0.25).double(), atol=0.01, rtol=0)
    # Covariance of e U and e U': E e^2 / 4 - 1/16 = 1/48; variance: 1/9 - 1/16.
    correlation = (1 / 48) / (1 / 9 - 1 / 16)
    assert float(torch.corrcoef(way.T)[0, 1]) == pytest.approx(correlation, abs=0.05)


def test_a_pack_has_one_place_on_the_way() -> None:
    trainer = trainer_of(
        "mlp+non-saturating+dragan+pac:2[model.width=8]", data_of("ring8"), catalogue_with()
    )
    advance(trainer, 2)


def test_roth_by_hand() -> None:
    """On D(x) = 2x the squared slope is 4, and weights are those of the logits."""
    real, fake = [-1.0, 0.5, 2.0], [-0.5, 0.0, 1.0]
    columns = [torch.tensor(each, dtype=torch.float64)[:, None] for each in (real, fake)]
    step = step_of(lambda x: 2 * x, *(each.requires_grad_() for each in columns))
    step._progress = 0.5
    expected = sum((1 - sigmoid(2 * x)) ** 2 * 4 for x in real) / 3
    expected += sum(sigmoid(2 * x) ** 2 * 4 for x in fake) / 3
    found = JensenShannonRegulariser(gamma=0.3).discriminator_loss(step).item()
    assert found == pytest.approx(0.3 / 2 * expected)
    annealed = JensenShannonRegulariser(gamma=2.0, last=0.01).discriminator_loss(step).item()
    assert annealed == pytest.approx(2 * 0.1 / 2 * expected)


@pytest.mark.parametrize("technique", ["r2", "dragan", "js"])
def test_penalties_refuse_what_couples_samples(technique: str) -> None:
    from ganbench.api.errors import GanbenchError

    from ...proof.proofs import spec_of

    with pytest.raises(GanbenchError, match="penalises slopes at single samples"):
        spec_of(f"dcgan+{technique}", catalogue_with(), task="digits")
