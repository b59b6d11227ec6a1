"""From a reference such as ``images:PATH[side=32]`` to a data set's spec and parameters."""

from __future__ import annotations

from dataclasses import replace

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import DatasetSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.references import parse_reference


def choose_dataset(text: str, catalogue: Catalogue) -> tuple[DatasetSpec, dict[str, Value]]:
    """The data set that `text` names, and all its parameters.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    reference = parse_reference(text)
    spec = catalogue.get(DatasetSpec, reference.name)
    settings = dict(reference.settings)
    if reference.argument is not None:
        if not spec.argument:
            raise UsageError(f"data set {spec.name} takes nothing behind a colon: {text!r}")
        settings[spec.argument] = reference.argument
    return spec, resolve_parameters(spec.name, spec.parameters, settings)


def describe_dataset(text: str, catalogue: Catalogue) -> DataInfo:
    """The shape of the data set that `text` names, without loading it.

    Raises:
        UsageError, PluginNotUsable: as `choose_dataset`; or the data set refuses its parameters.
    """
    spec, parameters = choose_dataset(text, catalogue)
    return replace(spec.describe(**parameters), name=text)
