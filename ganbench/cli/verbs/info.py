"""`ganbench info`: what one thing is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.specs import SPEC_TYPES, DatasetSpec, ExecutorSpec, Spec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_names
from ganbench.cli.options import json_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.console import print_json, say, talk
from ganbench.modalities import MODALITIES
from ganbench.planning.naming import choose_variant
from ganbench.planning.suite import Suite, embedded_suites, load_suite
from ganbench.planning.variants import parameters_of


@click.command()
@click.argument("name", shell_complete=complete_names)
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, name: str, as_json: bool) -> None:
    """Tell what NAME is: parameters, recipe, paper, distribution, file."""
    catalogue = open_catalogue(choice, talk)
    found = [_describe(spec, catalogue) for spec in _specs(catalogue, name)]
    if name in embedded_suites():
        found.append(_describe_suite(load_suite(name)))
    if not found:
        known = [one for kind in SPEC_TYPES for one in catalogue.names(kind)]
        raise UsageError(
            f"nothing is named {name!r}", did_you_mean(name, [*known, *embedded_suites()])
        )
    if as_json:
        print_json(found)
        return
    for index, one in enumerate(found):
        if index:
            say()
        _print(one)


def _specs(catalogue: Catalogue, name: str) -> list[Spec]:
    return [
        catalogue.get(SPEC_TYPES[kind], name)
        for kind in SPEC_TYPES
        if name in catalogue.names(kind)
    ]


def _describe(spec: Spec, catalogue: Catalogue) -> dict[str, Any]:
    plugin = catalogue.plugin_of(spec)
    parameters = parameters_of(spec) if isinstance(spec, VariantSpec) else spec.parameters
    described: dict[str, Any] = {
        "kind": spec.kind,
        "name": spec.name,
        "description": spec.description,
        "paper": spec.paper,
        "modalities": [] if isinstance(spec, ExecutorSpec) else list(spec.modalities),
        "parameters": {
            name: {**asdict(one), "kind": one.value_type.__name__}
            for name, one in parameters.items()
        },
        "distribution": plugin.origin,
        "file": plugin.file,
    }
    if isinstance(spec, VariantSpec):
        described["deviations"] = list(spec.deviations)
        described["recipes"] = _recipes(spec, catalogue)
    if isinstance(spec, DatasetSpec):
        described["licence"] = spec.licence
    return described


def _recipes(spec: VariantSpec, catalogue: Catalogue) -> dict[str, Any]:
    """The recipe with default parameters on an example of each modality it declares."""
    variant = choose_variant(spec.name, catalogue)
    examples = [MODALITIES[name].examples[0] for name in spec.modalities]
    return {data.name: asdict(variant.recipe(catalogue, data)) for data in examples}


def _describe_suite(suite: Suite) -> dict[str, Any]:
    return {
        "kind": "suite",
        "name": suite.name,
        "description": suite.description,
        "seeds": list(suite.seeds),
        "variants": list(suite.variants) or "all",
        "grid": {name: list(values) for name, values in suite.grid.items()},
        "tasks": [{**asdict(task), "budget": str(task.budget)} for task in suite.tasks],
    }


def _print(described: dict[str, Any]) -> None:
    say(f"{described['kind']} {described['name']}: {described['description']}")
    for key in ("paper", "modalities", "licence", "distribution", "file", "seeds", "variants"):
        if value := described.get(key):
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            say(f"  {key}: {text}")
    for name, one in described.get("parameters", {}).items():
        say(f"  parameter {name} = {one['default']}: {one['help']}")
    for line in described.get("deviations", []):
        say(f"  differs from the paper: {line}")
    for name, recipe in described.get("recipes", {}).items():
        say(f"  recipe on {name}:")
        _print_recipe(recipe)
    for name, values in described.get("grid", {}).items():
        say(f"  every variant with {name} = {', '.join(map(str, values))}")
    for task in described.get("tasks", []):
        scores = ", ".join(
            [*task["scores"], *(f"{one} (at the end)" for one in task["final_scores"])]
        )
        say(f"  task {task['name']}: {task['dataset']}, {task['budget']}, {scores}")


def _print_recipe(recipe: dict[str, Any]) -> None:
    training = recipe["training"]
    for part in ("model", "loss"):
        parameters = ", ".join(f"{k}={v}" for k, v in recipe[f"{part}_parameters"].items())
        say(f"    {part}: {recipe[part]}" + (f" ({parameters})" if parameters else ""))
    for side in ("generator", "discriminator"):
        one = training[side]
        extra = {"adam": f"betas {tuple(one['betas'])}", "sgd": f"momentum {one['momentum']}"}
        say(f"    {side}: {one['name']}, lr {one['lr']:g}, {extra.get(one['name'], '')}")
    batches = f"batch {training['batch_size']}"
    if training["generator_batch_size"]:
        batches += f" (generator {training['generator_batch_size']})"
    say(
        f"    {batches}, {training['critic_steps']} critic step(s), "
        f"{training['updates']} updates, {training['schedule']} learning rate"
        + (f", average with decay {training['ema']}" if training["ema"] else "")
    )
