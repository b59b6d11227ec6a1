"""From what people type to a recipe: registered variants, and any MODEL+LOSS pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ganbench.api.checked import typed, words
from ganbench.api.data import DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.parameters import Parameter, Value, resolve_parameters
from ganbench.api.recipe import Recipe, Training
from ganbench.api.specs import LossSpec, ModelSpec, Spec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import display_name, parse_reference

T = TypeVar("T")

LR_SCALE = "lr_scale"
SHARED_PARAMETERS: Mapping[str, Parameter] = {
    LR_SCALE: Parameter(
        default=1.0,
        minimum=1e-6,
        help="multiplies both learning rates; every variant and MODEL+LOSS pair has it",
    )
}
"""What every variant and every MODEL+LOSS pair has without declaring it.

A variant that declares a parameter of that name itself keeps its own: its recipe gets the value,
and nothing is done to what it returns.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A variant with its parameters settled.

    Args:
        name: as registered, or ``MODEL+LOSS``.
        parameters: all of them, defaults and the shared ones included.
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

    def misfit(self, catalogue: Catalogue, data: DataInfo) -> str | None:
        """Why it cannot be trained on that data; None where nothing is known against it.

        Raises:
            UsageError, PluginNotUsable: as `recipe`.
        """
        if not self.supports(data):
            return f"it does not handle {data.modality} data"
        model = catalogue.get(ModelSpec, self.recipe(catalogue, data).model)
        what = f"supports of model {model.name}"
        with catalogue.whose(model):
            if model.supports is None or _call(what, bool, model.supports, data):
                return None
        return f"its model {model.name} does not handle samples of shape {data.shape}"

    def recipe(self, catalogue: Catalogue, data: DataInfo) -> Recipe:
        """What it does on that data.

        Raises:
            UsageError: the parts do not fit together.
            PluginNotUsable: the variant's own code fails, or names a plugin that is not there.
        """
        spec, own, scale = self.specs[0], dict(self.parameters), 1.0
        if LR_SCALE not in spec.parameters or not isinstance(spec, VariantSpec):
            scale = float(own.pop(LR_SCALE))
        with catalogue.whose(spec):
            if isinstance(spec, VariantSpec):
                recipe = _call(f"the recipe of {spec.name}", Recipe, spec.recipe, data, **own)
            else:
                recipe = self._composed()
            parts = _parts(recipe, catalogue, self.display)
        recipe = replace(recipe, training=_scaled(recipe.training, scale))
        return _resolved(recipe, *parts, self.display)

    def _composed(self) -> Recipe:
        model, loss = self.specs
        assert isinstance(model, ModelSpec)
        assert isinstance(loss, LossSpec)
        parameters, training = _part(self.parameters, "model"), loss.training
        if model.training is not None:
            what = f"the training of model {model.name}"
            training = _call(what, Training, model.training, **parameters)
        return Recipe(
            model=model.name,
            loss=loss.name,
            training=training,
            model_parameters=parameters,
            loss_parameters=_part(self.parameters, "loss"),
        )


def choose_variant(
    text: str, catalogue: Catalogue, settings: Mapping[str, Value] | None = None
) -> Variant:
    """The variant that `text` names, e.g. ``wgan-gp[lr=2e-4]`` or ``dcgan+wgan-gp``.

    Args:
        text: as typed.
        catalogue: what is there.
        settings: further settings, from `--set` or a suite's grid; those in brackets win.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    reference = parse_reference(text)
    reference.refuse_argument()
    given: dict[str, Any] = {**(settings or {}), **reference.settings}
    model_name, plus, loss_name = reference.name.partition("+")
    if plus:
        specs: tuple[Spec, ...] = (
            catalogue.get(ModelSpec, model_name),
            catalogue.get(LossSpec, loss_name),
        )
    else:
        specs = (catalogue.get(VariantSpec, reference.name),)
    declared = parameters_of(*specs)
    parameters = resolve_parameters(reference.name, declared, given)
    changed = {name: value for name, value in parameters.items() if value != declared[name].default}
    return Variant(
        name=reference.name,
        parameters=parameters,
        display=display_name(reference.name, changed),
        specs=specs,
    )


def parameters_of(*specs: Spec) -> dict[str, Parameter]:
    """What may be set of a variant, or of a model and a loss: their own, then what all share."""
    declared = dict(specs[0].parameters) if len(specs) == 1 else _composed_parameters(*specs)
    return declared | {name: one for name, one in SHARED_PARAMETERS.items() if name not in declared}


def _composed_parameters(model: Spec, loss: Spec) -> dict[str, Parameter]:
    """Both parts' parameters, prefixed. A loss that looks at single samples needs a discriminator
    without batch statistics: layer norm is the replacement that Gulrajani et al. 2017 name."""
    declared = {f"model.{name}": one for name, one in model.parameters.items()}
    norm = declared.get("model.discriminator_norm")
    if (
        isinstance(loss, LossSpec)
        and loss.per_sample
        and norm is not None
        and norm.default == "batch"
    ):
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


def _call(
    what: str, wanted: type[T], function: Callable[..., object], *data: DataInfo, **parameters: Any
) -> T:
    """The result of a plugin's own code, which may fail or return anything."""
    try:
        result = function(*data, **parameters)
    except UsageError:
        raise
    except Exception as error:
        on = "".join(f" on {one.name}" for one in data)
        reason = f"{type(error).__name__}: {error}"
        raise PluginNotUsable(f"{what} fails{on}: {reason}") from error
    if not isinstance(result, wanted):
        raise PluginNotUsable(f"{what} must return {words(wanted)}, it returned {typed(result)}")
    return result


def _scaled(training: Training, scale: float) -> Training:
    """The same with other learning rates."""
    return replace(
        training,
        generator=replace(training.generator, lr=training.generator.lr * scale),
        discriminator=replace(training.discriminator, lr=training.discriminator.lr * scale),
    )


def _parts(recipe: Recipe, catalogue: Catalogue, owner: str) -> tuple[ModelSpec, LossSpec]:
    """The model and the loss that a recipe names."""
    try:
        return catalogue.get(ModelSpec, recipe.model), catalogue.get(LossSpec, recipe.loss)
    except UsageError as error:
        raise PluginNotUsable(f"the recipe of {owner}: {error.message}", error.hint) from None


def _resolved(recipe: Recipe, model: ModelSpec, loss: LossSpec, owner: str) -> Recipe:
    """The recipe with all parameters of its model and loss spelled out and checked."""
    return replace(
        recipe,
        model_parameters=resolve_parameters(
            f"{owner}: model {model.name}", model.parameters, recipe.model_parameters
        ),
        loss_parameters=resolve_parameters(
            f"{owner}: loss {loss.name}", loss.parameters, recipe.loss_parameters
        ),
    )
