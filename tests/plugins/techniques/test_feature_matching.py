"""Feature matching: the distance of means by hand, whatever stands around the discriminator."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench import Networks, PluginNotUsable
from ganbench.training.loop import Eager
from ganbench.training.objective import Part
from ganbench.training.trainer import Trainer
from ganbench_plugins.techniques.feature_matching import FeatureMatching

from ...training.small import (
    image,
    points,
    random_data,
    small_networks,
    small_trainer,
    variant_trainer,
)
from ...training.test_loop import Wasserstein


def last_layer(discriminator: nn.Module) -> nn.Module:
    while not isinstance(discriminator, nn.Sequential):
        discriminator = discriminator.wrapped  # type: ignore[assignment]
    return discriminator[-1]


def hidden(trainer: Trainer, samples: Tensor) -> Tensor:
    """What the discriminator's last layer gets of samples, flat."""
    seen: list[Tensor] = []
    layer = last_layer(trainer.networks.discriminator)
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    trainer.networks.discriminator(samples)
    hook.remove()
    return seen[0].flatten(1)


@pytest.mark.parametrize(
    "variant", ["mlp+wasserstein+fm:3", "dcgan+wasserstein+pac:2+fm:3", "mlp+wasserstein+fm:3+sn"]
)
def test_the_term_by_hand(variant: str) -> None:
    """w |E f(x) - E f(G(z))|^2, features being those of judgements."""
    trainer = variant_trainer(variant, random_data(image(8)))
    discriminator = trainer.networks.discriminator.eval()  # vectors and statistics stand still
    step = trainer.draw("generator")
    fakes = step.fake.detach().requires_grad_()
    real, fake = (hidden(trainer, one).mean(dim=0) for one in (step.real, fakes))
    expected = -discriminator(fakes).mean() + 3 * (real.detach() - fake).square().sum()
    (slope,) = torch.autograd.grad(expected, fakes)
    step.fake.register_hook(lambda gradient: gradients.append(gradient))
    gradients: list[Tensor] = []
    trainer.differentiate("generator", step)
    assert trainer.last["generator"][1].item() == pytest.approx(expected.item(), rel=1e-5)
    torch.testing.assert_close(gradients[0], slope)


def test_the_distance_is_one_of_means_not_a_mean_of_distances() -> None:
    """Two clouds around one point are no distance apart."""
    networks = small_networks()
    head = nn.Linear(2, 1)
    networks = Networks(
        generator=networks.generator,
        discriminator=nn.Sequential(nn.Identity(), head),
        latent=networks.latent,
    )
    part = Part("fm", FeatureMatching(1.0), frozenset({"real", "features"}), "technique")
    trainer = small_trainer(Wasserstein(), networks, techniques=[part])
    step = trainer.draw("generator")
    step.made = step.real.flip(0).requires_grad_()
    assert part.does.generator_loss(step).item() == pytest.approx(0.0, abs=1e-12)


def test_the_discriminator_is_trained_as_without_and_weight_0_leaves_all_bits() -> None:
    data = random_data(points())
    names = ("vanilla+fm", "vanilla", "vanilla+fm:0")
    matching, plain, neutral = (variant_trainer(name, data) for name in names)
    for trainer in (matching, plain, neutral):
        for number in range(3):
            Eager(trainer).step(number, 0.0)
            if number == 0 and trainer is not neutral:
                trainer.first = [  # type: ignore[attr-defined]
                    one.detach().clone() for one in trainer.trained["discriminator"]
                ]
    assert all(map(torch.equal, matching.first, plain.first))  # type: ignore[attr-defined]
    for side in ("generator", "discriminator"):
        ours, theirs = (getattr(one.networks, side).state_dict() for one in (neutral, plain))
        assert all(map(torch.equal, ours.values(), theirs.values()))
    ours, theirs = (one.networks.generator.state_dict() for one in (matching, plain))
    assert not any(map(torch.equal, ours.values(), theirs.values()))


class Closed(nn.Module):
    """Tells nothing of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(2, 1)

    def forward(self, samples: Tensor) -> Tensor:
        logits: Tensor = self.line(samples)
        return logits


def test_a_discriminator_that_does_not_tell_its_features_is_named() -> None:
    networks = small_networks()
    networks = Networks(
        generator=networks.generator, discriminator=Closed(), latent=networks.latent
    )
    part = Part("fm", FeatureMatching(1.0), frozenset({"real", "features"}), "technique")
    trainer = small_trainer(Wasserstein(), networks, techniques=[part])
    with pytest.raises(PluginNotUsable) as caught:
        trainer.differentiate("generator")
    assert caught.value.message == "the discriminator Closed does not tell its features"
    assert "give it an attribute `head`" in (caught.value.hint or "")


def test_no_discriminator_step_looks_at_features() -> None:
    trainer = variant_trainer("vanilla+fm", random_data(points()))
    assert "features" not in trainer.objective.needs("discriminator", 0)
    assert {"features", "real"} <= trainer.objective.needs("generator", 0)
