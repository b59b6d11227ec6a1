"""Damage to real images, from light to strong, for extractors to put in order."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.transforms.functional import gaussian_blur

from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics


def blurred(images: Tensor, sigma: float) -> Tensor:
    return gaussian_blur(images, kernel_size=[7, 7], sigma=[sigma, sigma])


def noisy(images: Tensor, share: float) -> Tensor:
    """Gaussian noise of that share of the full range."""
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(0))
    return (images + 255 * share * noise).round().clamp(0, 255).to(torch.uint8)


@dataclass(frozen=True)
class Distances:
    """From one half of real images to the other half, as it is and damaged."""

    real: float
    blur: list[float]
    noise: list[float]
    half_of_classes: float


Measure = Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Distances]


@pytest.fixture(scope="session")
def measure() -> Measure:
    def distances(
        extractor: Callable[[Tensor], Tensor], images: Tensor, labels: Tensor
    ) -> Distances:
        half = len(images) // 2
        reference = gaussian_statistics(extractor(images[:half]))
        other, classes = images[half:], labels[half:]

        def distance(fakes: Tensor) -> float:
            return float(frechet_distance(reference, extractor(fakes)))

        return Distances(
            real=distance(other),
            blur=[distance(blurred(other, sigma)) for sigma in (0.5, 1.0, 2.0)],
            noise=[distance(noisy(other, share)) for share in (0.1, 0.2, 0.4)],
            half_of_classes=distance(other[classes < 5]),
        )

    return distances


class Evil:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.path),)


@pytest.fixture
def evil(tmp_path: Path) -> Evil:
    """To be hidden in a weights file; its folder is `tmp_path / "run"`."""
    return Evil(tmp_path / "run")


@pytest.fixture(scope="session")
def random_weights() -> Callable[[nn.Module], dict[str, Tensor]]:
    """Weights for a network on any device, under which activations neither die nor explode."""

    def draw(network: nn.Module) -> dict[str, Tensor]:
        generator = torch.Generator().manual_seed(0)
        found = {}
        for name, wanted in network.state_dict().items():
            if not wanted.is_floating_point():
                found[name] = torch.zeros(wanted.shape, dtype=wanted.dtype)
            elif name.endswith("running_var"):
                found[name] = 1 + torch.rand(wanted.shape, generator=generator)
            else:
                fan_in = wanted[0].numel() if wanted.dim() > 1 else 25
                found[name] = torch.randn(wanted.shape, generator=generator) / fan_in**0.5
        return found

    return draw
