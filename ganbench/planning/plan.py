"""The plan: a suite and flags expanded to an ordered list of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.api.specs import (
    DatasetSpec,
    LossSpec,
    ModelSpec,
    Spec,
    TechniqueSpec,
    VariantSpec,
)
from ganbench.catalogue.catalogue import Catalogue
from ganbench.machine.devices import resolve_device
from ganbench.planning.budget import Budget
from ganbench.planning.datasets import choose_dataset, describe_dataset, fingerprint_dataset
from ganbench.planning.expansion import expand_variants, not_expanded
from ganbench.planning.runspec import RunSpec
from ganbench.planning.scores import choose_scores
from ganbench.planning.suite import DEFAULT_SUITE, Suite, Task, load_suite
from ganbench.planning.variants import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the user asks for.

    Args:
        variants: as typed, ``MODEL+*`` for a model's pairs with all losses; empty with
            `everything`: all usable variants; empty without: those that the suite names.
        everything: `--all`.
        suite: name or file.
        tasks: only these of the suite's.
        seeds: instead of the suite's.
        budget: instead of each task's.
        settings: ``variant.parameter`` -> text, from `--set`.
        device: `auto`, `cpu` or `cuda`.
        memory_bytes: cap on the device's memory.
    """

    variants: Sequence[str] = ()
    everything: bool = False
    suite: str = DEFAULT_SUITE
    tasks: Sequence[str] = ()
    seeds: Sequence[int] | None = None
    budget: Budget | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Runs in the order in which they start, and what was left out, with reasons.

    One seed of everything comes before the next seed of anything, so that an interrupted plan has
    compared all variants on fewer seeds rather than some variants on all of them.
    """

    suite: Suite
    runs: tuple[RunSpec, ...]
    skipped: tuple[str, ...] = ()


def make_plan(selection: Selection, catalogue: Catalogue) -> Plan:
    """Expand a selection.

    Raises:
        UsageError: a name, setting or budget is wrong.
        PluginNotUsable: a plugin that is needed is not loaded.
        NothingSelected: no run is left.
    """
    suite = load_suite(selection.suite)
    texts = _typed(selection, suite, catalogue)
    variants = expand_variants(texts, selection.settings, suite, catalogue)
    tasks = [suite.task(name) for name in dict.fromkeys(selection.tasks)] or list(suite.tasks)
    seeds = dict.fromkeys(suite.seeds if selection.seeds is None else selection.seeds)
    skipped = not_expanded(texts, catalogue)
    pairs = [
        (variant, task)
        for task in tasks
        for variant in variants
        if _fits(variant, task, catalogue, skipped)
    ]
    specs = [_spec(variant, task, selection, suite, catalogue) for variant, task in pairs]
    for spec in specs:
        _refuse_unprintable(spec)
    runs = tuple(replace(spec, seed=seed) for seed in seeds for spec in specs)
    if not runs:
        raise NothingSelected("nothing is selected to run", "; ".join(skipped) or None)
    return Plan(suite=suite, runs=runs, skipped=tuple(skipped))


def _refuse_unprintable(spec: RunSpec) -> None:
    """Names and settings stand in tables and records for others to read.

    Raises:
        UsageError: one has a line break, an escape sequence, half a character or the like.
    """
    task = spec.task
    texts = [spec.variant, task.dataset, *task.scores, *task.final_scores]
    for text in map(str, (*texts, *spec.parameters.values(), *spec.dataset_parameters.values())):
        if not text.isprintable():
            reason = f"{text!r} has characters that cannot be printed"
            raise UsageError(reason, "rename the file or folder that it names, or type it again")


def _typed(selection: Selection, suite: Suite, catalogue: Catalogue) -> list[str]:
    """What is selected, as typed, wildcards included."""
    texts: Iterable[str] = selection.variants
    if selection.everything:
        texts = (*catalogue.names(VariantSpec.kind), *selection.variants)
    elif not selection.variants:
        texts = suite.variants
    texts = list(dict.fromkeys(texts))
    if not texts:
        raise NothingSelected(
            "no variant is selected",
            "name some (`ganbench list variants` shows them), or type `ganbench run --all`",
        )
    return texts


def _fits(variant: Variant, task: Task, catalogue: Catalogue, skipped: list[str]) -> bool:
    why = variant.misfit(catalogue, describe_dataset(task.dataset, catalogue))
    if why is not None:
        skipped.append(f"{variant.display} on {task.name}: {why}")
    return why is None


def _spec(
    variant: Variant, task: Task, selection: Selection, suite: Suite, catalogue: Catalogue
) -> RunSpec:
    task = replace(task, budget=selection.budget or task.budget)
    dataset, dataset_parameters = choose_dataset(task.dataset, catalogue)
    timed = task.budget.kind == "seconds"
    return RunSpec(
        suite=suite.name,
        variant=variant.display,
        parameters=variant.parameters_on(describe_dataset(task.dataset, catalogue).modality),
        task=task,
        dataset_parameters=dataset_parameters,
        seed=0,
        dataset_fingerprint=fingerprint_dataset(task.dataset, catalogue),
        memory_bytes=selection.memory_bytes,
        device=resolve_device(selection.device) if timed else None,
        pins=_pins(variant, dataset, task, catalogue),
    )


def _pins(
    variant: Variant, dataset: DatasetSpec, task: Task, catalogue: Catalogue
) -> tuple[dict[str, str], ...]:
    data = describe_dataset(task.dataset, catalogue)
    recipe = variant.recipe(catalogue, data)
    used: list[Spec] = [
        *variant.specs,
        catalogue.get(ModelSpec, recipe.model),
        catalogue.get(LossSpec, recipe.loss),
        *(catalogue.get(TechniqueSpec, name) for name in recipe.techniques),
        dataset,
        *choose_scores(task, data, catalogue),
    ]
    pins = {(spec.kind, spec.name): pin_of(spec, catalogue) for spec in used}
    return tuple(pins[key] for key in sorted(pins))


def pin_of(spec: Spec, catalogue: Catalogue) -> dict[str, str]:
    """Exactly which code a spec's name stands for here."""
    plugin = catalogue.plugin_of(spec)
    return {
        "kind": spec.kind,
        "name": spec.name,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "source_hash": plugin.source_hash,
    }
