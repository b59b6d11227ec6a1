"""Every variant builds for every kind of data that it declares, and says which it does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from ganbench import DataInfo, ModelSpec, Networks
from ganbench.api.errors import UsageError
from ganbench.planning.naming import choose_variant
from ganbench.training.feed import LatentFeed
from ganbench.training.loop import Eager

from ...training.small import (
    CPU,
    VARIANTS,
    catalogue,
    image,
    networks_of,
    points,
    random_data,
    variant_trainer,
)

SIDES = (8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)
LARGE = 64
"""Above it tests narrow the networks, which would take seconds at their own widths."""


def pass_through(networks: Networks) -> tuple[torch.Tensor, torch.Tensor]:
    with torch.no_grad():
        samples = networks.generator(LatentFeed(networks.latent, CPU, seed=0).draw(3))
        return samples, networks.discriminator(samples)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("variant", VARIANTS)
def test_images(variant: str, side: int, channels: int) -> None:
    variant = variant if side <= LARGE else f"{variant}[width=16]"
    samples, logits = pass_through(networks_of(variant, image(side, channels)))
    assert samples.shape == (3, channels, side, side)
    assert samples.dtype == torch.float32
    assert samples.abs().max() <= 1
    assert len(samples.unique(dim=0)) == 3
    assert logits.numel() == len(logits) == 3
    assert logits.isfinite().all()


@pytest.mark.parametrize("dimensions", [2, 5])
@pytest.mark.parametrize("variant", VARIANTS)
def test_points(variant: str, dimensions: int) -> None:
    networks = networks_of(variant, points(dimensions))
    samples, logits = pass_through(networks)
    assert samples.shape == (3, dimensions)
    assert samples.dtype == torch.float32
    assert logits.numel() == len(logits) == 3
    *_, last = (one for one in networks.generator.modules() if isinstance(one, nn.Linear))
    nn.init.constant_(last.bias, 50.0)
    assert pass_through(networks)[0].min() > 1  # points are generated without bound


@pytest.mark.parametrize("variant", ["dcgan", "wgan-gp"])
@pytest.mark.parametrize("side", [1, 4, 6, 7, 9, 11, 18, 22, 27, 30, 36, 60, 65, 72, 136])
def test_other_sides_are_refused_with_a_list_of_those_that_fit(variant: str, side: int) -> None:
    with pytest.raises(UsageError, match=f"{side} px images do not fit") as caught:
        networks_of(variant, image(side))
    assert caught.value.hint == f"use a side of {', '.join(map(str, SIDES[:-1]))} or 128 px"


OBLONG = [(8, 16), (16, 8), (28, 20), (64, 8), (24, 40), (128, 96), (64, 128), (112, 128), (8, 128)]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", OBLONG)
@pytest.mark.parametrize("variant", VARIANTS)
def test_oblong_images(variant: str, size: tuple[int, int], channels: int) -> None:
    info = DataInfo(name="wide", modality="image", shape=(channels, *size))
    variant = variant if max(size) <= LARGE else f"{variant}[width=16]"
    samples, logits = pass_through(networks_of(variant, info))
    assert samples.shape == (3, channels, *size)
    assert logits.numel() == len(logits) == 3


LARGEST = (
    "vanilla", "dcgan", "lsgan", "wgan", "wgan-gp", "dragan", "ragan", "unrolled", "sngan", "sagan",
    "r3gan", "stylegan2", "acgan", "projection", "biggan",
)  # fmt: skip


@pytest.mark.whole
@pytest.mark.parametrize("shape", [(3, 128, 128), (1, 128, 64)], ids=["colour", "grey-oblong"])
@pytest.mark.parametrize("variant", LARGEST)
def test_variants_for_images_train_at_128_px(variant: str, shape: tuple[int, int, int]) -> None:
    info = DataInfo(name="large", modality="image", shape=shape, classes=2)
    data = replace(random_data(info, count=8), train_labels=torch.arange(8) % 2)
    trainer = variant_trainer(f"{variant}+batch:4[width=4]", data)
    Eager(trainer).step(0, 0.0)
    networks, told = trainer.networks, [torch.tensor([0, 1, 0])] * trainer.networks.conditional
    with torch.no_grad():
        samples = networks.generator(LatentFeed(networks.latent, CPU, seed=0).draw(3), *told)
        logits = networks.discriminator(samples, *told)
    assert samples.shape == (3, *shape)
    assert samples.isfinite().all()
    assert logits.numel() == 3
    assert logits.isfinite().all()


@pytest.mark.parametrize("model", ["dcgan", "resnet"])
@pytest.mark.parametrize(
    "size", [(8, 8), (8, 16), (64, 28), (8, 18), (9, 9), (4, 8), (64, 128), (128, 256)]
)
def test_a_model_supports_what_it_can_be_built_for(model: str, size: tuple[int, int]) -> None:
    spec = catalogue().get(ModelSpec, model)
    info = DataInfo(name="images", modality="image", shape=(1, *size))
    assert spec.supports is not None
    try:
        networks_of(f"{model}+non-saturating", info)
    except UsageError:
        assert not spec.supports(info)
    else:
        assert spec.supports(info)


def test_an_unfit_pair_is_left_out_of_the_plan() -> None:
    variant = choose_variant("dcgan", catalogue())
    assert variant.misfit(catalogue(), image(8)) is None
    assert variant.misfit(catalogue(), image(9)) == (
        "its model dcgan does not handle samples of shape (1, 9, 9)"
    )


def test_perceptrons_take_any_shape() -> None:
    info = DataInfo(name="wide", modality="image", shape=(1, 7, 13))
    samples, logits = pass_through(networks_of("vanilla", info))
    assert samples.shape == (3, 1, 7, 13)
    assert logits.numel() == 3


@pytest.mark.parametrize("info", [points(), image(8)], ids=["points", "image"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_trap_2_nothing_is_rectified_in_place(variant: str, info: DataInfo) -> None:
    networks = networks_of(variant, info)
    for network in (networks.generator, networks.discriminator):
        assert not [one for one in network.modules() if getattr(one, "inplace", False)]
    samples, _ = pass_through(networks)
    before = samples.clone()
    networks.discriminator(samples)
    assert torch.equal(samples, before)


@pytest.mark.parametrize("info", [points(), image(8)], ids=["points", "image"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_logits_are_not_squashed(variant: str, info: DataInfo) -> None:
    discriminator = networks_of(variant, info).discriminator
    *_, last = discriminator.modules()
    assert isinstance(last, nn.Linear)
    assert last.out_features == 1
