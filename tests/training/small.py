"""Small data sets, networks and trainers, for tests of training and of variants."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from importlib.metadata import distribution
from typing import Any

import torch
from torch import nn

from ganbench import Data, DataInfo, Latent, ModelSpec, Networks, Optimiser, Recipe, Training
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.specs import import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.naming import choose_variant
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import Task
from ganbench.running.players import Players
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.objective import Objective, Part
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

CPU = torch.device("cpu")
VARIANTS = ("vanilla", "dcgan", "wgan-gp")


@functools.cache
def catalogue() -> Catalogue:
    """What ganbench itself provides."""
    found = distribution("ganbench").entry_points
    return Catalogue(one for one in found if one.group == ENTRY_POINT_GROUP)


def image(side: int, channels: int = 1) -> DataInfo:
    return DataInfo(name=f"{side}px", modality="image", shape=(channels, side, side))


def points(dimensions: int = 2) -> DataInfo:
    return DataInfo(name="points", modality="points", shape=(dimensions,))


def random_data(info: DataInfo, count: int = 200) -> Data:
    """Uniform bytes for images, normal numbers for anything else; labels 0, 1, 2, ..."""
    random = torch.Generator().manual_seed(7)
    shape = (count, *info.shape)
    if info.modality == "image":
        samples = torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
    else:
        samples = torch.randn(shape, generator=random)
    return Data(info=info, train=samples, heldout=samples[:0], train_labels=torch.arange(count))


def recipe_of(variant: str, info: DataInfo) -> Recipe:
    return choose_variant(variant, catalogue()).recipe(catalogue(), info)


def networks_of(variant: str, info: DataInfo) -> Networks:
    recipe = recipe_of(variant, info)
    build = import_builder(catalogue().get(ModelSpec, recipe.model).build)
    networks = build(info, **recipe.model_parameters)
    assert isinstance(networks, Networks)
    return networks


def run_spec(variant: str, *, seed: int = 0, parameters: Any = None, **task: Any) -> RunSpec:
    """A run of 20 steps on the ring, unless `task` says otherwise."""
    defaults: dict[str, Any] = {
        "name": "test",
        "dataset": "ring8",
        "budget": Budget("steps", 20),
        "scores": ("sliced-w2",),
        "fakes": 200,
        "evaluations": 4,
    }
    return RunSpec(
        suite="test",
        variant=variant,
        parameters=parameters or {},
        task=Task(**{**defaults, **task}),
        dataset_parameters={},
        seed=seed,
    )


def variant_trainer(variant: str, data: Data, seed: int = 0) -> Trainer:
    """A trainer as a run of that variant builds it."""
    seed_everything(seed)
    return Players(recipe_of(variant, data.info), catalogue(), CPU).trainer(data, seed)


def small_networks(width: int = 8) -> Networks:
    """Perceptrons for points in the plane."""
    torch.manual_seed(0)
    return Networks(
        generator=nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 2)),
        discriminator=nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, 1)),
        latent=Latent(size=2),
    )


def small_trainer(
    loss: Any,
    networks: Networks | None = None,
    data: Data | None = None,
    *,
    needs: Iterable[str] = (),
    techniques: Sequence[Part] = (),
    **training: Any,
) -> Trainer:
    """A trainer for points in the plane, with Adam at 1e-3 unless `training` says otherwise."""
    networks = networks or small_networks()
    adam = Optimiser(lr=1e-3)
    return Trainer(
        networks=networks,
        objective=Objective(Part("small", loss, frozenset(needs)), techniques),
        training=Training(
            **{"generator": adam, "discriminator": adam, "batch_size": 16, **training}
        ),
        real=RealFeed(data or random_data(points()), CPU, seed=1),
        latents=LatentFeed(networks.latents, CPU, seed=2),
        device=CPU,
    )
