"""From what is typed to variants: wildcards spelled out, settings dealt out, grids multiplied."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.specs import LossSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin import State
from ganbench.planning.references import parse_reference
from ganbench.planning.suite import Suite
from ganbench.planning.variants import Variant, choose_variant

EVERY_LOSS = "+*"
"""What ends a model's name that stands for its pairs with all losses: ``mlp+*``."""


def expand_variants(
    texts: Iterable[str], settings: Mapping[str, str], suite: Suite, catalogue: Catalogue
) -> list[Variant]:
    """The variants that some texts name, each once, in the texts' order.

    ``MODEL+*`` stands for every usable loss, by name; what it has in brackets holds for each pair.
    Each variant is multiplied by the suite's grid, but for the parameters that were set.

    Args:
        texts: as typed, or as a suite has them.
        settings: ``variant.parameter`` -> text, from `--set`. The variant may be a pair that a
            wildcard stands for, or the wildcard; the pair wins.
        suite: has the grid.
        catalogue: what is there.

    Raises:
        UsageError, PluginNotUsable: a text, setting or grid names nothing usable or does not fit.
    """
    pairs = [(typed, text) for typed in texts for text in _spelled_out(typed, catalogue)]
    named = [(parse_reference(typed).name, parse_reference(text).name) for typed, text in pairs]
    owned = _settings_by_variant(settings, {name for both in named for name in both})
    chosen: dict[str, Variant] = {}
    for (_, text), (typed, name) in zip(pairs, named, strict=True):
        own = {**owned.get(typed, {}), **owned.get(name, {})}
        for variant in _multiplied(text, own, suite, catalogue):
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
        if _is_wildcard(text)
        for plugin in unusable
    ]


def _is_wildcard(text: str) -> bool:
    return text.partition("[")[0].strip().endswith(EVERY_LOSS)


def _spelled_out(text: str, catalogue: Catalogue) -> list[str]:
    if not _is_wildcard(text):
        return [text]
    head, bracket, tail = text.partition("[")
    model = head.strip().removesuffix(EVERY_LOSS)
    return [f"{model}+{loss}{bracket}{tail}" for loss in sorted(catalogue.names(LossSpec.kind))]


def _multiplied(
    text: str, settings: Mapping[str, str], suite: Suite, catalogue: Catalogue
) -> list[Variant]:
    """The variant at every point of the suite's grid that differs only in what was not set."""
    variant = choose_variant(text, catalogue, settings)
    fixed = {**settings, **parse_reference(text).settings}
    free = {name: values for name, values in suite.grid.items() if name not in fixed}
    if not free:
        return [variant]
    try:
        return [
            choose_variant(text, catalogue, {**settings, **dict(zip(free, point, strict=True))})
            for point in itertools.product(*free.values())
        ]
    except UsageError as error:  # without the grid all was well
        raise UsageError(f"the grid of suite {suite.name}: {error.message}", error.hint) from None


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
