"""One sound plugin of every kind that takes part in runs, in one file: of the public contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from ganbench import (
    Data,
    DataInfo,
    DatasetSpec,
    ExtractorSpec,
    FeatureColumn,
    Latent,
    LossSpec,
    ModelSpec,
    Networks,
    Optimiser,
    Parameter,
    Recipe,
    ScoreSpec,
    TechniqueSpec,
    Training,
    VariantSpec,
    hookimpl,
)

GANBENCH_API_VERSION = 2

ADAM = Optimiser(lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM, batch_size=16)
INFO = DataInfo(name="every-data", modality="points", shape=(2,), classes=2)


def load() -> Data:
    import torch

    own = torch.Generator().manual_seed(5)
    labels = torch.arange(1_500) % 2
    points = torch.stack([4.0 * labels - 2, 0 * labels], dim=1)
    points = points + 0.1 * torch.randn(1_500, 2, generator=own)
    return Data(
        info=INFO,
        train=points[:1_000],
        heldout=points[1_000:],
        train_labels=labels[:1_000],
        heldout_labels=labels[1_000:],
    )


def build(
    data: DataInfo, *, width: Annotated[int, Parameter(minimum=1, help="units")] = 16
) -> Networks:
    from torch import nn

    def perceptron(inputs: int, outputs: int) -> list[nn.Module]:
        return [nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, outputs)]

    return Networks(
        generator=nn.Sequential(*perceptron(3, data.features), nn.Unflatten(1, data.shape)),
        discriminator=nn.Sequential(nn.Flatten(), *perceptron(data.features, 1)),
        latent=Latent(size=3),
    )


class LeastSquares:
    def discriminator_loss(self, step: Any) -> Any:
        return (step.real_logits - 1).square().mean() + step.fake_logits.square().mean()

    def generator_loss(self, step: Any) -> Any:
        return (step.fake_logits - 1).square().mean()


@dataclass(frozen=True)
class Drift:
    """Karras et al. 2018."""

    weight: Annotated[float, Parameter(minimum=0, help="of the term")] = 1e-3

    def discriminator_loss(self, step: Any) -> Any:
        return self.weight * step.real_logits.square().mean()


class Turned:
    """Features: coordinates, turned by an eighth."""

    id, layer = "turned@1", "coordinates"

    def __call__(self, samples: Any) -> Any:
        import torch

        turn = torch.tensor([[0.8, -0.6], [0.6, 0.8]], device=samples.device)
        return samples.flatten(1)[:, :2].float() @ turn


def compute(
    evaluation: Any,
    *,
    extractor: Annotated[str, Parameter(help="whose features")] = "every-extractor",
) -> list[Any]:
    column = FeatureColumn(evaluation, extractor)
    value = float((column.real.mean(dim=0) - column.fake.mean(dim=0)).norm())
    return [
        column.measurement(
            "every-mean", value, panel="quality", direction="lower", label="mean", lowest=0.0
        )
    ]


def on_points(data: DataInfo) -> Recipe:
    return Recipe(
        model="every-model",
        loss="every-loss",
        techniques={"every-technique": {"weight": 0.01}},
        training=TRAINING,
    )


ABOUT = {"description": "of every kind", "modalities": ("points",)}


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(name="every-data", describe=lambda: INFO, load=load, licence="none", **ABOUT)
    ]


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    return [ModelSpec(name="every-model", build=build, **ABOUT)]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    return [LossSpec(name="every-loss", build=LeastSquares, training=TRAINING, **ABOUT)]


@hookimpl
def ganbench_techniques() -> list[TechniqueSpec]:
    neutral = {"weight": 0.0}
    return [TechniqueSpec(name="every-technique", build=Drift, neutral=neutral, **ABOUT)]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    about = {"description": "of every kind", "recipes": {"points": on_points}}
    return [VariantSpec(name="every-variant", **about)]


@hookimpl
def ganbench_extractors() -> list[ExtractorSpec]:
    return [ExtractorSpec(name="every-extractor", build=lambda data, device: Turned(), **ABOUT)]


@hookimpl
def ganbench_scores() -> list[ScoreSpec]:
    return [ScoreSpec(name="every-score", compute=compute, **ABOUT)]
