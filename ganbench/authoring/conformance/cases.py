"""The trainings in which a plugin is seen, chosen by what specs say of themselves.

A variant is seen as it is. A model is seen with a loss, a loss with a model, a technique with both:
the usual ones, or others that provide what is needed and need what is provided. Those of the same
plugin come first, as they may have been written for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ganbench.api.data import DataInfo, ModalityName
from ganbench.api.parameters import Value
from ganbench.api.recipe import Recipe, Training
from ganbench.api.specs import LossSpec, ModelSpec, Spec, TechniqueSpec, needed_of_model
from ganbench.api.techniques import JOINT
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES
from ganbench.planning.composition import Parts, why_not
from ganbench.planning.prepared import Prepared
from ganbench.planning.references import parse_reference, written
from ganbench.planning.variants import Variant

USUAL_LOSS = "non-saturating"
"""What models and techniques are seen with: it needs nothing of either."""

STEEP = "interpolated_slopes"
"""The need of the loss that a model is seen with as well, if its samples are judged alone."""

LARGEST_BATCH, SMALL_SAMPLE = 32, 64
"""Batches are cut to a divisor of the recipe's own that is no larger, to be quick, where a sample
has as many numbers as the second one, or more."""

S = TypeVar("S", ModelSpec, LossSpec)


@dataclass(frozen=True, slots=True)
class Case:
    """A training to look at: a variant on data of one shape."""

    prepared: Prepared
    info: DataInfo

    @property
    def variant(self) -> Variant:
        """What is trained, as people type it."""
        return self.prepared.variant

    @property
    def recipe(self) -> Recipe:
        """What it does."""
        return self.prepared.recipe

    @property
    def parts(self) -> Parts:
        """The specs that its recipe names."""
        return self.prepared.parts

    @property
    def joint(self) -> bool:
        """Whether there is no discriminator with an opinion of a sample alone."""
        return JOINT in self.parts.model.provides or self.parts.model.control

    @property
    def fitted(self) -> bool:
        """Whether it is a control that takes no steps."""
        return self.recipe.training.fitted

    def __str__(self) -> str:
        return f"{self.variant.display} on {described(self.info)}"


def texts(
    spec: Spec, typed: str, settings: Mapping[str, Value], catalogue: Catalogue
) -> Iterator[tuple[ModalityName, str]]:
    """Variants, as people type them, in which a model, a loss or a technique can be seen on data of
    each modality that it declares; the ones to be preferred first.

    Args:
        spec: the plugin's.
        typed: how it was named.
        settings: of its parameters, over those that were typed.
        catalogue: what is there.
    """
    reference = parse_reference(typed)
    own = {**reference.settings, **settings}
    prefix = spec.name if isinstance(spec, TechniqueSpec) else spec.kind
    inner = ",".join(f"{prefix}.{key}={_typed(value)}" for key, value in own.items())
    set_already = isinstance(spec, TechniqueSpec) and spec.argument in own
    argument = "" if reference.argument is None or set_already else f":{reference.argument}"
    for modality in (one for one in MODALITIES if one in spec.modalities):
        for model, loss, *technique in _partners(spec, modality, catalogue):
            names = [model, loss, *(f"{one}{argument}" for one in technique)]
            yield modality, f"{'+'.join(names)}[{inner}]"


def _typed(value: Value) -> str:
    return value if isinstance(value, str) else written(value)


def _partners(
    spec: Spec, modality: ModalityName, catalogue: Catalogue
) -> Iterator[tuple[str, ...]]:
    if isinstance(spec, ModelSpec):
        yield from ((spec.name, loss) for loss in losses_for(spec, spec, catalogue))
    elif isinstance(spec, LossSpec):
        yield from ((model.name, spec.name) for model in _models(spec, modality, catalogue))
    elif isinstance(spec, TechniqueSpec):
        for model in _models(spec, modality, catalogue):
            for loss in losses_for(model, spec, catalogue):
                yield model.name, loss, spec.name


def _models(
    spec: LossSpec | TechniqueSpec, modality: ModalityName, catalogue: Catalogue
) -> list[ModelSpec]:
    """Models that provide what is needed: conditional ones first for those that need classes, and
    last for others."""
    usual, needed = MODALITIES[modality].partner, {*needed_of_model(spec)}
    fitting = [
        model
        for model in _all(ModelSpec, spec, catalogue)
        if modality in model.modalities
        and needed <= {*model.provides}
        and model.control == (isinstance(spec, LossSpec) and spec.control)
        and (isinstance(spec, TechniqueSpec) or (JOINT in model.provides) == (JOINT in needed))
    ]

    def unusual(model: ModelSpec) -> tuple[bool, bool, bool]:
        classes, alone = "labels" in spec.needs, JOINT in model.provides and JOINT not in needed
        return alone, model.conditional != classes, not needed and model.name != usual

    return sorted(fitting, key=unusual)


def losses_for(model: ModelSpec, near: Spec, catalogue: Catalogue) -> list[str]:
    """Losses that a model can be seen with: the usual one; of a discriminator that judges samples
    and latents together, and of what a model asks for, those that need that; of a control, those of
    controls.

    Args:
        model: the model.
        near: the plugin that is seen; losses beside it come first.
        catalogue: what is there.
    """
    joint = JOINT in model.provides
    if not (joint or model.control or model.asks):
        return [USUAL_LOSS]
    return [
        loss.name
        for loss in _all(LossSpec, near, catalogue)
        if (JOINT in loss.needs, loss.control) == (joint, model.control)
        and {*model.asks} <= {*loss.needs}
        and {*needed_of_model(loss)} <= {*model.provides}
    ]


def steep_loss(catalogue: Catalogue) -> str | None:
    """A loss that penalises slopes and needs nothing of a model; None: there is none."""
    found = (catalogue.get(LossSpec, name) for name in catalogue.names(LossSpec.kind))
    return next(
        (one.name for one in found if STEEP in one.needs and not needed_of_model(one)), None
    )


def _all(kind: type[S], near: Spec, catalogue: Catalogue) -> list[S]:
    """All usable specs of a kind; those of the plugin that has `near` first."""
    specs = [catalogue.get(kind, name) for name in catalogue.names(kind.kind)]
    home = catalogue.plugin_of(near)
    return sorted(specs, key=lambda one: catalogue.plugin_of(one) is not home)


def smaller(case: Case, catalogue: Catalogue) -> Training:
    """A case's training with batches that are quick to take, if they fit its parts as its own do:
    batches that are packed stay whole."""
    training = case.recipe.training
    if case.info.features < SMALL_SAMPLE:
        return training
    # Of simultaneous updates both batches are one.
    own = None if training.updates == "simultaneous" else training.generator_batch_size
    for batch in _divisors(training.batch_size):
        for generator in (None,) if own is None else _divisors(own):
            changed = replace(training, batch_size=batch, generator_batch_size=generator)
            recipe = replace(case.recipe, training=changed)
            if why_not(case.parts, recipe, case.info, catalogue) is None:
                return changed
    return training


def _divisors(batch: int) -> Iterable[int]:
    """Those up to the limit, the largest first."""
    return (one for one in range(min(batch, LARGEST_BATCH), 0, -1) if batch % one == 0)


def described(info: DataInfo) -> str:
    """A shape for people, e.g. ``image 1x8x8``."""
    return f"{info.modality} {'x'.join(map(str, info.shape))}"
