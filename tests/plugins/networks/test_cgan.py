"""The conditional perceptrons: the class stands beside what is mapped."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganbench import DataInfo
from ganbench_plugins.networks.cgan import Told, build

from ...training.small import image, points

CLASSES = torch.tensor([0, 2, 1, 2])


@pytest.mark.parametrize("info", [points(5), image(8), image(12, 3)], ids=str)
def test_both_are_told_the_class(info: DataInfo) -> None:
    networks = build(replace(info, classes=3), width=8, depth=2, leak=0.2, latent=4)
    generator, discriminator = networks.generator, networks.discriminator
    assert networks.conditional
    z = torch.randn(4, 4)
    samples = generator(z, CLASSES)
    assert samples.shape == (4, *info.shape)
    assert isinstance(discriminator, Told)
    logits = discriminator(samples, CLASSES)
    assert logits.shape == (4, 1)
    one_hot = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]])
    joined = torch.cat([samples.flatten(1), one_hot], dim=1)
    torch.testing.assert_close(logits, discriminator.head(discriminator.body(joined)))
    others = (CLASSES + 1) % 3
    assert not torch.equal(generator(z, others), samples)
    assert not torch.equal(discriminator(samples, others), logits)
