"""Generators with batch norm on images, discriminators with spectral norm everywhere."""

from __future__ import annotations

from ganbench import DataInfo, Latent, Networks
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

LEAK = 0.1
SMALLEST = 4


def build(data: DataInfo, *, width: int) -> Networks:
    """Convolutions on images, three hidden layers of 2 * `width` units on anything else."""
    if data.modality == "image":
        return convolutional(data, width)
    return perceptrons(data, 2 * width)


def perceptrons(data: DataInfo, units: int) -> Networks:
    """Latent (B, 2) to sample (B, *shape) to logit (B, 1)."""
    up: list[nn.Module] = []
    down: list[nn.Module] = [nn.Flatten()]
    for index in range(3):
        up += [nn.Linear(units if index else 2, units), nn.ReLU()]
        fan_in = units if index else data.features
        down += [spectral_norm(nn.Linear(fan_in, units)), nn.LeakyReLU(LEAK)]
    up += [nn.Linear(units, data.features), nn.Unflatten(1, data.shape)]
    down += [spectral_norm(nn.Linear(units, 1))]
    return Networks(
        generator=nn.Sequential(*up), discriminator=nn.Sequential(*down), latent=Latent(size=2)
    )


def convolutional(data: DataInfo, width: int) -> Networks:
    """Latent (B, 128) to image (B, C, H, W) in [-1, 1] to logit (B, 1); sides halve while they can
    and are at least 4 px."""
    high, wide, levels = data.height, data.width, 0
    while high % 2 == wide % 2 == 0 and min(high, wide) // 2 >= SMALLEST:
        high, wide, levels = high // 2, wide // 2, levels + 1
    channels = width * 2**levels
    start = channels * high * wide
    up: list[nn.Module] = [nn.Linear(128, start), nn.Unflatten(1, (channels, high, wide))]
    down: list[nn.Module] = [
        spectral_norm(nn.Conv2d(data.channels, width, 3, padding=1)),
        nn.LeakyReLU(LEAK),
    ]
    for level in range(levels):
        fan_out = channels // 2 ** (level + 1)
        up += [nn.BatchNorm2d(2 * fan_out), nn.ReLU()]
        up += [nn.ConvTranspose2d(2 * fan_out, fan_out, 4, 2, 1)]
        fan_in = width * 2**level
        down += [spectral_norm(nn.Conv2d(fan_in, 2 * fan_in, 4, 2, 1)), nn.LeakyReLU(LEAK)]
    up += [nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, data.channels, 3, padding=1)]
    up += [nn.Tanh()]
    down += [nn.Flatten(), spectral_norm(nn.Linear(start, 1))]
    return Networks(
        generator=nn.Sequential(*up), discriminator=nn.Sequential(*down), latent=Latent(size=128)
    )
