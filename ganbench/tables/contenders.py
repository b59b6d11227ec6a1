"""Which runs a typed name stands for: a variant, or one version of a variant's code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.parameters import AUTO, Parameter
from ganbench.planning.references import Named, VariantReference, parse_variant
from ganbench.statistics.groups import grouped
from ganbench.tables.controls import CONTROL
from ganbench.tables.labels import variant_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ganbench.tables.grouping import Entry

Contenders = dict[str, list["Entry"]]
"""Label, as in every table -> what was run under it."""


def contenders(found: Sequence[Entry]) -> Contenders:
    """All that could be compared."""
    labels = variant_labels(entry.runs[0] for entry in found)
    pairs = grouped(zip(labels, found, strict=True), lambda pair: pair[0])
    return {label: [entry for _, entry in own] for label, own in pairs.items()}


def choose(names: Sequence[str], known: Contenders) -> list[str]:
    """The labels that some names stand for, in their order.

    A name is a label, or a variant as `ganbench run` takes it: parameters in any order and format,
    defaults spelled out or not. A variant with several versions of its code stands for all of them,
    but for the first name, which everything is compared with.

    Raises:
        UsageError: fewer than two names, an unknown one, the same variant twice, or a first name
            that stands for several.
    """
    if len(names) < 2:
        raise UsageError(
            "a comparison needs two variants or more",
            f"to choose from: {', '.join(known)}",
        )
    chosen: list[str] = []
    for name in names:
        labels = _labels(name, known)
        if not chosen and len(labels) > 1:
            raise UsageError(
                f"{name!r} stands for {len(labels)} versions of its code",
                f"name one of them to compare with: {', '.join(map(repr, labels))}",
            )
        for label in labels:
            if label in chosen:
                raise UsageError(f"{label} is named twice", "a variant is not compared with itself")
        chosen += labels
    return chosen


def _labels(name: str, known: Contenders) -> list[str]:
    name = name.removesuffix(f" ({CONTROL})")  # as tables print it
    if name in known:
        return [name]
    typed = parse_variant(name)
    found = [label for label, own in known.items() if is_meant(typed, name, own[0].runs[0])]
    if not found:
        names = {*known, *(entry["variant"] for own in known.values() for entry in own)}
        raise UsageError(f"these runs have no variant {name!r}", did_you_mean(name, names))
    return found


def is_meant(typed: VariantReference, name: str, row: Mapping[str, Any]) -> bool:
    """Whether all that was typed holds for the variant, and all that its name shows was typed."""
    if row["variant"] == name:
        return True
    shown = _shown(row)
    if shown is None:
        return False
    values = json.loads(row["variant_parameters"])
    return (
        shown.name == typed.name
        and all(
            _same_argument(*both, values) for both in zip(shown.parts, typed.parts, strict=True)
        )
        and shown.settings.keys() <= typed.settings.keys() <= values.keys()
        and all(_means(text, values[key]) for key, text in typed.settings.items())
    )


def is_setting_of(typed: VariantReference, row: Mapping[str, Any]) -> bool:
    """Whether all that was typed holds for the variant, whatever else is set of it."""
    shown = _shown(row)
    if shown is None or shown.name != typed.name:
        return False
    values = json.loads(row["variant_parameters"])
    return all(
        given.argument is None or _same_argument(one, given, values)
        for one, given in zip(shown.parts, typed.parts, strict=True)
    ) and all(key in values and _means(text, values[key]) for key, text in typed.settings.items())


def shown_keys(row: Mapping[str, Any]) -> set[str]:
    """The parameters that a variant's name shows, in brackets and behind colons."""
    if (shown := _shown(row)) is None:
        return set()
    values = json.loads(row["variant_parameters"])
    behind = {
        key
        for part in shown.parts
        if part.argument is not None
        for key, value in values.items()
        if key.startswith(f"{part.name}.") and _means(part.argument, value)
    }
    return behind | {*shown.settings}


def _shown(row: Mapping[str, Any]) -> VariantReference | None:
    """What the variant's name says; None where a parameter with brackets in it hides that: only
    its exact name will do then."""
    try:
        return parse_variant(row["variant"])
    except UsageError:
        return None


def _same_argument(shown: Named, typed: Named, values: Mapping[str, Any]) -> bool:
    """Whether what stands behind a technique's colon is the value that it has; a name shows none
    where that is the default."""
    if typed.argument is None:
        return shown.argument is None
    own = (value for key, value in values.items() if key.startswith(f"{typed.name}."))
    return any(_means(typed.argument, value) for value in own)


def _means(text: str, value: bool | int | float | str | None) -> bool:
    """Whether a text is how somebody may write a parameter's value."""
    if value is None:
        return text == AUTO
    try:
        return Parameter(default=value, help="").convert(text, "") == value
    except UsageError:
        return False
