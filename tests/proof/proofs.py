"""Plugin files in the style of a third party, and the trainings that they take part in."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import torch

from ganbench import Data, DataInfo
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.specs import DatasetSpec, import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin_files import PluginFile
from ganbench.planning.budget import Budget
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record
from ganbench.running.keeper import Preempted
from ganbench.running.players import Players
from ganbench.running.run import Run
from ganbench.training.loop import Eager
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

PROOF = Path(__file__).parent.parent / "data" / "proof"
CPU = torch.device("cpu")


def file_of(name: str) -> Path:
    """A proof by its name, or any other file by its path."""
    return Path(name) if name.endswith(".py") else PROOF / f"{name}.py"


@functools.cache
def catalogue_with(*names: str) -> Catalogue:
    """What ganbench itself provides, and these files."""
    found = distribution("ganbench").entry_points
    installed = [one for one in found if one.group == ENTRY_POINT_GROUP]
    return Catalogue(installed, files=[PluginFile.read(file_of(name)) for name in names])


@functools.cache
def data_of(name: str) -> Data:
    """A built-in data set."""
    data = import_builder(catalogue_with().get(DatasetSpec, name).load)()
    assert isinstance(data, Data)
    return data


def trainer_of(
    variant: str, data: Data, catalogue: Catalogue, seed: int = 0, label_law: str = "train"
) -> Trainer:
    """A trainer as a run of that variant builds it."""
    seed_everything(seed)
    recipe = choose_variant(variant, catalogue).recipe(catalogue, data.info)
    return Players(recipe, catalogue, CPU).trainer(data, seed, label_law)


def advance(trainer: Trainer, steps: int, first: int = 0, budget: int | None = None) -> None:
    """Take generator steps with their critic steps, of a budget in steps."""
    engine = Eager(trainer)
    for number in range(first, first + steps):
        engine.step(number, 0.0 if budget is None else number / budget)


def spec_of(
    variant: str,
    catalogue: Catalogue,
    *,
    suite: str = "starter",
    task: str = "ring8",
    steps: int = 20,
) -> RunSpec:
    selection = Selection(
        variants=[variant], suite=suite, tasks=[task], seeds=[0], budget=Budget("steps", steps)
    )
    (spec,) = make_plan(selection, catalogue).runs
    return spec


def execute(
    spec: RunSpec, catalogue: Catalogue, folder: Path, stops: Sequence[int] = ()
) -> tuple[Record, Run]:
    """Run in this process, stopped and gone on with after these numbers of steps."""
    folder.mkdir(parents=True, exist_ok=True)
    for stop in (*stops, None):
        run = Run(spec, folder, catalogue, CPU)
        if stop is None:
            return run.execute(), run
        count = run.clock.count_step

        def count_and_stop(
            images: int, flops: float, run: Run = run, count: Any = count, stop: int = stop
        ) -> None:
            count(images, flops)
            if run.clock.steps == stop:
                run.stop()

        run.clock.count_step = count_and_stop  # type: ignore[method-assign]
        try:
            run.execute()
        except Preempted:
            torch.rand(3)  # whatever else this process does
    raise AssertionError("not reached")


def points(dimensions: int = 2) -> DataInfo:
    return DataInfo(name="points", modality="points", shape=(dimensions,))


def state(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Copies of all weights and buffers of both networks."""
    networks = trainer.networks
    return {
        f"{side}.{name}": one.detach().clone()
        for side, module in (
            ("generator", networks.generator),
            ("discriminator", networks.discriminator),
        )
        for name, one in module.state_dict().items()
    }


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
