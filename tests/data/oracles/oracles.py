"""Generators that learn nothing and whose worth is known, as anybody could install them.

Each is a table of samples, of which the latent picks one: copies of the train or of the held-out
split, half of the classes, one sample, a few, noise, silence, modes five times too wide, and the
law itself. They
know ganbench by its public contract alone, and the data as everybody does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

from ganbench import (
    Data,
    DataInfo,
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    Recipe,
    Training,
    VariantSpec,
    hookimpl,
)

if TYPE_CHECKING:
    from torch import Tensor

GANBENCH_API_VERSION = 2

ROWS = 50_000
ORACLES = {
    "train-copies": "samples of the train split",
    "heldout-copies": "samples of the held-out split",
    "half-classes": "samples of the train split, of the first half of its classes",
    "one-sample": "one sample of the train split",
    "ten-samples": "ten samples of the train split, far apart",
    "silence": "sounds of one bit",
    "noise": "numbers between the least and the largest of the train split",
    "wide-modes": "the modes of a mixture, five times as wide",
    "the-law": "new samples of the very law",
}
MIXTURES = ("wide-modes", "the-law")
"""What only a known law can be drawn from."""

SOUNDS = ("silence", "ten-samples")
"""What is there for sounds alone."""


def samples(of: str, data: Data) -> Tensor:
    """(N, ...) what the oracle of that name may return, as it is stored."""
    import torch

    own = torch.Generator().manual_seed(7)
    train = data.train
    match of:
        case "train-copies":
            return train
        case "heldout-copies":
            return data.heldout
        case "half-classes":
            assert data.train_labels is not None
            return train[data.train_labels < math.ceil((int(data.train_labels.max()) + 1) / 2)]
        case "one-sample":
            return train[-1:]
        case "ten-samples":
            return train[:: len(train) // 10][:10]
        case "silence":
            return torch.randint(-1, 2, (ROWS // 50, *train.shape[1:]), generator=own).short()
        case "noise" if data.info.modality == "audio":
            # As loud as the data: numbers between the ends would be told by loudness alone.
            level = train.double().square().mean().sqrt()
            drawn = level * torch.randn(ROWS // 50, *train.shape[1:], generator=own)
            return drawn.round().short()
        case "noise":
            low, high = float(train.min()), float(train.max())
            drawn = low + (high - low) * torch.rand(ROWS, *train.shape[1:], generator=own)
            return drawn.round().to(train.dtype) if data.info.modality == "image" else drawn
        case "wide-modes" | "the-law":
            assert data.modes is not None
            centres, width = data.modes.centres, {"wide-modes": 5.0}.get(of, 1.0)
            modes = torch.randint(len(centres), (ROWS,), generator=own)
            spread = torch.randn(ROWS, centres.shape[1], generator=own)
            return centres[modes] + width * data.modes.sigma * spread
    raise ValueError(of)


def load(name: str) -> Data:
    """The data as it is there for everybody."""
    from ganbench_plugins.datasets import digits, points, spoken

    return {
        "digits": digits.load,
        "ring8": points.load_ring,
        "grid25": points.load_grid,
        "spoken-digits": spoken.load,
    }[name]()


def build(
    data: DataInfo,
    *,
    of: Annotated[str, Parameter(choices=tuple(ORACLES), help="samples")] = "train-copies",
) -> Networks:
    import torch
    from torch import nn

    class Table(nn.Module):
        """A row for every latent; what is trained moves it by nothing that can be seen."""

        rows: torch.Tensor

        def __init__(self, rows: torch.Tensor) -> None:
            super().__init__()
            self.register_buffer("rows", rows)
            self.shift = nn.Parameter(torch.zeros(data.shape))

        def forward(self, latent: torch.Tensor) -> torch.Tensor:
            places = ((latent[:, 0].double() + 1) / 2 * len(self.rows)).long()
            return self.rows[places.clamp(0, len(self.rows) - 1)] + self.shift

    rows = samples(of, load(data.name)).float()
    if data.modality == "image":
        rows = rows / 127.5 - 1
    if data.modality == "audio":
        rows = rows / 32_768
    return Networks(
        generator=Table(rows),
        discriminator=nn.Sequential(nn.Flatten(), nn.Linear(data.features, 1)),
        latent=Latent(size=1, law="uniform"),
    )


class Idle:
    """A Wasserstein loss, for the look of it."""

    def discriminator_loss(self, step: Any) -> Any:
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits.mean()


TRAINING = Training(generator=Optimiser(lr=1e-12), discriminator=Optimiser(lr=1e-12), batch_size=16)


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="oracle",
            description="a table of samples",
            modalities=("points", "image", "audio"),
            build=build,
        )
    ]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    about = "trains nothing that can be seen"
    return [LossSpec(name="idle", description=about, build=Idle, training=TRAINING)]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    return [
        VariantSpec(
            name=name,
            description=what,
            modalities=modalities_of(name),
            recipe=recipe_of(name),
        )
        for name, what in ORACLES.items()
    ]


def modalities_of(name: str) -> Any:
    """For which data the oracle of that name is there."""
    if name in SOUNDS:
        return ("audio",)
    return ("points",) if name in MIXTURES else ("points", "image", "audio")


def recipe_of(name: str) -> Any:
    """Of the variant of that name."""

    def recipe(data: DataInfo) -> Recipe:
        return Recipe(model="oracle", loss="idle", training=TRAINING, model_parameters={"of": name})

    return recipe
