"""From a spec to everything a run needs: data, networks, loss, feeds, scores."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.networks import Loss, Networks
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.recipe import Recipe
from ganbench.api.scores import Extractor, Measurement
from ganbench.api.specs import (
    DatasetSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    Spec,
)
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.datasets import describe_dataset
from ganbench.planning.references import parse_reference
from ganbench.planning.runspec import RunSpec
from ganbench.planning.variants import choose_variant
from ganbench.running.contracts import (
    call,
    check_data,
    check_extractor,
    check_loss,
    check_measurements,
    check_networks,
)
from ganbench.running.log import remark
from ganbench.scoring.evaluation import RealSide
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.storage.tensorcache import TensorCache
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.loop import Trainer
from ganbench.training.seeds import stream_seed

T = TypeVar("T")

Score = tuple[Callable[..., list[Measurement]], dict[str, Any]]


@dataclass(frozen=True)
class Builder:
    """Builds the parts of one run from the plugins of a catalogue.

    Args:
        spec: the run.
        catalogue: where its names are looked up.
        device: where it runs.
    """

    spec: RunSpec
    catalogue: Catalogue
    device: torch.device

    def data(self) -> Data:
        """The loaded data set.

        Raises:
            MissingData: it is not on this machine.
            PluginNotUsable: what was loaded is not what the data set describes.
        """
        text = self.spec.task.dataset
        spec = self.catalogue.get(DatasetSpec, parse_reference(text).name)
        announced = describe_dataset(text, self.catalogue)
        check = functools.partial(check_data, announced=announced)
        return self._made(check, spec, spec.load, **self.spec.dataset_parameters)

    def recipe(self, data: DataInfo) -> Recipe:
        """The variant's recipe on that data."""
        variant = choose_variant(self.spec.variant, self.catalogue)
        return variant.recipe(self.catalogue, data)

    def trainer(self, data: Data, recipe: Recipe) -> Trainer:
        """Networks, loss and feeds, on the device and seeded."""
        networks = self.networks(data.info, recipe)
        loss = self._loss(recipe)
        loss_spec = self.catalogue.get(LossSpec, recipe.loss)
        if loss_spec.per_sample:
            _refuse_batch_norm(networks.discriminator, recipe)
        seed = self.spec.seed
        with self.whose(recipe):
            return Trainer(
                networks=networks,
                loss=loss,
                training=recipe.training,
                real=RealFeed(data, self.device, stream_seed(seed, "data")),
                latents=LatentFeed(networks.latent, self.device, stream_seed(seed, "latents")),
                device=self.device,
            )

    def whose(self, recipe: Recipe) -> AbstractContextManager[None]:
        """Say in errors about networks and losses whose these are."""
        model = self.catalogue.get(ModelSpec, recipe.model)
        return self.catalogue.whose(model, self.catalogue.get(LossSpec, recipe.loss))

    def real_side(self, data: Data) -> RealSide:
        """The reference of all scores."""

        def build_extractor(text: str) -> Extractor:
            spec, parameters = self._extractor(text)
            check = functools.partial(check_extractor, samples=data.train[:2])
            return self._made(check, spec, spec.build, data, self.device, **parameters)

        def origin(text: str) -> Origin:
            spec, parameters = self._extractor(text)
            plugin = self.catalogue.plugin_of(spec)
            return Origin(
                name=spec.name,
                parameters=parameters,
                distribution=plugin.distribution,
                version=plugin.version,
                source=plugin.source_hash,
            )

        cache = RealCache(origin, self.device, TensorCache(remark=remark))
        return RealSide(data, self.spec.task.split, self.device, build_extractor, cache)

    def scores(self, texts: tuple[str, ...]) -> list[Score]:
        """Compute functions and parameters of score references."""
        scores: list[Score] = []
        for text in texts:
            reference = parse_reference(text)
            spec = self.catalogue.get(ScoreSpec, reference.name)
            parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)
            measure = functools.partial(self._made, check_measurements, spec, spec.compute)
            scores.append((measure, dict(parameters)))
        return scores

    def _extractor(self, text: str) -> tuple[ExtractorSpec, dict[str, Value]]:
        reference = parse_reference(text)
        spec = self.catalogue.get(ExtractorSpec, reference.name)
        return spec, resolve_parameters(spec.name, spec.parameters, reference.settings)

    def networks(self, data: DataInfo, recipe: Recipe) -> Networks:
        """The model's networks, on the device and in train mode.

        Raises:
            PluginNotUsable: the model does not take its parameters, or builds something else.
        """
        spec = self.catalogue.get(ModelSpec, recipe.model)
        networks = self._made(check_networks, spec, spec.build, data, **recipe.model_parameters)
        extra = [module for module, _ in networks.extra.values()]
        for module in (networks.generator, networks.discriminator, *extra):
            module.to(self.device).train()
        return networks

    def _loss(self, recipe: Recipe) -> Loss:
        spec = self.catalogue.get(LossSpec, recipe.loss)
        loss = self._made(check_loss, spec, spec.build, **recipe.loss_parameters)
        if isinstance(loss, nn.Module):
            loss.to(self.device)
        return loss

    def _made(
        self,
        check: Callable[[str, Any], T],
        spec: Spec,
        builder: str | Callable[..., Any],
        /,
        *args: Any,
        **parameters: Any,
    ) -> T:
        """What a plugin's code makes, if it keeps its contract; errors say whose it is."""
        with self.catalogue.whose(spec):
            return check(spec.name, call(f"{spec.kind} {spec.name}", builder, *args, **parameters))


def _refuse_batch_norm(discriminator: nn.Module, recipe: Recipe) -> None:
    kinds = (nn.modules.batchnorm._BatchNorm,)
    if any(isinstance(module, kinds) for module in discriminator.modules()):
        raise UsageError(
            f"{recipe.loss} penalises the discriminator's gradient at single samples, but the "
            f"discriminator of {recipe.model} has batch norm, which mixes samples",
            "use layer norm or none in the discriminator, e.g. "
            f"{recipe.model}+{recipe.loss}[model.discriminator_norm=layer]",
        )
