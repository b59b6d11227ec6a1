"""From what people type to a recipe: registered variants, and any MODEL+LOSS pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ganbench.api.data import DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.parameters import Parameter, Value, resolve_parameters
from ganbench.api.recipe import Recipe
from ganbench.api.specs import LossSpec, ModelSpec, Spec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import display_name, parse_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant with its parameters settled.

    Args:
        name: as registered, or ``MODEL+LOSS``.
        parameters: all of them, defaults included.
        display: the name with the settings that differ from the defaults.
        specs: what takes part: the variant's spec, or the model's and the loss's.
    """

    name: str
    parameters: dict[str, Value]
    display: str
    specs: tuple[Spec, ...]

    def supports(self, data: DataInfo) -> bool:
        """Whether it declares the data's modality."""
        return all(data.modality in spec.modalities for spec in self.specs)

    def recipe(self, catalogue: Catalogue, data: DataInfo) -> Recipe:
        """What it does on that data.

        Raises:
            UsageError: the parts do not fit together.
            PluginNotUsable: the variant's own code fails, or names a plugin that is not there.
        """
        if isinstance(self.specs[0], VariantSpec):
            recipe = _call_recipe(self.specs[0], data, self.parameters)
        else:
            recipe = self._composed()
        return _resolved(recipe, catalogue, self.display)

    def _composed(self) -> Recipe:
        model, loss = self.specs
        assert isinstance(loss, LossSpec)
        return Recipe(
            model=model.name,
            loss=loss.name,
            training=loss.training,
            model_parameters=_part(self.parameters, "model"),
            loss_parameters=_part(self.parameters, "loss"),
        )


def choose_variant(
    text: str, catalogue: Catalogue, settings: Mapping[str, str] | None = None
) -> Variant:
    """The variant that `text` names, e.g. ``wgan-gp[lr=2e-4]`` or ``dcgan+wgan-gp``.

    Args:
        text: as typed.
        catalogue: what is there.
        settings: further settings, e.g. from ``--set``; those in brackets win.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    reference = parse_reference(text)
    reference.refuse_argument()
    given: dict[str, Any] = {**(settings or {}), **reference.settings}
    model_name, plus, loss_name = reference.name.partition("+")
    if plus:
        model, loss = catalogue.get(ModelSpec, model_name), catalogue.get(LossSpec, loss_name)
        declared = _composed_parameters(model, loss)
        specs: tuple[Spec, ...] = (model, loss)
    else:
        spec = catalogue.get(VariantSpec, reference.name)
        declared, specs = dict(spec.parameters), (spec,)
    parameters = resolve_parameters(reference.name, declared, given)
    changed = {name: value for name, value in parameters.items() if value != declared[name].default}
    return Variant(
        name=reference.name,
        parameters=parameters,
        display=display_name(reference.name, changed),
        specs=specs,
    )


def _composed_parameters(model: ModelSpec, loss: LossSpec) -> dict[str, Parameter]:
    """Both parts' parameters, prefixed. A loss that looks at single samples needs a discriminator
    without batch statistics: layer norm is the replacement that Gulrajani et al. 2017 name."""
    declared = {f"model.{name}": one for name, one in model.parameters.items()}
    norm = declared.get("model.discriminator_norm")
    if loss.per_sample and norm is not None and norm.default == "batch":
        declared["model.discriminator_norm"] = replace(norm, default="layer")
    declared |= {f"loss.{name}": one for name, one in loss.parameters.items()}
    return declared


def _part(parameters: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    dotted = f"{prefix}."
    return {
        name.removeprefix(dotted): value
        for name, value in parameters.items()
        if name.startswith(dotted)
    }


def _call_recipe(spec: VariantSpec, data: DataInfo, parameters: Mapping[str, Value]) -> Recipe:
    try:
        recipe: object = spec.recipe(data, **parameters)
    except UsageError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise PluginNotUsable(
            f"the recipe of {spec.name} fails on {data.name}: {reason}"
        ) from error
    if not isinstance(recipe, Recipe):
        got = type(recipe).__name__
        raise PluginNotUsable(
            f"the recipe of {spec.name} must return a Recipe, it returned a {got}"
        )
    return recipe


def _resolved(recipe: Recipe, catalogue: Catalogue, owner: str) -> Recipe:
    """The recipe with all parameters of its model and loss spelled out and checked."""
    model = catalogue.get(ModelSpec, recipe.model)
    loss = catalogue.get(LossSpec, recipe.loss)
    return replace(
        recipe,
        model_parameters=resolve_parameters(
            f"{owner}: model {model.name}", model.parameters, recipe.model_parameters
        ),
        loss_parameters=resolve_parameters(
            f"{owner}: loss {loss.name}", loss.parameters, recipe.loss_parameters
        ),
    )
