"""AC-GAN: the class is found, not told."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import log_softmax, logsigmoid

from ganbench import DataInfo
from ganbench_plugins.networks.acgan import Untold

from ...training.small import image, points, random_data, variant_trainer


@pytest.mark.parametrize("info", [points(), image(8)], ids=["points", "image"])
def test_losses_by_hand(info: DataInfo) -> None:
    data = random_data(replace(info, classes=5))
    trainer = variant_trainer("acgan[width=8]", replace(data, train_labels=torch.arange(200) % 5))
    classify = trainer.networks.extras["classifier"].module

    def right(features: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return log_softmax(classify(features), dim=1)[range(len(labels)), labels].mean()

    step = trainer.draw("discriminator")
    real, fake = right(step.real_features, step.labels), right(step.fake_features, step.fake_labels)
    source = logsigmoid(step.real_logits).mean() + logsigmoid(-step.fake_logits).mean()
    torch.testing.assert_close(trainer.loss("discriminator", step), -(source + real + fake))
    step = trainer.draw("generator")
    found = right(step.fake_features, step.fake_labels)
    expected = -(logsigmoid(step.fake_logits).mean() + found)
    torch.testing.assert_close(trainer.loss("generator", step), expected)


def test_the_discriminator_is_not_told_the_class() -> None:
    data = random_data(replace(image(8), classes=5))
    trainer = variant_trainer("acgan[width=8]", replace(data, train_labels=torch.arange(200) % 5))
    discriminator = trainer.networks.discriminator.eval()
    assert isinstance(discriminator, Untold)
    x, classes = torch.randn(5, 1, 8, 8), torch.arange(5)
    assert torch.equal(discriminator(x, classes), discriminator(x, classes.flip(0)))
    generator, z = trainer.networks.generator.eval(), torch.randn(5, 100)
    assert not torch.equal(generator(z, classes), generator(z, classes.flip(0)))
