"""What is checked: a plugin, and the small trainings in which it is seen at work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.networks import Networks
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.recipe import Recipe, Training
from ganbench.api.specs import DatasetSpec, Spec
from ganbench.authoring.conformance.names import specs_of
from ganbench.authoring.conformance.results import Broken, NotApplicable
from ganbench.authoring.conformance.samples import example_data, example_shapes
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES
from ganbench.planning.datasets import choose_dataset
from ganbench.planning.naming import choose_variant
from ganbench.planning.references import parse_reference
from ganbench.planning.variants import Variant
from ganbench.running.players import Players
from ganbench.training.loop import Eager
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

T = TypeVar("T")

LARGEST_BATCH, SMALL_SAMPLE = 32, 64
"""Batches are cut to a divisor of the recipe's own that is no larger, to be quick, where a sample
has as many numbers as the second one, or more."""

LOSS, PER_SAMPLE_LOSS = "non-saturating", "wgan-gp"
"""The losses that a model is seen with; the second where it has no batch norm."""


@dataclass(frozen=True, slots=True)
class Case:
    """A training to look at: a variant or MODEL+LOSS pair on data of one shape."""

    variant: Variant
    info: DataInfo
    recipe: Recipe

    def __str__(self) -> str:
        return f"{self.variant.display} on {described(self.info)}"


class Subject:
    """A plugin that is checked.

    Args:
        name: as typed, with parameters and argument.
        kind: of plugin.
        catalogue: where everything is looked up.
        device: where it is trained.

    Raises:
        GanbenchError: the name cannot be understood.
    """

    def __init__(self, name: str, kind: str, catalogue: Catalogue, device: str) -> None:
        self.name = name
        self.kind = kind
        self.catalogue = catalogue
        self.device = torch.device(device)
        self.specs = specs_of(name, kind, catalogue)
        self._known: dict[str, object] = {}

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed by the first check that asks for it.

        Args:
            key: of what several checks share.
            compute: may refuse; then the next check that asks is refused, too.
        """
        if key not in self._known:
            self._known[key] = compute()
        return cast("T", self._known[key])

    @property
    def spec(self) -> Spec:
        """The plugin's spec; of a MODEL+LOSS pair the model's."""
        return self.specs[0]

    @property
    def parameters(self) -> dict[str, Value]:
        """All parameters of the spec, those in the name's brackets over the defaults."""
        if isinstance(self.spec, DatasetSpec):
            return choose_dataset(self.name, self.catalogue)[1]
        settings = parse_reference(self.name).settings
        return resolve_parameters(self.spec.name, self.spec.parameters, settings)

    @functools.cached_property
    def shapes(self) -> list[DataInfo]:
        """Example shapes of every modality."""
        return example_shapes(self.catalogue)

    @functools.cached_property
    def cases(self) -> tuple[Case, ...]:
        """The trainings that the checks look at: one on every kind of data that it declares.

        Raises:
            NotApplicable: there is no data that it declares to work on, or no model for that data.
        """
        cases = tuple(self._cases())
        if not cases:
            declared = " or ".join(self.spec.modalities)
            if self.kind == "loss" and not any(self._partners()):
                raise NotApplicable(
                    f"there is no built-in model for {declared} data to try it with: check a "
                    f"MODEL+{self.spec.name} pair"
                )
            raise NotApplicable(f"no {declared} data of a shape that fits")
        return cases

    def variants(self, settings: dict[str, Value] | None = None) -> Iterator[tuple[Variant, str]]:
        """The variants in which the plugin is seen, each with the modality it is for or ``""``.

        Args:
            settings: of its parameters, over those in its name.
        """
        if self.kind == "variant":
            yield choose_variant(self.name, self.catalogue, settings), ""
            return
        own = {**parse_reference(self.name).settings, **(settings or {})}
        inner = ",".join(f"{self.kind}.{key}={value}" for key, value in own.items())
        name = self.spec.name
        if self.kind == "model":
            yield choose_variant(f"{name}+{LOSS}[{inner}]", self.catalogue), ""
        else:
            for modality, model in self._partners():
                yield choose_variant(f"{model}+{name}[{inner}]", self.catalogue), modality

    def _partners(self) -> Iterator[tuple[str, str]]:
        """Modalities that a loss declares, each with the model that it is seen with there."""
        for modality in map(MODALITIES.__getitem__, self.spec.modalities):
            if modality.partner is not None:
                yield modality.name, modality.partner

    def _cases(self) -> Iterator[Case]:
        last = None
        for variant, only in self.variants():
            fitting = [one for one in self.shapes if only in ("", one.modality)]
            fitting = [one for one in fitting if variant.misfit(self.catalogue, one) is None]
            first = {one.modality: one for one in reversed(fitting)}
            for info in (first[one] for one in MODALITIES if one in first):
                last = Case(variant, info, variant.recipe(self.catalogue, info))
                yield last
        if self.kind == "model" and last is not None:
            pair = choose_variant(f"{self.spec.name}+{PER_SAMPLE_LOSS}", self.catalogue)
            case = Case(pair, last.info, pair.recipe(self.catalogue, last.info))
            if not has_batch_norm(self.networks(case).discriminator):
                yield case

    def networks(self, case: Case, info: DataInfo | None = None) -> Networks:
        """A fresh build of a case's model, in train mode; for other data, if given."""
        return Players(case.recipe, self.catalogue, self.device).networks(info or case.info)

    def data(self, case: Case) -> Data:
        """The samples of a case, loaded anew."""
        return example_data(case.info, self.catalogue)

    def trainer(
        self,
        case: Case,
        *,
        seed: int | None = 0,
        device: torch.device | None = None,
        **training: Any,
    ) -> Trainer:
        """A trainer as a run of a case builds it, with smaller batches of large samples.

        Args:
            case: what to train.
            seed: of everything; None: the global generators go on as they are.
            device: instead of the subject's.
            training: fields of `Training` to replace.
        """
        data = self.data(case)
        if seed is not None:
            seed_everything(seed)
        changed = replace(case.recipe.training, **{**_batches(case), **training})
        recipe = replace(case.recipe, training=changed)
        return Players(recipe, self.catalogue, device or self.device).trainer(data, seed or 0)

    @contextmanager
    def blamed(self, where: str) -> Iterator[None]:
        """Say in an error of the plugin's code what was tried.

        Raises:
            Broken: there was an error.
        """
        try:
            yield
        except Exception as error:
            raise Broken(f"{where}: {told(error, self.catalogue.plugins)}") from error


