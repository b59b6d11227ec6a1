"""Writes zoo.md, every variant, loss and technique with its formula, from their specs and from the
published results: `python docs/make_zoo.py`.

Formulas are what the code says of itself: the first paragraph of what describes a player's term;
where there is none, of the class or function that does it.
"""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from ganbench.api.data import DataInfo
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.recipe import Optimiser, Recipe
from ganbench.api.specs import LossSpec, TechniqueSpec, VariantSpec, import_builder
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES
from ganbench.planning.naming import choose_variant
from ganbench.planning.references import VariantReference, parse_variant
from ganbench.planning.suite import embedded_suites, load_suite
from ganbench.tables.claims import measured
from ganbench.wording import number

FILE = Path(__file__).parent / "zoo.md"
RESULTS = Path(__file__).parents[1] / "results"

DATA = {
    "points in the plane": DataInfo(name="points", modality="points", shape=(2,), classes=8),
    "colour images of 32 px": DataInfo(
        name="32px", modality="image", shape=(3, 32, 32), classes=10
    ),
    "sounds of 4,096 samples": DataInfo(
        name="sounds", modality="audio", shape=(1, 4096), rate=8_000, classes=10
    ),
    "texts": MODALITIES["text"].examples[0],
    "tables": MODALITIES["tabular"].examples[0],
    "pairs": MODALITIES["pair"].examples[0],
}
"""What recipes are shown on; labelled, since conditional ones need classes."""

HEAD = """\
# The zoo

Every variant that ganbench comes with, except the one that needs [Keras](keras.md): the formulas of
its loss and techniques, its recipe, its intended differences from the paper, and its results, those
published here and those that its paper reports. The losses and techniques that go with any variant
are at the end; G(z) is a fake, D a logit. A recipe lists what differs from the defaults of its
parts.

Published rows of `vanilla` with techniques are under each of these techniques, rows of `vanilla`
with only another loss under that loss. Limits are 95 % intervals over seeds; after ± is the error
that a paper prints. Values are of finished runs: of "4 of 5", one run diverged or failed. Where a
paper gives no number of runs, there is none. The 24 rows of WGAN-GP's architectures are summed up
in [claims.md](claims.md).

This page is written by `python docs/make_zoo.py`, from the specs and from `results/`.
"""


def built_ins() -> Catalogue:
    """What ganbench itself provides, whatever else is installed: Keras's variant is told apart."""
    found = distribution("ganbench").entry_points
    ours = (one for one in found if one.group == ENTRY_POINT_GROUP)
    return Catalogue(ours, blocked=["keras-dense"])


def page(catalogue: Catalogue) -> str:
    """The page, as Markdown."""
    variants = [catalogue.get(VariantSpec, name) for name in sorted(catalogue.names("variant"))]
    parts = [HEAD, *(_variant(spec, catalogue) for spec in variants)]
    parts.append(_table("Losses", LossSpec, catalogue))
    parts.append(_table("Techniques", TechniqueSpec, catalogue))
    return "\n".join(parts)


def _variant(spec: VariantSpec, catalogue: Catalogue) -> str:
    lines = [f"## {spec.name}", "", f"{spec.description[:1].upper()}{spec.description[1:]}."]
    lines += [f"Paper: {spec.paper}.", ""] if spec.paper else [""]
    recipes = dict(_recipes(spec, catalogue))
    names = dict.fromkeys(one.loss for one in recipes.values())
    terms = dict.fromkeys(name for one in recipes.values() for name in one.techniques)
    for name in names:
        lines += _formula(catalogue.get(LossSpec, name))
    for name in terms:
        lines += _formula(catalogue.get(TechniqueSpec, name))
    lines.append("")
    lines += [f"* On {where}: {_recipe(one)}." for where, one in recipes.items()]
    lines += _differences(spec)
    lines += _results([*_published(partial(_own, name=spec.name)), *_claimed(spec.name)])
    return "\n".join([*lines, ""])


def _differences(spec: VariantSpec | LossSpec | TechniqueSpec) -> list[str]:
    if not spec.deviations:
        return []
    return ["", "Different from the paper:", "", *(f"* {one}" for one in spec.deviations)]


def _results(rows: list[str]) -> list[str]:
    if not rows:
        return []
    head = "| suite | task | what | value | limits | runs |"
    return ["", head, "|---|---|---|--:|---|--:|", *rows]


def _recipes(spec: VariantSpec, catalogue: Catalogue) -> Iterator[tuple[str, Recipe]]:
    variant = choose_variant(spec.name, catalogue)
    for where, data in DATA.items():
        if not (variant.refusal(catalogue, data) or variant.misfit(catalogue, data)):
            yield where, variant.recipe(catalogue, data)


def _formula(spec: LossSpec | TechniqueSpec) -> Iterator[str]:
    """One item of a list for each player's term; for a rule of another kind, one."""
    told = dict(_terms(spec))
    for player, text in told.items():
        yield f"* `{spec.name}`, {player}: `{text}`"
    if not told:
        yield f"* `{spec.name}`: `{_first_paragraph(_builder(spec))}`"


def _builder(spec: LossSpec | TechniqueSpec) -> Callable[..., Any]:
    """What does it: a technique need not build anything, and changes the training or the view."""
    if spec.build is not None:
        return import_builder(spec.build)
    assert isinstance(spec, TechniqueSpec)
    change = spec.training or spec.view
    assert change is not None
    return change


