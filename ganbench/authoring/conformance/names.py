"""From what people type to the plugin that is meant, and to its kind."""

from __future__ import annotations

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.specs import SPEC_TYPES, Spec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.reserved import instead
from ganbench.planning.naming import choose_variant
from ganbench.planning.references import parse_reference


def kind_of(name: str, kind: str | None, catalogue: Catalogue) -> str:
    """The kind of the plugin of that name, a variant where there are several.

    Raises:
        GanbenchError: there is no such plugin or kind.
    """
    if kind is not None and kind not in SPEC_TYPES:
        raise UsageError(f"there is no kind {kind!r}", did_you_mean(kind, SPEC_TYPES))
    head = parse_reference(name).name
    if "+" in head and kind in (None, "variant"):
        return "variant"
    found = [one for one in SPEC_TYPES if head in catalogue.names(one)]
    if kind is None and found:
        return found[0]
    if kind is None and (told := instead(head)):
        raise UsageError(f"{head} {told[0]}", told[1])
    if kind is None:
        known = [one for each in SPEC_TYPES for one in catalogue.names(each)]
        if unusable := [plugin.name for plugin in catalogue.plugins if plugin.reason]:
            shown = ", ".join(unusable)
            raise UsageError(
                f"nothing that could be checked is named {name!r} (not loaded: {shown})",
                "`ganbench plugins` says why they are not loaded",
            )
        raise UsageError(
            f"nothing that could be checked is named {name!r}", did_you_mean(head, known)
        )
    catalogue.get(SPEC_TYPES[kind], head)
    return kind


def specs_of(name: str, kind: str, catalogue: Catalogue) -> tuple[Spec, ...]:
    """The spec of that name and kind; those of the model and the loss of a pair.

    Raises:
        GanbenchError: there is none, or the name cannot be understood.
    """
    if kind == "variant":
        return choose_variant(name, catalogue).specs
    return (catalogue.get(SPEC_TYPES[kind], parse_reference(name).name),)
