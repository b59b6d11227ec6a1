"""Whether a model, a loss and techniques can be combined, as far as their specs tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ganbench.api.data import DataInfo
from ganbench.api.recipe import Recipe, Training
from ganbench.api.specs import (
    LossSpec,
    ModelSpec,
    TechniqueSpec,
    looks_at_slopes,
    needed_of_model,
)
from ganbench.api.techniques import JOINT
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.views import seen_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The specs that a recipe names."""

    model: ModelSpec
    loss: LossSpec
    techniques: tuple[TechniqueSpec, ...] = ()

    @property
    def objectives(self) -> tuple[LossSpec | TechniqueSpec, ...]:
        """The loss and the techniques."""
        return (self.loss, *self.techniques)


def why_not(parts: Parts, recipe: Recipe, data: DataInfo, catalogue: Catalogue) -> str | None:
    """Why a recipe cannot be trained on that data; None where nothing is known against it.

    Args:
        parts: what the recipe names.
        recipe: with all parameters resolved.
        data: what it would be trained on.
        catalogue: says whose code fails, if some does.

    Raises:
        PluginNotUsable: a spec's own code fails.
    """
    seen = seen_by(parts.techniques, recipe.techniques, data, catalogue)
    if isinstance(seen, str):
        return seen
    data = seen
    return (
        _modality(parts, data)
        or _control(parts, recipe)
        or _pace(parts, recipe.training)
        or _laziness(parts, recipe)
        or _shape(parts.model, data, catalogue)
        or _classes(parts)
        or _needs(parts, data)
        or _exclusion(parts.techniques)
        or _coupling(parts, recipe, catalogue)
        or _own_reasons(parts.techniques, recipe, data, catalogue)
    )


def _modality(parts: Parts, data: DataInfo) -> str | None:
    for spec in (parts.model, *parts.objectives):
        views = isinstance(spec, TechniqueSpec) and spec.view is not None
        if not views and data.modality not in spec.modalities:
            return f"its {spec.kind} {spec.name} does not handle {data.modality} data"
    return None


def _control(parts: Parts, recipe: Recipe) -> str | None:
    """A control has neither a discriminator, nor a loss or a technique that wants one."""
    model, loss, control = parts.model, parts.loss, recipe.training.control
    if model.control != loss.control:
        without, other = (model, loss) if model.control else (loss, model)
        return (
            f"its {without.kind} {without.name} is a control's, which has no discriminator, and "
            f"its {other.kind} {other.name} is none"
        )
    if control != loss.control or recipe.training.fitted != loss.training.fitted:
        return (
            f"its loss {loss.name} is trained {_way(loss.training)}, and its recipe says "
            f"{_way(recipe.training)}"
        )
    for spec in parts.techniques if control else ():
        if not spec.controls:
            return f"{spec.name} does not go with a control, which has no discriminator"
    return None


def _way(training: Training) -> str:
    if not training.control:
        return "with a discriminator"
    return "at once, by no gradient step" if training.fitted else "without a discriminator"


def _pace(parts: Parts, training: Training) -> str | None:
    """Where both players step at once, or a technique plays whole rounds, none can ask for other
    steps, as far as its class tells."""
    plays = next((spec.name for spec in parts.techniques if hasattr(spec.build, "play")), None)
    if plays is None and training.updates != "simultaneous":
        return None
    why = f"{plays} plays rounds of its own" if plays else "simultaneous updates take exactly one"
    for spec in parts.objectives:
        if hasattr(spec.build, "critic_steps"):
            return f"its {spec.kind} {spec.name} decides on critic steps itself, and {why}"
    if (training.critic_steps, training.critic_every) != (1, 1):  # of updates: Training refuses it
        pace = f"{training.critic_steps} critic steps to every {training.critic_every}"
        return f"it asks for {pace} of the generator, and {why}"
    return None


def _laziness(parts: Parts, recipe: Recipe) -> str | None:
    """A lazy term weighs `every` times as much, for the steps that it leaves out: of those of the
    discriminator there must be as many in every generator step."""
    decides = next((spec for spec in parts.objectives if hasattr(spec.build, "critic_steps")), None)
    if decides is None:
        return None
    for name, own in recipe.techniques.items():
        if (every := own.get("every", 1)) != 1:
            return (
                f"{name} acts in one of {every} generator steps, and its {decides.kind} "
                f"{decides.name} decides on critic steps itself, so that the term would be too "
                "strong: leave `every` out"
            )
    return None


def _shape(model: ModelSpec, data: DataInfo, catalogue: Catalogue) -> str | None:
    if model.conditional and data.classes is None:
        return f"its model {model.name} is conditional, and the data have no classes"
    what = f"supports of model {model.name}"
    with catalogue.whose(model):
        if model.supports is None or call_light(what, bool, model.supports, data):
            return None
    return f"its model {model.name} does not handle samples of shape {data.shape}"


def _classes(parts: Parts) -> str | None:
    for spec in parts.techniques:
        if parts.model.conditional and not spec.conditional:
            return f"its model {parts.model.name} takes classes, and {spec.name} cannot"
    return None


def _needs(parts: Parts, data: DataInfo) -> str | None:
    model, loss = parts.model, parts.loss
    if JOINT in model.provides and JOINT not in loss.needs:
        return (
            f"the discriminator of its model {model.name} judges samples with their latents, and "
            f"its loss {loss.name} shows it samples alone: it does not need {JOINT!r}"
        )
    for ask in model.asks:
        if ask not in loss.needs:
            return (
                f"its model {model.name} asks for a loss that uses its {ask}, and its loss "
                f"{loss.name} does not need {ask!r}"
            )
    for spec in parts.objectives:
        for need in needed_of_model(spec):
            if need not in model.provides:
                return (
                    f"its {spec.kind} {spec.name} needs {need!r}, which its model {model.name} "
                    "does not provide"
                )
        if "labels" in spec.needs and data.classes is None:
            return f"its {spec.kind} {spec.name} needs classes, and the data have none"
    return None


def _exclusion(techniques: Sequence[TechniqueSpec]) -> str | None:
    taken: dict[str, str] = {}
    for spec in techniques:
        other = taken.setdefault(spec.exclusive, spec.name) if spec.exclusive else spec.name
        if other != spec.name:
            return f"{other} and {spec.name} are both {spec.exclusive}: one is the most"
    return None


def _coupling(parts: Parts, recipe: Recipe, catalogue: Catalogue) -> str | None:
    steep = [spec.name for spec in parts.objectives if looks_at_slopes(spec)]
    if not steep:
        return None
    coupling = [f"technique {spec.name}" for spec in parts.techniques if spec.coupled]
    model = parts.model
    if model.coupled is not None:
        what = f"coupled of model {model.name}"
        with catalogue.whose(model):
            if call_light(what, bool, model.coupled, **recipe.model_parameters):
                coupling.append(f"the discriminator of model {model.name}, with these parameters,")
    if not coupling:
        return None
    return (
        f"{steep[0]} penalises slopes at single samples, and {coupling[0]} lets the samples of a "
        "batch influence each other's logits (batch norm does, layer norm does not)"
    )


def _own_reasons(
    techniques: Sequence[TechniqueSpec], recipe: Recipe, data: DataInfo, catalogue: Catalogue
) -> str | None:
    for spec in techniques:
        if spec.misfit is None:
            continue
        what, own = f"misfit of technique {spec.name}", recipe.techniques[spec.name]
        with catalogue.whose(spec):
            if reason := call_light(what, (str, type(None)), spec.misfit, recipe, data, **own):
                return f"{spec.name}: {reason}"
    return None
