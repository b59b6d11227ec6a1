"""Networks of registered models, for models of plugins that are made of them."""

from __future__ import annotations

from typing import Any

from ganbench.api.data import DataInfo
from ganbench.api.networks import Networks
from ganbench.api.parameters import resolve_parameters
from ganbench.api.specs import ModelSpec
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.running.contracts import check_networks, made


def networks_of(model: str, data: DataInfo, **parameters: Any) -> Networks:
    """What a registered model builds, to be changed or used by a model of one's own.

    The identity of a run holds the code of the model that it names, not of those that this one is
    made of: a package that reuses another's model requires its release.

    Args:
        model: name of an installed model, e.g. ``dcgan``.
        data: for which it is built.
        parameters: of the model; the others have their defaults.

    Raises:
        UsageError: there is no such model or parameter.
        PluginNotUsable: its plugin is not usable, or it builds something else than networks.
    """
    catalogue = installed_catalogue()
    spec = catalogue.get(ModelSpec, model)
    resolved = resolve_parameters(model, spec.parameters, parameters)
    return made(catalogue, check_networks, spec, spec.build, data, **resolved)
