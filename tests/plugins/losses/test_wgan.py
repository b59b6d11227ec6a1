"""WGAN's clipped critic, and how often it steps."""

from __future__ import annotations

import torch

from ganbench.training.loop import Eager
from ganbench_plugins.losses.wgan import WassersteinClipped
from ganbench_plugins.techniques.clipping import Clipping

from ...proof.proofs import advance, catalogue_with, data_of, trainer_of


def test_the_critic_is_to_converge_at_first_and_now_and_then() -> None:
    steps = WassersteinClipped().critic_steps
    asked = [steps(number) for number in range(1001)]
    assert asked[:25] == [100] * 25
    assert asked[25:500] == [5] * 475
    assert [asked[number] for number in (499, 500, 501, 999, 1000)] == [5, 100, 5, 5, 100]


def test_all_weights_are_clamped_after_each_step() -> None:
    trainer = trainer_of("mlp+wgan[model.width=8]", data_of("ring8"), catalogue_with())
    Eager(trainer).discriminator_step()
    largest = max(float(weight.detach().abs().max()) for weight in trainer.trained["discriminator"])
    assert largest <= float(torch.tensor(0.01))


def test_clipping_goes_with_any_loss() -> None:
    trainer = trainer_of(
        "mlp+non-saturating+clip:0.02[model.width=8]", data_of("ring8"), catalogue_with()
    )
    advance(trainer, 2)
    weights = torch.cat([each.detach().flatten() for each in trainer.trained["discriminator"]])
    assert float(weights.abs().max()) == float(torch.tensor(0.02))
    assert float(trainer.trained["generator"][0].detach().abs().max()) > 0.02


def test_numbers_within_are_left_alone() -> None:
    layer = torch.nn.Linear(1, 3)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[-2.0], [0.005], [2.0]]))
    Clipping(c=0.01).after_discriminator_step(layer)
    torch.testing.assert_close(layer.weight.detach().flatten(), torch.tensor([-0.01, 0.005, 0.01]))
