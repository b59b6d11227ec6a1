"""What anything with a name is, as JSON: what `ganbench info` tells. Never imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ganbench.api.errors import PluginNotUsable, UsageError, did_you_mean
from ganbench.api.parameters import Parameter, resolve_parameters
from ganbench.api.specs import (
    SPEC_TYPES,
    DatasetSpec,
    ExecutorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    Spec,
    TechniqueSpec,
    VariantSpec,
)
from ganbench.api.techniques import NEEDS
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.reserved import instead
from ganbench.modalities import MODALITIES
from ganbench.planning.chosen import choose_data
from ganbench.planning.datasets import choose_dataset
from ganbench.planning.longtail import long_tailed
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import prepare
from ganbench.planning.references import (
    Reference,
    parse_reference,
    parse_variant,
    split_alternatives,
)
from ganbench.planning.suite import Suite, Task, embedded_suites, load_suite
from ganbench.planning.variants import Variant, parameters_of

Described = dict[str, Any]
"""One thing, by JSON's own types."""


def describe(text: str, catalogue: Catalogue) -> list[Described]:
    """Everything that a text names: one of each kind, a variant first.

    Args:
        text: a name, with techniques, parameters and argument as `run` and suites take it; or a
            suite's file.
        catalogue: what is there.

    Raises:
        UsageError, PluginNotUsable: it names nothing, or a parameter does not fit.
    """
    if text.endswith(".toml"):
        return [_suite(load_suite(text), catalogue)]
    sources = split_alternatives(text)
    if len(sources) > 1:
        return [
            _mixture(text, catalogue),
            *(one for own in sources for one in describe(own, catalogue)),
        ]
    if len(parse_variant(text).parts) > 1:
        return [_variant(choose_variant(text, catalogue), catalogue)]
    reference = parse_reference(text)
    found, refusals = [], []
    for kind in (one for one in SPEC_TYPES if reference.name in catalogue.names(one)):
        try:
            found.append(_one(kind, text, reference, catalogue))
        except UsageError as error:  # the settings are another kind's, as in wgan-gp[lr=1e-3]
            refusals.append(error)
    if refusals and not found:
        raise refusals[0]
    if text in embedded_suites():
        found.append(_suite(load_suite(text), catalogue))
    if text in VOCABULARIES:
        found.append(VOCABULARIES[text](catalogue))
    if not found:
        raise _unknown(reference.name, catalogue)
    return found


def _unknown(name: str, catalogue: Catalogue) -> UsageError | PluginNotUsable:
    try:
        catalogue.get(VariantSpec, name)
    except PluginNotUsable as error:  # it would be here, were its plugin loaded
        return error
    except UsageError as error:
        if instead(name):
            return error
    known = [one for kind in SPEC_TYPES for one in catalogue.names(kind)]
    hint = did_you_mean(name, [*known, *embedded_suites(), *VOCABULARIES])
    return UsageError(f"nothing is named {name!r}", hint)


def _one(kind: str, text: str, reference: Reference, catalogue: Catalogue) -> Described:
    if kind == VariantSpec.kind:
        return _variant(choose_variant(text, catalogue), catalogue)
    spec = catalogue.get(SPEC_TYPES[kind], reference.name)
    settings = _settings(spec, reference)
    if isinstance(spec, DatasetSpec):
        spec = long_tailed(spec, settings)
    resolve_parameters(spec.name, spec.parameters, settings)
    described = _spec(spec, catalogue)
    described["parameters"] = _parameters({"": spec.parameters}, settings)
    if isinstance(spec, DatasetSpec) and (not spec.argument or spec.argument in settings):
        described["data"] = _data(text, catalogue)
    return described


def _settings(spec: Spec, reference: Reference) -> dict[str, str]:
    """What is set in brackets and behind a colon."""
    settings = dict(reference.settings)
    if reference.argument is not None:
        argument = getattr(spec, "argument", "")
        if not argument:
            reference.refuse_argument()
        settings[argument] = reference.argument
    return settings


def _spec(spec: Spec, catalogue: Catalogue) -> Described:
    """What its spec says of a plugin."""
    plugin = catalogue.plugin_of(spec)
    described: Described = {
        "kind": spec.kind,
        "name": spec.name,
        "description": spec.description,
        "paper": spec.paper,
        "modalities": [] if isinstance(spec, ExecutorSpec) else list(spec.modalities),
    }
    if isinstance(spec, LossSpec | TechniqueSpec):
        described["needs"] = list(spec.needs)
    if isinstance(spec, TechniqueSpec):
        described |= {"neutral": dict(spec.neutral), "coupled": spec.coupled}
        described |= {"exclusive": spec.exclusive}
    if isinstance(spec, VariantSpec | ModelSpec | LossSpec):
        described["a control"] = spec.control
    if isinstance(spec, TechniqueSpec | DatasetSpec | ExecutorSpec):
        described["argument"] = spec.argument
    if isinstance(spec, ModelSpec):
        described |= {"provides": list(spec.provides), "conditional": spec.conditional}
        described |= {"uncoupled": dict(spec.uncoupled)}
    if isinstance(spec, DatasetSpec):
        described["licence"] = spec.licence
    if isinstance(spec, ScoreSpec):
        described["blind"] = spec.blind
    if isinstance(spec, VariantSpec | LossSpec | TechniqueSpec):
        described["deviations"] = list(spec.deviations)
    return described | {"distribution": plugin.origin, "file": plugin.file}


