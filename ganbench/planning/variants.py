"""From a variant to its recipe on some data: parameters, parts, and what techniques change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ganbench.api.data import DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.parameters import Parameter, Value, resolve_parameters
from ganbench.api.recipe import Optimiser, Recipe, Training
from ganbench.api.specs import (
    LossSpec,
    ModelSpec,
    Spec,
    TechniqueSpec,
    VariantSpec,
    looks_at_slopes,
)
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.composition import Parts, why_not
from ganbench.planning.views import seen_by

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
    """A variant with its settings.

    Args:
        name: as registered, or ``MODEL+LOSS``, with the names of techniques.
        display: the name with the settings that differ from the defaults.
        head: the variant's spec, or the model's and the loss's.
        techniques: that were added, in the order in which they wrap the networks.
        settings: of parameters that are not left at their defaults, converted.
    """

    name: str
    display: str
    head: tuple[Spec, ...]
    techniques: tuple[TechniqueSpec, ...]
    settings: Mapping[str, Value]

    @property
    def control(self) -> bool:
        """Whether it is trained without a discriminator, as far as specs tell."""
        first = self.head[0]
        return isinstance(first, VariantSpec | ModelSpec) and first.control

    @property
    def specs(self) -> tuple[Spec, ...]:
        """All that takes part by name."""
        return (*self.head, *self.techniques)

    def parameters_on(self, modality: str) -> dict[str, Value]:
        """All parameters, with the defaults that hold on that kind of data.

        Raises:
            UsageError: one is set that the variant does not have there.
        """
        declared = parameters_of(*self.specs, modality=modality)
        return resolve_parameters(f"{self.name} on {modality} data", declared, self.settings)

    def misfit(self, catalogue: Catalogue, data: DataInfo) -> str | None:
        """Why it cannot be trained on that data; None where nothing is known against it.

        Raises:
            UsageError, PluginNotUsable: as `recipe`.
        """
        if reason := self.refusal(catalogue, data):
            return reason
        parts, recipe = self.resolved(catalogue, data)
        return why_not(parts, recipe, data, catalogue)

    def recipe(self, catalogue: Catalogue, data: DataInfo) -> Recipe:
        """What it does on that data.

        Raises:
            UsageError: the parts do not fit together.
            PluginNotUsable: the variant's own code fails, or names a plugin that is not there.
        """
        return self.resolved(catalogue, data)[1]

    def refusal(self, catalogue: Catalogue, data: DataInfo) -> str | None:
        """Why what takes part by name does not handle such data; None where it does."""
        seen = self._seen(catalogue, data)
        if isinstance(seen, str):
            return seen
        showing = [spec for spec in self.techniques if spec.view is not None]
        if all(seen.modality in spec.modalities for spec in self.specs if spec not in showing):
            return None
        return f"it does not handle {seen.modality} data"

    def seen(self, catalogue: Catalogue, data: DataInfo) -> DataInfo:
        """What its head sees of data that it does not refuse: what added techniques show it."""
        seen = self._seen(catalogue, data)
        assert isinstance(seen, DataInfo)
        return seen

    def _seen(self, catalogue: Catalogue, data: DataInfo) -> DataInfo | str:
        own = {
            spec.name: resolve_parameters(
                spec.name, spec.parameters, _part(self.settings, spec.name)
            )
            for spec in self.techniques
            if spec.view is not None
        }
        return seen_by(self.techniques, own, data, catalogue)

    def resolved(self, catalogue: Catalogue, data: DataInfo) -> tuple[Parts, Recipe]:
        """The recipe on that data, and what it names.

        Raises:
            UsageError, PluginNotUsable: as `recipe`.
        """
        data = self.seen(catalogue, data)
        parameters = self.parameters_on(data.modality)
        spec, own, scale = self.head[0], dict(parameters), 1.0
        if LR_SCALE not in spec.parameters or not isinstance(spec, VariantSpec):
            scale = float(own.pop(LR_SCALE) or 0.0)
        added = {technique.name: _part(own, technique.name) for technique in self.techniques}
        own = {k: v for k, v in own.items() if not any(k.startswith(f"{n}.") for n in added)}
        with catalogue.whose(spec):
            if isinstance(spec, VariantSpec):
                what = f"the recipe of {spec.name}"
                recipe = call_light(what, Recipe, spec.recipe_for(data.modality), data, **own)
            else:
                recipe = self._composed(parameters)
            if isinstance(spec, VariantSpec) and spec.control != recipe.training.control:
                raise PluginNotUsable(
                    f"variant {spec.name} says control={spec.control}, and its recipe trains "
                    f"{'no' if recipe.training.control else 'a'} discriminator",
                    "say it as it is: a control is what is trained without a discriminator",
                )
            recipe = replace(recipe, techniques=self._joined(recipe, added))
            parts = _parts(recipe, catalogue, self.display)
        recipe = _with_parameters(recipe, parts, self.display)
        training = _changed(recipe, parts.techniques, catalogue)
        return parts, replace(recipe, training=_scaled(training, scale))

    def _composed(self, parameters: Mapping[str, Value]) -> Recipe:
        model, loss = self.head
        assert isinstance(model, ModelSpec)
        assert isinstance(loss, LossSpec)
        own, training = _part(parameters, "model"), loss.training
        if model.training is not None:
            what = f"the training of model {model.name}"
            training = call_light(what, Training, model.training, **own)
        return Recipe(
            model=model.name,
            loss=loss.name,
            training=training,
            model_parameters=own,
            loss_parameters=_part(parameters, "loss"),
        )

    def _joined(
        self, recipe: Recipe, added: Mapping[str, Mapping[str, Value]]
    ) -> dict[str, Mapping[str, Value]]:
        """A recipe's own techniques, then those that were added."""
        for name in added:
            if name in recipe.techniques:
                raise UsageError(
                    f"{self.head[0].name} has the technique {name} already", f"leave out +{name}"
                )
        return {**recipe.techniques, **added}


