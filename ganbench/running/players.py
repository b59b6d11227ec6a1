"""What a recipe names, built: networks, loss, techniques, and the trainer that joins them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import torch

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.networks import Networks
from ganbench.api.recipe import Recipe
from ganbench.api.specs import (
    Builder,
    LossSpec,
    ModelSpec,
    TechniqueSpec,
    import_builder,
    looks_at_slopes,
)
from ganbench.api.techniques import JOINT
from ganbench.catalogue.blame import name_network
from ganbench.catalogue.catalogue import Catalogue
from ganbench.machine.precision import Precision
from ganbench.modalities import modality_of
from ganbench.planning.views import seen_by
from ganbench.running.contracts import (
    check_loss,
    check_networks,
    check_technique,
    made,
    require,
)
from ganbench.training.coupling import JUDGEMENTS, couples_samples
from ganbench.training.feed import LabelFeed, LatentFeed, RealFeed, class_shares
from ganbench.training.kept import move_part
from ganbench.training.objective import Objective, Part
from ganbench.training.precision import lower
from ganbench.training.seeds import stream_seed
from ganbench.training.trainer import Trainer
from ganbench.training.wrapped import samples_per_judgement


@dataclass(frozen=True)
class Players:
    """Builds what a recipe names.

    Args:
        recipe: with all parameters of its parts.
        catalogue: where its names are looked up.
        device: where it runs.
        precision: in which networks are trained.
    """

    recipe: Recipe
    catalogue: Catalogue
    device: torch.device
    precision: Precision = "float32"

    def trainer(self, data: Data, seed: int, label_law: str = "train") -> Trainer:
        """Networks, objective and feeds, on the device and seeded.

        Args:
            data: what they are trained on.
            seed: of data order, latents and classes; that of weights is the global one.
            label_law: of the classes that fakes are made for: `train` or `balanced`.

        Raises:
            PluginNotUsable: a plugin does not keep its contract.
            UsageError: the parts cannot be combined.
        """
        data = self.seen(data)
        objective = self.objective(data.info)
        networks = self._networks(data.info, objective.techniques)
        with self.whose():
            weights = objective.weights(data)
        sampling = self.recipe.training.sampling
        real = RealFeed(data, self.device, stream_seed(seed, "data"), weights, sampling)
        self._refuse_coupling(networks, real)
        lower(networks, self.precision, self.device)
        # Who is shown all classes equally often is asked for them equally often.
        law = "balanced" if self.recipe.training.sampling == "balanced" else label_law
        shares = class_shares(data, law) if networks.conditional else None
        labels = None if shares is None else LabelFeed(
            shares, self.device, stream_seed(seed, "labels")
        )  # fmt: skip
        with self.whose():
            return Trainer(
                networks=networks,
                objective=objective,
                training=self.recipe.training,
                real=real,
                latents=LatentFeed(networks.latents, self.device, stream_seed(seed, "latents")),
                device=self.device,
                labels=labels,
            )

    def seen(self, data: Data) -> Data:
        """The same samples, described as what the networks see of them.

        Raises:
            UsageError: a technique that shows them otherwise makes nothing of them.
        """
        specs = self._technique_specs
        found = seen_by(specs, self.recipe.techniques, data.info, self.catalogue)
        if isinstance(found, str):
            raise UsageError(f"cannot train on {data.info.name}: {found}")
        return replace(data, info=modality_of(found).fit(found, data.train))

    def networks(self, data: DataInfo) -> Networks:
        """The networks, with all that techniques do to them, on the device and in train mode.

        Args:
            data: as they see them.

        Raises:
            PluginNotUsable: as `trainer`.
        """
        return self._networks(data, self.objective(data).techniques)

    def objective(self, data: DataInfo) -> Objective:
        """The loss and the techniques, on the device.

        What they draw at random while they are built does not reach the networks: these begin with
        the same weights whatever they are trained by.

        Raises:
            PluginNotUsable: as `trainer`.
        """
        with torch.random.fork_rng([self.device] if self.device.type == "cuda" else []):
            techniques = self._techniques(data)
            return Objective(self._loss(data), techniques)

    def whose(self) -> AbstractContextManager[None]:
        """Say in errors about networks, losses and techniques whose these are."""
        return self.catalogue.whose(self._model, self._loss_spec, *self._technique_specs)

    @property
    def _model(self) -> ModelSpec:
        return self.catalogue.get(ModelSpec, self.recipe.model)

    @property
    def _loss_spec(self) -> LossSpec:
        return self.catalogue.get(LossSpec, self.recipe.loss)

    @property
    def _technique_specs(self) -> list[TechniqueSpec]:
        return [self.catalogue.get(TechniqueSpec, name) for name in self.recipe.techniques]

    def _networks(self, data: DataInfo, techniques: Sequence[Part]) -> Networks:
        networks = self._build(data)
        if networks.conditional and data.classes is None:
            raise UsageError(
                f"model {self.recipe.model} is conditional, and {data.name} has no classes"
            )
        seen = data
        for part in techniques:
            if (sees := part.method("sees")) is not None:
                with self.catalogue.whose(self.catalogue.get(TechniqueSpec, part.name)):
                    seen = require(f"what technique {part.name} sees", sees(seen), DataInfo)
        if seen.shape != data.shape:
            self._refuse_shape(seen)
            networks = _joined(networks, self._build(seen))
        for part in techniques:
            if (change := part.method("networks")) is not None:
                with self.catalogue.whose(self.catalogue.get(TechniqueSpec, part.name)):
                    what = f"what networks of technique {part.name} returns"
                    changed = require(what, change(networks), Networks)
                    networks = check_networks(self.recipe.model, changed)
        if networks.conditional and samples_per_judgement(networks.discriminator) > 1:
            raise UsageError(
                f"model {self.recipe.model} judges samples by their classes, and "
                f"{'+'.join(self.recipe.techniques)} shows it several at a time"
            )
        extra = [one.module for one in networks.extras.values()]
        for module in (networks.generator, networks.discriminator, *extra):
            module.to(self.device).train()
        for part in techniques:  # with what they may have made of the networks
            move_part(part.does, self.device)
        self._name(networks)
        return networks

    def _name(self, networks: Networks) -> None:
        """Let errors within the networks say which one it is."""
        model, labels = self._model, ", y" if networks.conditional else ""
        plugins, plugin = self.catalogue.plugins, self.catalogue.plugin_of(model)
        named = {
            "the generator": (networks.generator, f"z{labels}"),
            "the discriminator": (networks.discriminator, f"x{labels}"),
            **{f"extra {name!r}": (one.module, "...") for name, one in networks.extras.items()},
        }
        for what, (module, given) in named.items():
            name_network(module, f"{what} of model {model.name}", given, plugin, plugins)

    def _build(self, data: DataInfo) -> Networks:
        spec = self._model
        networks = made(
            self.catalogue, check_networks, spec, spec.build, data, **self.recipe.model_parameters
        )
        with self.catalogue.whose(spec):
            _keep_promises(spec, networks)
        return networks

    def _loss(self, data: DataInfo) -> Part:
        spec = self._loss_spec
        own = {**_given(spec.build, data), **self.recipe.loss_parameters}
        check = functools.partial(check_loss, training=spec.training)
        built = made(self.catalogue, check, spec, spec.build, **own)
        move_part(built, self.device)
        return Part(spec.name, built, frozenset(spec.needs))

    def _techniques(self, data: DataInfo) -> list[Part]:
        """In the order in which they are named."""
        parts = []
        for spec in self._technique_specs:
            if spec.build is not None:
                own = {**_given(spec.build, data), **self.recipe.techniques[spec.name]}
                built = made(self.catalogue, check_technique, spec, spec.build, **own)
                parts.append(Part(spec.name, built, frozenset(spec.needs), "technique"))
        return parts

    def _refuse_coupling(self, networks: Networks, real: RealFeed) -> None:
        """Slopes of single judgements mean nothing where samples influence each other's logits.

        Raises:
            UsageError: somebody needs slopes, and they do.
        """
        steep = [
            one.name for one in (self._loss_spec, *self._technique_specs) if looks_at_slopes(one)
        ]
        if not steep or JOINT in self._model.provides:
            return
        count = JUDGEMENTS * samples_per_judgement(networks.discriminator)
        samples, labels = real.first(count)
        if not couples_samples(
            networks.discriminator, samples, labels if networks.conditional else None
        ):
            return
        model = self._model
        instead = ",".join(f"model.{name}={value}" for name, value in model.uncoupled.items())
        raise UsageError(
            f"{' and '.join(steep)} penalises the discriminator's slope at single samples, but in "
            f"the discriminator of {model.name} samples of a batch influence each other's logits, "
            "as batch norm lets them",
            f"use a discriminator that looks at each sample alone, e.g. "
            f"{model.name}+{self.recipe.loss}[{instead}]"
            if instead
            else "use a discriminator that looks at each sample alone: layer norm or none",
        )

    def _refuse_shape(self, seen: DataInfo) -> None:
        """What techniques show the discriminator must be something that the model is built for.

        Raises:
            UsageError: it is not.
        """
        model = self._model
        with self.catalogue.whose(model):
            if model.supports is None or model.supports(seen):
                return
        names = "+".join(self.recipe.techniques)
        raise UsageError(
            f"model {model.name} has no discriminator for samples of shape {seen.shape}, which is "
            f"what it gets to see with {names}"
        )


def _keep_promises(spec: ModelSpec, networks: Networks) -> None:
    """What a model's spec tells others about its networks.

    Raises:
        PluginNotUsable: they are otherwise.
    """
    if networks.conditional != spec.conditional:
        raise PluginNotUsable(
            f"the networks of model {spec.name} are conditional={networks.conditional}, "
            f"its spec says conditional={spec.conditional}"
        )
    if networks.control != spec.control:
        raise PluginNotUsable(
            f"the networks of model {spec.name} have {'no' if networks.control else 'a'} "
            f"discriminator, its spec says control={spec.control}"
        )
    methods = {name for name in spec.provides if callable(getattr(networks.generator, name, None))}
    if missing := {*spec.provides} - {*networks.extra, JOINT} - methods:
        raise PluginNotUsable(
            f"model {spec.name} says that it provides {min(missing)!r}, and its networks have no "
            "extra module of that name, nor its generator such a method",
            "return it in Networks(extra=...), or take it out of `provides`",
        )


def _given(builder: Builder, data: DataInfo) -> dict[str, Any]:
    """The data's description, for those who ask for it by an argument ``data``."""
    return {"data": data} if _asks_for_data(builder) else {}


@functools.cache
def _asks_for_data(builder: Builder) -> bool:
    try:
        return "data" in inspect.signature(import_builder(builder)).parameters
    except Exception:  # said, with its reason, where it is called
        return False


def _joined(generating: Networks, judging: Networks) -> Networks:
    """The generator of one build with the discriminator of another, and each side's extras."""
    extra = {name: one for name, one in generating.extras.items() if one.side == "generator"}
    extra |= {name: one for name, one in judging.extras.items() if one.side == "discriminator"}
    return replace(generating, discriminator=judging.discriminator, extra=extra)
