"""A variant on data: its recipe, asked for once, and what takes part in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganbench.api.data import DataInfo
from ganbench.api.parameters import Value
from ganbench.api.recipe import Recipe
from ganbench.api.specs import Spec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.composition import Parts, why_not
from ganbench.planning.variants import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is trained on data of one shape.

    Args:
        variant: as it was typed.
        parameters: of the variant, with the defaults that hold on this data.
        recipe: what it does there.
        parts: what the recipe names.
    """

    variant: Variant
    parameters: Mapping[str, Value]
    recipe: Recipe
    parts: Parts

    @property
    def specs(self) -> tuple[Spec, ...]:
        """All that takes part, some of it twice."""
        return (*self.variant.specs, self.parts.model, *self.parts.objectives)


def prepare(variant: Variant, data: DataInfo, catalogue: Catalogue) -> Prepared | str:
    """The variant on that data, or why it cannot be trained there.

    Raises:
        UsageError: the parts do not fit together.
        PluginNotUsable: the variant's own code fails, or names a plugin that is not there.
    """
    if reason := variant.refusal(catalogue, data):
        return reason
    parts, recipe = variant.resolved(catalogue, data)
    if reason := why_not(parts, recipe, data, catalogue):
        return reason
    parameters = variant.parameters_on(variant.seen(catalogue, data).modality)
    return Prepared(variant=variant, parameters=parameters, recipe=recipe, parts=parts)
