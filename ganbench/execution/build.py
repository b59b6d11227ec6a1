"""From a spec to everything a run needs: data, networks, loss, feeds, scores."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.networks import Latent, Loss, Networks
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.recipe import Recipe
from ganbench.api.scores import Extractor, Measurement
from ganbench.api.specs import (
    DatasetSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    import_builder,
)
from ganbench.catalogue.catalogue import Catalogue
from ganbench.execution.log import remark
from ganbench.planning.references import parse_reference
from ganbench.planning.runspec import RunSpec
from ganbench.planning.variants import choose_variant
from ganbench.scoring.evaluation import RealSide
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.scoring.tensorcache import TensorCache
from ganbench.training.feed import LatentFeed, RealFeed
from ganbench.training.loop import Trainer
from ganbench.training.seeds import stream_seed

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
            PluginNotUsable: what was loaded is not what the data set announces.
        """
        reference = parse_reference(self.spec.task.dataset)
        spec = self.catalogue.get(DatasetSpec, reference.name)
        data: Data = import_builder(spec.load)(**self.spec.dataset_parameters)
        if tuple(data.train.shape[1:]) != data.info.shape or len(data.train) < 2:
            raise PluginNotUsable(
                f"data set {spec.name} announces samples of shape {data.info.shape}, "
                f"its train split is {tuple(data.train.shape)}"
            )
        return data

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
        return Trainer(
            networks=networks,
            loss=loss,
            training=recipe.training,
            real=RealFeed(data, self.device, stream_seed(seed, "data")),
            latents=LatentFeed(networks.latent, self.device, stream_seed(seed, "latents")),
            device=self.device,
        )

    def real_side(self, data: Data) -> RealSide:
        """The reference of all scores."""

        def build_extractor(text: str) -> Extractor:
            spec, parameters = self._extractor(text)
            extractor: Extractor = import_builder(spec.build)(data, self.device, **parameters)
            return extractor

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
        scores = []
        for text in texts:
            reference = parse_reference(text)
            spec = self.catalogue.get(ScoreSpec, reference.name)
            parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)
            scores.append((import_builder(spec.compute), dict(parameters)))
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
        networks: Networks = _call(
            f"model {spec.name}", import_builder(spec.build), data, **recipe.model_parameters
        )
        _require(f"what model {spec.name} builds", networks, Networks)
        modules = {"generator": networks.generator, "discriminator": networks.discriminator}
        modules |= {name: module for name, (module, _) in networks.extra.items()}
        for name, module in modules.items():
            _require(f"the {name} of model {spec.name}", module, nn.Module)
            module.to(self.device).train()
        _require(f"the latent of model {spec.name}", networks.latent, Latent)
        return networks

    def _loss(self, recipe: Recipe) -> Loss:
        spec = self.catalogue.get(LossSpec, recipe.loss)
        loss: Loss = _call(
            f"loss {spec.name}", import_builder(spec.build), **recipe.loss_parameters
        )
        for method in ("discriminator_loss", "generator_loss"):
            if not callable(getattr(loss, method, None)):
                raise PluginNotUsable(
                    f"loss {spec.name} built a {type(loss).__name__} without {method}"
                )
        if isinstance(loss, nn.Module):
            loss.to(self.device)
        return loss


def _call(owner: str, function: Callable[..., Any], *args: Any, **parameters: Any) -> Any:
    """Call a builder; what it raises itself is left as it is."""
    try:
        inspect.signature(function).bind(*args, **parameters)
    except TypeError as error:
        raise PluginNotUsable(f"{owner} does not take its declared parameters: {error}") from error
    except ValueError:  # written in C, without a signature
        pass
    return function(*args, **parameters)


def _require(what: str, found: object, wanted: type) -> None:
    if not isinstance(found, wanted):
        got = "None" if found is None else f"a {type(found).__name__}"
        raise PluginNotUsable(f"{what} must be a {wanted.__name__}, it is {got}")


def _refuse_batch_norm(discriminator: nn.Module, recipe: Recipe) -> None:
    kinds = (nn.modules.batchnorm._BatchNorm,)
    if any(isinstance(module, kinds) for module in discriminator.modules()):
        raise UsageError(
            f"{recipe.loss} penalises the discriminator's gradient at single samples, but the "
            f"discriminator of {recipe.model} has batch norm, which mixes samples",
            "use layer norm or none in the discriminator, e.g. "
            f"{recipe.model}+{recipe.loss}[model.discriminator_norm=layer]",
        )