def _variant(variant: Variant, catalogue: Catalogue) -> Described:
    """A variant, or what was put together to one."""
    first, *others = variant.specs
    described = _spec(first, catalogue)
    handled = [one for one in MODALITIES if all(one in spec.modalities for spec in variant.specs)]
    tables: dict[str, Mapping[str, Parameter]] = {
        one: parameters_of(*variant.specs, modality=one) for one in handled
    }
    described |= {"name": variant.display, "modalities": handled}
    if others:
        described["kind"] = VariantSpec.kind
        described["description"] = "; ".join(spec.description for spec in variant.specs)
        described["parts"] = [_spec(spec, catalogue) for spec in variant.specs]
    described["parameters"] = _parameters(tables, variant.settings)
    described["recipes"] = _recipes(variant, handled, catalogue)
    return described


def _parameters(
    tables: Mapping[str, Mapping[str, Parameter]], settings: Mapping[str, Any]
) -> dict[str, Described]:
    """Parameters with the defaults that hold on each kind of data, and what is set of them.

    Args:
        tables: parameters by modality; by nothing, where it makes no difference.
        settings: of some of them.
    """
    names = dict.fromkeys(name for table in tables.values() for name in table)
    return {name: _parameter(name, tables, settings) for name in names}


def _parameter(
    name: str, tables: Mapping[str, Mapping[str, Parameter]], settings: Mapping[str, Any]
) -> Described:
    own = {modality: table[name] for modality, table in tables.items() if name in table}
    one = next(iter(own.values()))
    defaults = {modality: each.default for modality, each in own.items()}
    described = {**asdict(one), "kind": one.value_type.__name__, "choices": list(one.choices)}
    if len({*map(repr, defaults.values())}) > 1 or len(own) < len(tables):
        described["defaults"] = defaults
    if name in settings:
        described["value"] = one.convert(settings[name], name)
    return described


def _recipes(
    variant: Variant, modalities: Iterable[str], catalogue: Catalogue
) -> dict[str, Described]:
    """What it does on an example of each kind of data, or why it does nothing there."""
    recipes: dict[str, Described] = {}
    for info in (MODALITIES[name].examples[0] for name in MODALITIES if name in modalities):
        found = prepare(variant, info, catalogue)
        if isinstance(found, str):
            recipes[info.name] = {"refused": found}
        else:
            recipes[info.name] = _plain(asdict(found.recipe))
    return recipes


def _plain(value: Any) -> Any:
    """JSON's own types; of a function its name."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return getattr(value, "__qualname__", str(value)) if callable(value) else value


def _data(text: str, catalogue: Catalogue) -> Described:
    """What one look at a data set tells."""
    survey = choose_data(text, catalogue).survey
    info = survey.info
    return {
        "modality": info.modality,
        "shape": list(info.shape),
        "classes": info.classes,
        "train": survey.train,
        "heldout": survey.heldout,
        "notes": list(survey.notes),
    }


def _mixture(text: str, catalogue: Catalogue) -> Described:
    """What is one data set of several, as its sources are told."""
    spec, _ = choose_dataset(text, catalogue)
    return {**_spec(spec, catalogue), "name": text, "paper": "", "data": _data(text, catalogue)}


def _suite(suite: Suite, catalogue: Catalogue) -> Described:
    return {
        "kind": "suite",
        "name": suite.name,
        "description": suite.description,
        "seeds": list(suite.seeds),
        "threads": suite.threads,
        "precision": suite.precision,
        "variants": list(suite.variants) or "all",
        "grid": {name: list(values) for name, values in suite.grid.items()},
        "tasks": [
            {
                **asdict(task),
                "budget": str(task.budget),
                "blind": _blind(task, catalogue),
                "variants": list(suite.task_variants.get(task.name, ())),
            }
            for task in suite.tasks
        ],
    }


def _blind(task: Task, catalogue: Catalogue) -> str:
    """What the utility of a task does not see: what its first score does not."""
    name = parse_reference(task.scores[0]).name
    known = name in catalogue.names(ScoreSpec.kind)
    return catalogue.get(ScoreSpec, name).blind if known else ""


def _needs(catalogue: Catalogue) -> Described:
    """What losses and techniques may need: of a step, and of the models that are here."""
    provided: dict[str, list[str]] = {}
    for name in catalogue.names(ModelSpec.kind):
        for need in catalogue.get(ModelSpec, name).provides:
            provided.setdefault(need, []).append(name)
    return {
        "kind": "vocabulary",
        "name": "needs",
        "description": "what a loss or technique may need of a step, and of a model",
        "of_a_step": dict(NEEDS),
        "of_a_model": provided,
    }


def _modalities(_: Catalogue) -> Described:
    """What kinds of data there are, as plugins name them and have to store them."""
    return {
        "kind": "vocabulary",
        "name": "modalities",
        "description": "what a data set may hold, and a plugin may declare to work on",
        "of_data": {
            name: {
                "stored": f"{one.stored} (N, {', '.join(one.stored_axes)})",
                "seen": f"float32 (N, {', '.join(one.axes)})",
                "described_by": one.has,
            }
            for name, one in MODALITIES.items()
        },
    }


VOCABULARIES: Mapping[str, Callable[[Catalogue], Described]] = {
    "needs": _needs,
    "modalities": _modalities,
}
"""The words that plugins use, by the names under which they are told."""