def _first_paragraph(documented: Callable[..., Any]) -> str:
    text = inspect.getdoc(documented) or ""
    return text.split("\n\n")[0].replace("\n", " ").rstrip(".")


def _terms(spec: LossSpec | TechniqueSpec) -> Iterator[tuple[str, str]]:
    built = _builder(spec)
    for side in ("discriminator", "generator"):
        term = getattr(built, f"{side}_loss", None)
        if term is not None and (text := _first_paragraph(term)):
            yield side, text


def _recipe(recipe: Recipe) -> str:
    training = recipe.training
    loss = _with(recipe.loss, recipe.loss_parameters)
    parts = [f"model `{_with(recipe.model, recipe.model_parameters)}`, loss `{loss}`"]
    parts += [f"`{_with(name, own)}`" for name, own in recipe.techniques.items()]
    own = {
        side: one
        for side in ("generator", "discriminator")
        if (one := getattr(training, side)) is not None
    }
    if len(own) == 2 and training.generator == training.discriminator:
        parts.append(_optimiser(own["generator"]))
    elif own:
        parts.append(", ".join(f"{_optimiser(one)} for the {side}" for side, one in own.items()))
    else:
        parts.append("fitted once")
    size, other = training.batch_size, training.generator_batch_size
    parts.append(f"batches of {size}" + (f", and {other} for the generator" if other else ""))
    if training.critic_steps > 1:
        parts.append(f"{training.critic_steps} discriminator steps to one of the generator")
    if training.critic_every > 1:
        parts.append(f"{training.critic_every} generator steps to one of the discriminator")
    if training.updates == "simultaneous":
        parts.append("simultaneous updates")
    if isinstance(training.schedule, str) and training.schedule != "constant":
        parts.append(f"{training.schedule} rates")
    if training.ema:
        parts.append(f"an average of the generator, decay {training.ema:g}")
    if training.ema_half_life:
        parts.append(f"an average of the generator, half-life {training.ema_half_life:g} images")
    return "; ".join(parts)


def _with(name: str, parameters: Mapping[str, Any]) -> str:
    inner = ",".join(
        f"{key}={str(value).lower() if isinstance(value, bool) else value}"
        for key, value in parameters.items()
        if value is not None
    )
    return f"{name}[{inner}]" if inner else name


OTHERS = {
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "clip_norm": "gradients of a length up to",
}
"""Constants of optimisers that most recipes leave as they are."""


def _optimiser(one: Optimiser) -> str:
    name = one.name if isinstance(one.name, str) else one.name.__name__
    own = f" {one.betas}" if name.startswith("adam") else ""
    own = f" (decay {one.alpha:g})" if name == "rmsprop" else own
    usual = Optimiser(lr=one.lr)
    others = [
        f", {words} {value:g}"
        for field, words in OTHERS.items()
        if (value := getattr(one, field)) != getattr(usual, field)
    ]
    return f"{name} {one.lr:g}{own}{''.join(others)}"


def _own(variant: VariantReference, name: str) -> bool:
    """Whether a row is of that variant: not if it stands under what was added to it."""
    base, *added = [one.name for one in variant.parts]
    return base == name and not (base == "vanilla" and added) and not _objective(variant)


def _adds(variant: VariantReference, name: str) -> bool:
    """Whether a row is of the original GAN with that technique, or with just that loss instead."""
    base, *added = [one.name for one in variant.parts]
    return base == "vanilla" and name in (added or (_objective(variant),))


def _objective(variant: VariantReference) -> str | None:
    return variant.settings.get("objective")


def _published(wanted: Callable[[VariantReference], bool]) -> Iterator[str]:
    """Rows of every published leaderboard."""
    for file in sorted(RESULTS.glob("*/leaderboard.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            rows = [row for row in csv.DictReader(text) if wanted(parse_variant(row["variant"]))]
        for row in rows:
            if value := row["distance"]:
                low, high = _short(row["distance_low"]), _short(row["distance_high"])
                what = f"`{row['variant']}`: {row['primary'].split('/')[0]}"
                runs = row["runs"] if row["ok"] == row["runs"] else f"{row['ok']} of {row['runs']}"
                yield (
                    f"| {row['suite']} | {row['task']} | {what} | {_short(value)} | "
                    f"{f'{low} to {high}' if low and high else ''} | {runs} |"
                )


def _claimed(name: str) -> Iterator[str]:
    """What papers report of it, as the suites state it."""
    for suite in map(load_suite, embedded_suites()):
        for one in suite.claims:
            if parse_variant(one.variant).parts[0].name == name:
                error = f"± {one.error:g}" if one.error else ""
                runs = one.runs if one.runs > 1 else ""
                yield (
                    f"| {suite.name} | {one.task} | `{one.variant}`: {measured(one)} in "
                    f"{one.source.split(',')[0]} | {one.published:g} | {error} | {runs} |"
                )


def _short(text: str) -> str:
    return number(float(text)) if text else ""


def _table(title: str, kind: type[LossSpec] | type[TechniqueSpec], catalogue: Catalogue) -> str:
    lines = [f"## {title}", ""]
    for name in sorted(catalogue.names(kind.kind)):
        spec = catalogue.get(kind, name)
        paper = f" {spec.paper}." if spec.paper else ""
        lines += [f"**{name}**: {spec.description}.{paper}", "", *_formula(spec)]
        lines += _differences(spec)
        lines += [*_results([*_published(partial(_adds, name=name))]), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    FILE.write_text(page(built_ins()), encoding="utf-8")
