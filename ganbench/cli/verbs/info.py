"""`ganbench info`: what one thing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ganbench.catalogue.catalogue import open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.cli.completing import complete_anything
from ganbench.cli.descriptions import Described, describe
from ganbench.cli.options import json_option
from ganbench.cli.plugin_options import plugin_options
from ganbench.cli.verb import Verb
from ganbench.console import print_json, say, talk
from ganbench.planning.references import written
from ganbench.tables.thresholds import CLAIM

LISTED = (
    *("paper", "modalities", "needs", "provides", "neutral", "uncoupled", "exclusive"),
    *("blind", "licence", "distribution", "file", "seeds", "variants"),
)
"""What is said in a line of its own, where there is something to say."""


@click.command(cls=Verb)
@click.argument("name", shell_complete=complete_anything)
@json_option
@plugin_options
@click.pass_obj
def command(choice: PluginChoice, /, name: str, as_json: bool) -> None:
    """Describe NAME: parameters, recipe, paper, distribution, file.

    NAME is anything that `run`, `check` or a suite takes, such as dcgan+hinge+r1:10,
    wgan-gp[lr=2e-4] or images:PATH; a suite, by its name or file; or `needs`, for what losses and
    techniques may need; or `modalities`, for what kinds of data there are.
    """
    found = describe(name, open_catalogue(choice, talk))
    if as_json:
        print_json(found)
        return
    for index, one in enumerate(found):
        if index:
            say()
        _print(one)


def _print(described: Described) -> None:
    told = [f"{described['kind']} {described['name']}", described["description"]]
    say(": ".join(filter(None, told)))
    for line in _lines(described):
        say(f"  {line}")


def _lines(described: Described) -> Iterator[str]:
    for part in described.get("parts", ()):
        yield f"{part['kind']} {part['name']}: {part['description']}"
        yield from (f"  {line}" for line in (*_listed(part), *_differences(part)))
    if "parts" not in described:
        yield from _listed(described)
    for name, one in described.get("parameters", {}).items():
        yield f"parameter {name} = {_parameter(one)}: {one['help']}"
    if data := described.get("data"):
        yield from _data(data)
    if "parts" not in described:
        yield from _differences(described)
    for name, recipe in described.get("recipes", {}).items():
        yield f"recipe on {name}:"
        yield from (f"  {line}" for line in _recipe(recipe))
    if (threads := described.get("threads", 1)) != 1:
        yield f"{threads} threads for each run"
    if (precision := described.get("precision", "float32")) != "float32":
        yield f"products of training in {precision}"
    for name, values in described.get("grid", {}).items():
        yield f"every variant with {name} = {', '.join(map(str, values))}"
    for task in described.get("tasks", ()):
        late = (f"{one} (at the end)" for one in task["final_scores"])
        scores = ", ".join([*task["scores"], *late])
        yield f"task {task['name']}: {task['dataset']}, {task['budget']}, {scores}"
        if task["variants"]:
            yield f"  its variants: {', '.join(task['variants'])}"
        if task["controls"]:
            yield f"  its tables need the controls {', '.join(task['controls'])}"
        if task["blind"]:
            yield f"  its utility is blind to {task['blind']}"
        for name, threshold in task["thresholds"].items():
            yield f"  whose utility is {CLAIM:g} or more must pass: {name} {threshold:g}"
    for need, meaning in described.get("of_a_step", {}).items():
        yield f"{need}: {' '.join(meaning.split())}"
    for name, data in described.get("of_data", {}).items():
        more = f"; DataInfo has its {data['described_by']}" if data["described_by"] else ""
        yield f"{name}: stored as {data['stored']}, networks see {data['seen']}{more}"
    for need, models in described.get("of_a_model", {}).items():
        yield f"{need}: provided by {', '.join(models)}"


def _listed(described: Described) -> Iterator[str]:
    for key in LISTED:
        if value := described.get(key):
            yield f"{'blind to' if key == 'blind' else key}: {_listing(value)}"
    if described.get("argument"):
        yield f"written {described['name']}:{described['argument'].upper()}"
    yield from (
        f"is {key}" for key in ("a control", "conditional", "coupled") if described.get(key)
    )


def _differences(described: Described) -> Iterator[str]:
    for one in described.get("deviations", ()):
        yield f"differs from the paper: {one}"


def _listing(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={written(one)}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _parameter(one: Mapping[str, Any]) -> str:
    """Its value and what it may be: ``0.0001 on points, 0.0002 on image, at least 0``."""
    by_data = one.get("defaults", {})
    default = ", ".join(f"{written(each)} on {data}" for data, each in by_data.items())
    default = default or written(one["default"])
    if "value" in one:
        default = f"{written(one['value'])} (set; else {default})"
    limits = bounds(one)
    return f"{default}, {limits}" if limits else default


def bounds(one: Mapping[str, Any]) -> str:
    """What a described parameter may be, in words: ``one of a, b``, ``at least 0``."""
    low, high = one["minimum"], one["maximum"]
    if one["choices"]:
        return f"one of {', '.join(map(written, one['choices']))}"
    if low is not None and high is not None:
        return f"{low:g} to {high:g}"
    if low is not None:
        return f"at least {low:g}"
    return "" if high is None else f"at most {high:g}"


def _data(data: Mapping[str, Any]) -> Iterator[str]:
    classes = f", {data['classes']} classes" if data["classes"] else ""
    yield f"samples: {data['modality']} {tuple(data['shape'])}{classes}"
    for split, count in (("for training", data["train"]), ("held out", data["heldout"])):
        if count is not None:
            yield f"{count:,} {split}"
    yield from data["notes"]


def _recipe(recipe: Mapping[str, Any]) -> Iterator[str]:
    if "refused" in recipe:
        yield f"none: {recipe['refused']}"
        return
    for part in ("model", "loss"):
        yield f"{part}: {recipe[part]}{_given(recipe[f'{part}_parameters'])}"
    for name, own in recipe["techniques"].items():
        yield f"technique: {name}{_given(own)}"
    training = recipe["training"]
    for side in ("generator", "discriminator"):
        if training[side] is not None:
            yield f"{side}: {_optimiser(training[side])}"
    if training["generator"] is None:
        yield "a control: fitted at once to all training samples, by no gradient step"
        return
    if training["discriminator"] is None:
        yield "a control: trained without a discriminator"
    yield ", ".join(_training(training))


def _given(parameters: Mapping[str, Any]) -> str:
    return f" ({_listing(parameters)})" if parameters else ""


def _optimiser(one: Mapping[str, Any]) -> str:
    own = {
        "adam": f"betas {tuple(one['betas'])}",
        "adamw": f"betas {tuple(one['betas'])}, weight decay {one['weight_decay']:g}",
        "rmsprop": f"alpha {one['alpha']:g}",
        "sgd": f"momentum {one['momentum']:g}",
    }
    words = [one["name"], f"lr {one['lr']:g}", own.get(one["name"]) or _listing(one["options"])]
    clip = "" if one["clip_norm"] is None else f"gradients up to {one['clip_norm']:g}"
    return ", ".join(filter(None, [*words, clip]))


def _training(training: Mapping[str, Any]) -> Iterator[str]:
    own = training["generator_batch_size"]
    yield f"batch {training['batch_size']}" + (f" (generator {own})" if own else "")
    every = training["critic_every"]
    if training["discriminator"] is not None:
        yield f"{training['critic_steps']} critic step(s)" + (
            "" if every == 1 else f" every {every} generator steps"
        )
        yield f"{training['updates']} updates"
    yield f"{training['schedule']} learning rate"
    if training["ema"]:
        yield f"average with decay {training['ema']:g}"
    if training["ema_half_life"] is not None:
        yield f"average with a half-life of {training['ema_half_life']:g} samples"