def parameters_of(*specs: Spec, modality: str | None = None) -> dict[str, Parameter]:
    """What may be set of a variant, or of a model and a loss, and of techniques; and by all.

    Args:
        specs: the head's, then the techniques'.
        modality: of the data, where defaults depend on it.
    """
    head = [one for one in specs if not isinstance(one, TechniqueSpec)]
    techniques = [one for one in specs if isinstance(one, TechniqueSpec)]
    if len(head) == 1:
        declared = _own_parameters(head[0], modality)
    else:
        declared = _composed_parameters(head[0], head[1], techniques)
    for one in techniques:
        declared |= {f"{one.name}.{name}": each for name, each in one.parameters.items()}
    return declared | {name: one for name, one in SHARED_PARAMETERS.items() if name not in declared}


def _own_parameters(spec: Spec, modality: str | None) -> dict[str, Parameter]:
    if isinstance(spec, VariantSpec) and modality is not None:
        return spec.parameters_for(modality)
    return dict(spec.parameters)


def _composed_parameters(
    model: Spec, loss: Spec, techniques: list[TechniqueSpec]
) -> dict[str, Parameter]:
    """Both parts' parameters, prefixed. Who looks at slopes needs a discriminator that judges each
    sample alone: the model says which of its parameters make it one."""
    assert isinstance(model, ModelSpec)
    declared = {f"model.{name}": one for name, one in model.parameters.items()}
    defaults = {name: one.default for name, one in model.parameters.items()}
    coupled = model.coupled is not None and model.coupled(**defaults)
    if coupled and any(looks_at_slopes(one) for one in (loss, *techniques)):
        for name, value in model.uncoupled.items():
            declared[f"model.{name}"] = replace(model.parameters[name], default=value)
    return declared | {f"loss.{name}": one for name, one in loss.parameters.items()}


def _part(parameters: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    dotted = f"{prefix}."
    return {
        name.removeprefix(dotted): value
        for name, value in parameters.items()
        if name.startswith(dotted)
    }


def _changed(
    recipe: Recipe, techniques: tuple[TechniqueSpec, ...], catalogue: Catalogue
) -> Training:
    """The way of training, as techniques change it, one after the other."""
    training = recipe.training
    for spec in techniques:
        if spec.training is not None and (spec.controls or not training.control):
            what, own = f"the training of technique {spec.name}", recipe.techniques[spec.name]
            with catalogue.whose(spec):
                training = call_light(what, Training, spec.training, training, **own)
    return training


def _scaled(training: Training, scale: float) -> Training:
    """The same with other learning rates."""

    def scaled(one: Optimiser | None) -> Optimiser | None:
        return one and replace(one, lr=one.lr * scale)

    return replace(
        training,
        generator=scaled(training.generator),
        discriminator=scaled(training.discriminator),
    )


def _parts(recipe: Recipe, catalogue: Catalogue, owner: str) -> Parts:
    """What a recipe names."""
    try:
        return Parts(
            model=catalogue.get(ModelSpec, recipe.model),
            loss=catalogue.get(LossSpec, recipe.loss),
            techniques=tuple(catalogue.get(TechniqueSpec, name) for name in recipe.techniques),
        )
    except UsageError as error:
        raise PluginNotUsable(f"the recipe of {owner}: {error.message}", error.hint) from None


def _with_parameters(recipe: Recipe, parts: Parts, owner: str) -> Recipe:
    """The recipe with all parameters of its parts spelled out and checked."""

    def resolved(spec: Spec, given: Mapping[str, Value]) -> dict[str, Value]:
        return resolve_parameters(f"{owner}: {spec.kind} {spec.name}", spec.parameters, given)

    return replace(
        recipe,
        model_parameters=resolved(parts.model, recipe.model_parameters),
        loss_parameters=resolved(parts.loss, recipe.loss_parameters),
        techniques={
            technique.name: resolved(technique, recipe.techniques[technique.name])
            for technique in parts.techniques
        },
    )
