"""From what people type to a variant: ``wgan-gp[lr=2e-4]``, ``dcgan+hinge+r1:10+pac:2``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganbench.api.errors import PluginNotUsable, UsageError, did_you_mean
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import LossSpec, ModelSpec, Spec, TechniqueSpec, VariantSpec
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import VariantReference, display_name, parse_variant, written
from ganbench.planning.variants import Variant, parameters_of


def choose_variant(
    text: str | VariantReference, catalogue: Catalogue, settings: Mapping[str, Any] | None = None
) -> Variant:
    """The variant that `text` names, e.g. ``wgan-gp[lr=2e-4]`` or ``dcgan+hinge+r1:10``.

    Args:
        text: as typed, or as read.
        catalogue: what is there.
        settings: further settings, from `--set` or a suite's grid; those in brackets win.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    reference = parse_variant(text) if isinstance(text, str) else text
    head, rest = _head(reference, catalogue)
    techniques = tuple(_technique(one.name, catalogue) for one in rest)
    _refuse_twice(reference, techniques)
    given: dict[str, Any] = {**(settings or {}), **reference.settings}
    for named, spec in zip(rest, techniques, strict=True):
        if named.argument is not None:
            _set_argument(given, spec, named.argument)
    # The defaults of several kinds of data may differ: what is set is changed if it differs from
    # any, so that a variant has one name on all of them.
    specs: tuple[Spec, ...] = (*head, *techniques)
    tables = [parameters_of(*specs, modality=modality) for modality in _modalities(specs)]
    declared = {name: one for table in reversed(tables) for name, one in table.items()}
    resolved = resolve_parameters(reference.name, declared, given)
    for spec in techniques:
        if spec.settle is not None:
            resolved |= _settled(spec, spec.settle, resolved, catalogue)
    changed = {
        name: resolved[name]
        for name in given
        if any(name not in table or resolved[name] != table[name].default for table in tables)
    }
    return Variant(
        name=reference.name,
        display=_display(head, techniques, changed),
        head=head,
        techniques=techniques,
        settings=changed,
    )


def _settled(
    spec: TechniqueSpec,
    settle: Callable[..., Mapping[str, Value]],
    resolved: Mapping[str, Value],
    catalogue: Catalogue,
) -> dict[str, Value]:
    """What a technique puts in the place of its parameters' values, as those of the variant."""
    own = {name: resolved[f"{spec.name}.{name}"] for name in spec.parameters}
    with catalogue.whose(spec):
        changed = call_light(f"settle of technique {spec.name}", Mapping, settle, **own)
    return {f"{spec.name}.{name}": value for name, value in changed.items()}


def _head(
    reference: VariantReference, catalogue: Catalogue
) -> tuple[tuple[Spec, ...], tuple[Any, ...]]:
    """A variant, or a model with its loss; and the parts that follow."""
    first, *others = reference.parts
    second = others[0].name if others else ""
    is_variant = first.name in catalogue.names(VariantSpec.kind)
    is_model = first.name in catalogue.names(ModelSpec.kind)
    if second in catalogue.names(LossSpec.kind) or (others and is_model and not is_variant):
        if is_variant and not is_model:
            raise UsageError(
                f"{first.name} is a variant and has a loss of its own: {second} cannot be another",
                f"name a model instead, as in mlp+{second}",
            )
        if second in catalogue.names(TechniqueSpec.kind):
            raise UsageError(
                f"{first.name} is a model and needs a loss before the technique {second}",
                f"as in {first.name}+LOSS+{second}; `ganbench list losses` shows them",
            )
        taken = others[:1]
        head: tuple[Spec, ...] = (
            catalogue.get(ModelSpec, first.name),
            catalogue.get(LossSpec, second),
        )
    else:
        taken, head = [], (catalogue.get(VariantSpec, first.name),)
    for named in (first, *taken):
        if named.argument is not None:
            raise UsageError(
                f"{named.name} takes nothing behind a colon, it has {named.argument!r}"
            )
    return head, tuple(others[len(taken) :])


def _technique(name: str, catalogue: Catalogue) -> TechniqueSpec:
    if name in catalogue.names(LossSpec.kind):
        raise UsageError(
            f"{name} is a loss, and a variant has one: it stands behind a model's name",
            f"as in mlp+{name}",
        )
    try:
        return catalogue.get(TechniqueSpec, name)
    except PluginNotUsable:
        raise
    except UsageError as error:
        known = (*catalogue.names(LossSpec.kind), *catalogue.names(TechniqueSpec.kind))
        if name in catalogue.names(VariantSpec.kind) or name in catalogue.names(ModelSpec.kind):
            raise
        hint = did_you_mean(name, known)
        raise UsageError(f"unknown loss or technique {name!r}", hint) from error


def _refuse_twice(reference: VariantReference, techniques: tuple[TechniqueSpec, ...]) -> None:
    names = [technique.name for technique in techniques]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{reference.name} names the technique {name} twice", "name it once")


def _set_argument(given: dict[str, Any], spec: TechniqueSpec, argument: str) -> None:
    if not spec.argument:
        raise UsageError(
            f"technique {spec.name} takes nothing behind a colon, it has {argument!r}",
            did_you_mean("", spec.parameters) and f"set it as [{spec.name}.PARAMETER=VALUE]",
        )
    key = f"{spec.name}.{spec.argument}"
    if key in given:
        raise UsageError(f"{spec.name}:{argument} and {key}={given[key]} set the same twice")
    given[key] = argument


def _shows(spec: Spec) -> bool:
    """Whether it makes other data of those that it handles, for all others to see."""
    return isinstance(spec, TechniqueSpec) and spec.view is not None


def _modalities(specs: tuple[Spec, ...]) -> list[str]:
    """The kinds of data that all of them handle; the first's, if there is none."""
    common = [
        modality
        for modality in specs[0].modalities
        if all(modality in spec.modalities for spec in specs if not _shows(spec))
    ]
    return [*common] or [*specs[0].modalities[:1]]


def _display(
    head: tuple[Spec, ...], techniques: tuple[TechniqueSpec, ...], changed: Mapping[str, Value]
) -> str:
    """The names, each technique's argument behind its colon if it was changed, and the rest."""
    rest, names = dict(changed), [spec.name for spec in head]
    for spec in techniques:
        key = f"{spec.name}.{spec.argument}"
        names.append(f"{spec.name}:{written(rest.pop(key))}" if key in rest else spec.name)
    return display_name("+".join(names), rest)
