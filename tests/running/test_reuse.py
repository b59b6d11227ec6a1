"""A plugin's model may be made of a registered one."""

from __future__ import annotations

import pytest
import torch

import ganbench
from ganbench import DataInfo, UsageError, networks_of

DIGITS = DataInfo(name="digits", modality="image", shape=(1, 8, 8))


def test_a_registered_model_is_built_with_its_defaults_and_what_is_given() -> None:
    narrow, wide = (networks_of("dcgan", DIGITS, width=width) for width in (4, 8))
    latent = torch.randn(3, narrow.latents[0].size)
    assert narrow.generator(latent).shape == wide.generator(latent).shape == (3, 1, 8, 8)
    sizes = [sum(one.numel() for one in each.discriminator.parameters()) for each in (narrow, wide)]
    assert 0 < sizes[0] < sizes[1]


@pytest.mark.parametrize(
    ("model", "parameters", "message"),
    [("dcgna", {}, "unknown model 'dcgna'"), ("dcgan", {"widht": 3}, "no parameter 'widht'")],
)
def test_what_is_not_there_is_named(model: str, parameters: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        networks_of(model, DIGITS, **parameters)


def test_it_is_part_of_the_public_door() -> None:
    assert "networks_of" in dir(ganbench)