def advance(trainer: Trainer, steps: int, first: int = 0) -> None:
    """Take generator steps with their critic steps, as the training loop does."""
    engine = Eager(trainer)
    for number in range(first, first + steps):
        engine.step(number, 0.0)


def modules(networks: Networks) -> dict[str, nn.Module]:
    """All modules of a model by name."""
    own = {"generator": networks.generator, "discriminator": networks.discriminator}
    return own | {name: extra.module for name, extra in networks.extras.items()}


def weights(networks: Networks) -> dict[str, Tensor]:
    """Copies of all parameters and buffers, by name."""
    return {
        f"{owner}.{name}": tensor.detach().clone()
        for owner, module in modules(networks).items()
        for name, tensor in (*module.named_parameters(), *module.named_buffers())
    }


def named_parameters(networks: Networks, side: str) -> dict[str, nn.Parameter]:
    """The parameters that one side's optimiser trains, by name."""
    trained_by = {"generator": "generator", "discriminator": "discriminator"}
    trained_by |= {name: str(extra.side) for name, extra in networks.extras.items()}
    return {
        f"{owner}.{name}": parameter
        for owner, module in modules(networks).items()
        if trained_by[owner] == side
        for name, parameter in module.named_parameters()
        if parameter.requires_grad
    }


def first_difference(one: dict[str, Tensor], other: dict[str, Tensor]) -> str | None:
    """The first tensor that differs in a bit; NaN equals NaN."""
    for name in sorted(one.keys() | other.keys()):
        if name not in one or name not in other or not same_bits(one[name], other[name]):
            return name
    return None


def same_bits(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors are the same, NaN included."""
    same = one.shape == other.shape and one.dtype == other.dtype
    return same and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)


def has_batch_norm(network: nn.Module) -> bool:
    """Whether a network mixes the samples of a batch by batch norm."""
    kinds = (nn.modules.batchnorm._BatchNorm,)
    return any(isinstance(one, kinds) for one in network.modules())


def described(info: DataInfo) -> str:
    """A shape for people, e.g. ``image 1x8x8``."""
    return f"{info.modality} {'x'.join(map(str, info.shape))}"


def _batches(case: Case) -> dict[str, Any]:
    if case.info.features < SMALL_SAMPLE:
        return {}
    training: Training = case.recipe.training
    smaller = _divisor(training.batch_size)
    own = training.generator_batch_size
    return {"batch_size": smaller, "generator_batch_size": own and _divisor(own)}


def _divisor(batch: int) -> int:
    """The largest divisor up to the limit, so that batches that are packed stay whole."""
    return max(size for size in range(1, min(batch, LARGEST_BATCH) + 1) if batch % size == 0)
