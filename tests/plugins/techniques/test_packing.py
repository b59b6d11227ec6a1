"""PacGAN: what the discriminator sees, its slopes over whole packs, and what cannot be packed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from ganbench import DataInfo, PluginNotUsable, UsageError
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.training.loop import Eager
from ganbench.training.trainer import Trainer
from ganbench.training.wrapped import samples_per_judgement
from ganbench_plugins.techniques.gradient_penalty import GradientPenalty
from ganbench_plugins.techniques.r1 import R1

from ...training.small import catalogue, image, points, random_data, variant_trainer


def shown(trainer: Trainer) -> list[Tensor]:
    """What the discriminator within gets to see, from here on."""
    seen: list[Tensor] = []
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    inner.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    return seen


def stacked(samples: Tensor, m: int) -> Tensor:
    """Packs by hand: samples j m, ..., j m + m - 1 behind one another along the first axis."""
    packs = [torch.cat(list(samples[j : j + m])) for j in range(0, len(samples), m)]
    return torch.stack(packs)


@pytest.mark.parametrize("info", [points(), image(8, channels=3)], ids=["points", "image"])
@pytest.mark.parametrize("m", [2, 3])
def test_the_discriminator_judges_m_samples_at_once(info: DataInfo, m: int) -> None:
    trainer = variant_trainer(f"mlp+hinge+pac:{m}", random_data(info))
    trainer.training = replace(trainer.training, batch_size=6 * m)
    seen = shown(trainer)
    engine = Eager(trainer)
    step, _ = engine.discriminator_step()
    assert torch.equal(seen[0], stacked(step.real, m))
    assert torch.equal(seen[1], stacked(step.fake, m))
    assert step.real_logits.shape == step.fake_logits.shape == (6,)
    step, _ = engine.generator_step()
    assert torch.equal(seen[2], stacked(step.fake, m))
    assert len(step.fake) == 6 * m  # as many samples as without
    assert samples_per_judgement(trainer.networks.discriminator) == m


def test_trap_13_a_pack_holds_independent_samples() -> None:
    """Each real sample of an epoch stands in one pack, and no fake stands in two."""
    trainer = variant_trainer("vanilla+pac:2", random_data(points(), 200))
    seen = shown(trainer)
    for _ in range(2):
        Eager(trainer).discriminator_step()
    real, fake = torch.cat(seen[::2]).view(-1, 2), torch.cat(seen[1::2]).view(-1, 2)
    assert len(real.unique(dim=0)) == len(real) == 200
    assert len(fake.unique(dim=0)) == len(fake) == 200


@pytest.mark.parametrize("m", [2, 4])
def test_only_the_first_layer_of_the_discriminator_is_wider(m: int) -> None:
    data = random_data(image(8))
    packed, plain = (variant_trainer(name, data).networks for name in (f"dcgan+pac:{m}", "dcgan"))
    both = zip(packed.discriminator.parameters(), plain.discriminator.parameters(), strict=True)
    (first, first_plain), *rest = both
    assert first.shape[1] == m * first_plain.shape[1]
    assert all(one.shape == other.shape for one, other in rest)
    weights = zip(packed.generator.parameters(), plain.generator.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in weights)


@pytest.mark.parametrize("m", [2, 3])
def test_slopes_are_those_over_a_whole_pack(m: int) -> None:
    """R1 and the gradient penalty, against an explicit computation on the packed tensors."""
    variant = f"mlp+non-saturating+pac:{m}+r1:2+gp:5[model.width=16]"
    data = random_data(image(8), 240)
    trainer = variant_trainer(variant, data)
    trainer.training = replace(trainer.training, batch_size=12)
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    step = trainer.draw("discriminator")
    seen = shown(trainer)
    slopes, between = step.real_slopes, step.interpolated_slopes

    def explicit(samples: Tensor) -> Tensor:
        packs = samples.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(inner(packs).sum(), packs)
        return slope.flatten(1)

    assert slopes.shape == between.shape == (12 // m, m * 64)
    torch.testing.assert_close(slopes, explicit(stacked(step.real, m)))
    mixed = seen[1].detach()
    torch.testing.assert_close(between, explicit(mixed))
    real, fake = stacked(step.real.detach(), m), stacked(step.fake, m)
    mixes = ((mixed - fake) / (real - fake)).flatten(1)
    spread = mixes.nan_to_num().std(dim=1)
    assert (spread < 1e-3).all()  # one mix for all numbers of a pack ...
    assert len(mixes.mean(dim=1).round(decimals=3).unique()) == 12 // m  # ... and another for each
    penalty = R1(gamma=2.0).discriminator_loss(step)
    assert penalty.item() == pytest.approx(slopes.square().sum(dim=1).mean().item(), rel=1e-6)
    penalty = GradientPenalty(weight=5.0).discriminator_loss(step)
    expected = 5 * (between.norm(dim=1) - 1).square().mean()
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-6)


def test_packs_of_one_leave_the_bits() -> None:
    data = random_data(image(8))
    trainers = [variant_trainer(name, data) for name in ("dcgan+hinge+pac:1", "dcgan+hinge")]
    for trainer in trainers:
        for number in range(2):
            Eager(trainer).step(number, 0.0)
    for side in ("generator", "discriminator"):
        packed, plain = (getattr(one.networks, side).state_dict() for one in trainers)
        assert all(map(torch.equal, packed.values(), plain.values()))


def test_logits_of_many_samples_are_those_of_their_packs() -> None:
    """Batches of an evaluation end at the end of a pack."""
    trainer = variant_trainer("mlp+hinge+pac:3", random_data(points()))
    samples = torch.randn(900, 2, generator=torch.Generator().manual_seed(0))
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    with torch.no_grad():
        expected = inner(stacked(samples, 3)).view(-1)
    torch.testing.assert_close(trainer.logits(samples), expected)


@pytest.mark.parametrize(("variant", "batch"), [("vanilla", 100), ("wgan-gp", 64)])
def test_batches_that_do_not_divide_are_refused_when_planned(variant: str, batch: int) -> None:
    chosen = choose_variant(f"{variant}+pac:3", catalogue())
    reason = f"pac: a batch of {batch} does not divide into packs of 3"
    assert prepare(chosen, image(8), catalogue()) == reason


def test_two_packs_are_refused() -> None:
    with pytest.raises(UsageError, match="names the technique pac twice"):
        choose_variant("vanilla+pac:2+pac:3", catalogue())


def test_a_model_that_cannot_see_packs_is_named() -> None:
    zeros = random_data(points(1))
    with pytest.raises(UsageError) as caught:
        variant_trainer("dirac+minimax+pac:2", zeros)
    assert caught.value.message == (
        "model dirac has no discriminator for samples of shape (2,), which is what it gets to see "
        "with pac"
    )


def test_nobody_packs_by_nothing() -> None:
    with pytest.raises(UsageError, match=r"pac.m is '0', outside \[1, 64\]"):
        choose_variant("vanilla+pac:0", catalogue())


def test_a_discriminator_that_repeats_its_logits_is_found_out() -> None:
    """One logit for each sample would mean m of the same in every mean."""
    trainer = variant_trainer("vanilla+pac:2", random_data(points()))
    inner = trainer.networks.discriminator.wrapped
    assert isinstance(inner, nn.Module)
    inner.register_forward_hook(lambda _, __, logits: logits.repeat_interleave(2, dim=0))
    with pytest.raises(PluginNotUsable, match=r"must return logits \(50,\) or \(50, 1\)"):
        Eager(trainer).discriminator_step()
