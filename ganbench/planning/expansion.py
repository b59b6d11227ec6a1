"""From what is typed to variants: wildcards spelled out, settings dealt out, grids multiplied."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.parameters import Value
from ganbench.api.specs import LossSpec, ModelSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin import State
from ganbench.planning.naming import choose_variant
from ganbench.planning.references import VariantReference, parse_variant
from ganbench.planning.suite import WITH, Suite
from ganbench.planning.variants import Variant

EVERY_LOSS = "*"
"""What stands in a loss's place for all of them: ``mlp+*``, ``mlp+*+r1``."""


def expand_variants(
    texts: Iterable[str], settings: Mapping[str, str], suite: Suite, catalogue: Catalogue
) -> dict[str, list[Variant]]:
    """The variants that each of some texts names, in the texts' order.

    ``MODEL+*`` stands for every usable loss, by name, and behind a control for every loss of
    controls; the techniques and settings behind it hold for each pair. Each variant is multiplied
    by the suite's grid, but for what was set.

    Args:
        texts: as typed, or as a suite has them.
        settings: ``variant.parameter`` -> text, from `--set`. The variant may be a pair that a
            wildcard stands for, or the wildcard; the pair wins.
        suite: has the grid.
        catalogue: what is there.

    Raises:
        UsageError, PluginNotUsable: a text, setting or grid names nothing usable or does not fit.
    """
    typed = {text: parse_variant(text) for text in texts}
    pairs = [
        (text, one, pair) for text, one in typed.items() for pair in _spelled_out(one, catalogue)
    ]
    names = {reference.name for _, *both in pairs for reference in both}
    owned = _settings_by_variant(settings, names)
    _refuse_idle(owned, [both for _, *both in pairs])
    chosen: dict[str, list[Variant]] = {}
    for text, one, pair in pairs:
        own = {**owned.get(one.name, {}), **owned.get(pair.name, {})}
        chosen.setdefault(text, []).extend(_multiplied(pair, own, suite, catalogue))
    return chosen


def each_once(variants: Iterable[Variant]) -> list[Variant]:
    """The same without repetitions, since several texts may name one."""
    chosen: dict[str, Variant] = {}
    for variant in variants:
        chosen.setdefault(variant.display, variant)
    return list(chosen.values())


def not_expanded(texts: Iterable[str], catalogue: Catalogue) -> list[str]:
    """What wildcards may have missed: losses of plugins that could not be loaded."""
    unusable = [
        plugin for plugin in catalogue.plugins if plugin.state not in (State.LOADED, State.BLOCKED)
    ]
    return [
        f"{text} without losses of plugin {plugin.name!r} of {plugin.distribution or plugin.file}, "
        f"if it has any: it is {plugin.state}: {plugin.reason}"
        for text in texts
        if _is_wildcard(parse_variant(text))
        for plugin in unusable
    ]


def _is_wildcard(reference: VariantReference) -> bool:
    return len(reference.parts) > 1 and reference.parts[1].name == EVERY_LOSS


def _spelled_out(reference: VariantReference, catalogue: Catalogue) -> list[VariantReference]:
    if not _is_wildcard(reference):
        return [reference]
    model, every, *techniques = reference.parts
    return [
        replace(reference, parts=(model, replace(every, name=loss), *techniques))
        for loss in _losses_for(model.name, catalogue)
    ]


def _losses_for(model: str, catalogue: Catalogue) -> list[str]:
    """All by name: of controls for a control, and all others for all others."""
    losses = sorted(catalogue.names(LossSpec.kind))
    if model not in catalogue.names(ModelSpec.kind):
        return losses
    control = catalogue.get(ModelSpec, model).control
    return [name for name in losses if catalogue.get(LossSpec, name).control == control]


def _multiplied(
    reference: VariantReference, settings: Mapping[str, str], suite: Suite, catalogue: Catalogue
) -> list[Variant]:
    """The variant at every point of the suite's grid that differs only in what was not set."""
    variant = choose_variant(reference, catalogue, settings)
    fixed = {**settings, **reference.settings}
    free = {name: values for name, values in suite.grid.items() if name not in fixed}
    if not free:
        return [variant]
    try:
        return [
            _at(reference, settings, dict(zip(free, point, strict=True)), catalogue)
            for point in itertools.product(*free.values())
        ]
    except UsageError as error:  # without the grid all was well
        raise UsageError(f"the grid of suite {suite.name}: {error.message}", error.hint) from None


def _at(
    reference: VariantReference,
    settings: Mapping[str, str],
    point: Mapping[str, Value],
    catalogue: Catalogue,
) -> Variant:
    """The variant at one point of a grid, of which one axis may be of techniques."""
    rest = dict(point)
    if techniques := str(rest.pop(WITH, "")):
        reference = reference.also(parse_variant(techniques))
    return choose_variant(reference, catalogue, {**settings, **rest})


def _refuse_idle(
    owned: Mapping[str, Mapping[str, str]], named: Iterable[Sequence[VariantReference]]
) -> None:
    """What stands in brackets wins; where it stands in all of them, `--set` would do nothing."""
    for name, settings in owned.items():
        meant = [pair for one, pair in named if name in (one.name, pair.name)]
        for key, value in settings.items():
            if all(key in pair.settings for pair in meant):
                sets = f"{meant[0].name}[{key}={meant[0].settings[key]}]"
                raise UsageError(
                    f"--set {name}.{key}={value} would change nothing: {sets} stands in the suite, "
                    "or was typed",
                    f"name the variant with the value: '{name}[{key}={value}]'",
                )


def _settings_by_variant(
    settings: Mapping[str, str], names: Iterable[str]
) -> dict[str, dict[str, str]]:
    """``--set wgan-gp.lr=2e-4`` grouped by variant. Names may have dots: the longest one wins."""
    grouped: dict[str, dict[str, str]] = {}
    for key, value in settings.items():
        owners = [name for name in names if key.startswith(f"{name}.")]
        if not owners:
            hint = did_you_mean(key.split(".")[0], names)
            raise UsageError(f"--set {key}={value} names no selected variant", hint)
        owner = max(owners, key=len)
        grouped.setdefault(owner, {})[key.removeprefix(f"{owner}.")] = value
    return grouped
