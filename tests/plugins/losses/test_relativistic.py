"""R3GAN's loss: relativistic pairs with R1 and R2, by hand and on the Dirac-GAN."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from ganbench import GanbenchError, Loss
from ganbench.training.loop import Eager
from ganbench_plugins.dirac.closed_form import spectral_radius
from ganbench_plugins.losses.relativistic import RelativisticAverage, RelativisticPair

from ...proof.proofs import (
    advance,
    catalogue_with,
    data_of,
    execute,
    same,
    spec_of,
    state,
    trainer_of,
)
from ..variants.test_losses import FAKE, REAL, logits_step, sigmoid

CATALOGUE = catalogue_with()


def test_both_losses_and_their_gradients_by_hand() -> None:
    """On the batches that the training has drawn: the sum of the pair's loss, R1 and R2."""
    data = data_of("digits")
    trainer = trainer_of("mlp+rp+r1:3+r2:5[model.width=16]", data, CATALOGUE)
    D = trainer.networks.discriminator
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    real, fake = (one.detach().requires_grad_() for one in (step.real, step.fake))
    real_logits, fake_logits = D(real).view(-1), D(fake).view(-1)
    expected = F.softplus(-(real_logits - fake_logits)).mean()
    for weight, logits, samples in ((3.0, real_logits, real), (5.0, fake_logits, fake)):
        (slope,) = torch.autograd.grad(logits.sum(), samples, create_graph=True)
        expected = expected + weight / 2 * slope.flatten(1).square().sum(dim=1).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    theirs = torch.autograd.grad(expected, list(D.parameters()))
    for one, gradient in zip(D.parameters(), theirs, strict=True):
        torch.testing.assert_close(one.grad, gradient, rtol=1e-5, atol=1e-7)

    trainer.differentiate("generator")
    step, loss = trainer.last["generator"]
    assert step.fake.grad_fn is not None
    assert len(step.real) == len(step.fake) == 32
    pairs = D(step.fake).view(-1) - D(step.real).view(-1)
    assert loss.item() == pytest.approx(F.softplus(-pairs).mean().item(), rel=1e-6)


def test_the_discriminator_sees_each_batch_once() -> None:
    """Slopes are those of the logits that are there."""
    trainer = trainer_of("mlp+rp+r1:3+r2:5", data_of("ring8"), CATALOGUE)
    calls: list[int] = []
    trainer.networks.discriminator.register_forward_hook(lambda *_: calls.append(1))
    engine = Eager(trainer)
    engine.discriminator_step()
    assert len(calls) == 2
    engine.generator_step()
    assert len(calls) == 4
    for side in ("generator", "discriminator"):
        assert all(one.grad is not None for one in trainer.trained[side])
    real = trainer.last["discriminator"][0].real
    assert not data_of("ring8").train.requires_grad
    assert real.requires_grad


def test_penalties_of_weight_0_leave_the_bits() -> None:
    trainers = [
        trainer_of(name, data_of("ring8"), CATALOGUE)
        for name in ("mlp+rp+r1:0+r2:0", "mlp+rp", "mlp+rp+r2:0")
    ]
    for trainer in trainers:
        advance(trainer, 6)
    first, *others = map(state, trainers)
    assert all(same(first, one) for one in others)


@pytest.mark.parametrize(("r1", "r2"), [(0.3, 0.0), (0.2, 0.5), (0.5, 0.5)])
@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
def test_on_the_dirac_gan_both_penalties_add_up(
    r1: float, r2: float, updates: str, tmp_path: Path
) -> None:
    """D(0) = 0, so a pair's loss is the non-saturating one but for a constant; slopes are psi."""
    name = f"dirac+rp+r1:{r1}+r2:{r2}[model.step=0.1,model.updates={updates}]"
    spec = spec_of(name, CATALOGUE, suite="dirac", task="dirac", steps=40)
    record, _ = execute(spec, CATALOGUE, tmp_path)
    assert (record["status"], record["failure"]) == ("ok", None)
    radius = spectral_radius(0.1, 0.5, r1 + r2, alternating=updates == "alternating")
    scores = record["points"][-1]["scores"]
    assert scores["dirac/linear_growth"] == pytest.approx(math.log(radius), abs=2e-6)


def test_batch_norm_is_refused_with_r2_alone_as_well() -> None:
    with pytest.raises(GanbenchError) as caught:
        spec_of("dcgan+r2", CATALOGUE, task="digits")
    assert "r2 penalises slopes at single samples" in str(caught.value)


def test_relativistic_average_by_hand() -> None:
    real, fake = sum(REAL) / len(REAL), sum(FAKE) / len(FAKE)
    above = -sum(math.log(sigmoid(logit - fake)) for logit in REAL) / len(REAL)
    below = -sum(math.log(1 - sigmoid(logit - real)) for logit in FAKE) / len(FAKE)
    loss, step = RelativisticAverage(), logits_step(REAL, FAKE)
    assert loss.discriminator_loss(step).item() == pytest.approx((above + below) / 2)
    above = -sum(math.log(sigmoid(logit - real)) for logit in FAKE) / len(FAKE)
    below = -sum(math.log(1 - sigmoid(logit - fake)) for logit in REAL) / len(REAL)
    assert loss.generator_loss(step).item() == pytest.approx((above + below) / 2)


@pytest.mark.parametrize("loss", [RelativisticPair(), RelativisticAverage()])
def test_only_differences_count(loss: Loss) -> None:
    here = logits_step(REAL, FAKE)
    there = logits_step(*([logit + 5 for logit in kind] for kind in (REAL, FAKE)))
    for side in (loss.discriminator_loss, loss.generator_loss):
        assert side(here).item() == pytest.approx(side(there).item())
