"""Generators that copy samples of the data, as anybody could install them: each returns, for every
latent, one of a table of real samples. They know ganbench by its public contract alone."""

from __future__ import annotations

from typing import Annotated, Any

from ganbench import (
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

GANBENCH_API_VERSION = 2

COPIES = {
    "train": "copies of the train split",
    "held-out": "copies of the held-out split",
    "both": "copies, half of them of either split",
    "noisy": "copies of the train split under so much noise that they are none",
}
ROWS = 50_000
STILL = Optimiser(lr=1e-12)
TRAINING = Training(generator=STILL, discriminator=STILL, batch_size=16)


def build(
    data: DataInfo, *, of: Annotated[str, Parameter(choices=tuple(COPIES), help="split")] = "train"
) -> Networks:
    import torch
    from torch import nn

    from ganbench_plugins.datasets import digits

    splits = digits.load()
    own = min(len(splits.train), len(splits.heldout))
    random = torch.Generator().manual_seed(7)
    drawn = torch.randint(len(splits.train), (ROWS,), generator=random)
    noise = 60 * torch.randn(ROWS, *data.shape, generator=random)
    tables = {
        "noisy": splits.train[drawn] + noise,
        "train": splits.train,
        "held-out": splits.heldout,
        "both": torch.cat([splits.train[:own], splits.heldout[:own]]),
    }

    class Copier(nn.Module):
        rows: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("rows", tables[of].float() / 127.5 - 1)
            self.shift = nn.Parameter(torch.zeros(data.shape))

        def forward(self, latent: torch.Tensor) -> torch.Tensor:
            places = ((latent[:, 0].double() + 1) / 2 * len(self.rows)).long()
            return self.rows[places.clamp(0, len(self.rows) - 1)] + self.shift

    return Networks(
        generator=Copier(),
        discriminator=nn.Sequential(nn.Flatten(), nn.Linear(data.features, 1)),
        latent=Latent(size=1, law="uniform"),
    )


class Still:
    def discriminator_loss(self, step: Any) -> Any:
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits.mean()


@hookimpl
def ganbench_models() -> list[ModelSpec]:
    about = "a table of real samples"
    return [ModelSpec(name="copier", description=about, modalities=("image",), build=build)]


@hookimpl
def ganbench_losses() -> list[LossSpec]:
    about = "moves nothing that can be seen"
    return [LossSpec(name="still", description=about, build=Still, training=TRAINING)]


@hookimpl
def ganbench_variants() -> list[VariantSpec]:
    return [
        VariantSpec(
            name=f"{of}-copies",
            description=description,
            modalities=("image",),
            recipe=lambda data, of=of: Recipe(
                model="copier", model_parameters={"of": of}, loss="still", training=TRAINING
            ),
        )
        for of, description in COPIES.items()
    ]
