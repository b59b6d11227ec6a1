"""From a reference such as ``images:PATH[side=32]`` to a data set, and a look at it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace

from ganbench.api.data import DataInfo, Survey
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value, located, resolve_parameters
from ganbench.api.specs import DatasetSpec
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import MODALITIES
from ganbench.planning.longtail import long_tailed
from ganbench.planning.mixtures import mixed
from ganbench.planning.references import parse_reference, split_alternatives


def choose_dataset(text: str, catalogue: Catalogue) -> tuple[DatasetSpec, dict[str, Value]]:
    """The data set that `text` names, or the mixture of those, and all parameters.

    Raises:
        UsageError, PluginNotUsable: it names nothing usable, or a parameter does not fit.
    """
    texts = split_alternatives(text)
    parts = [_choose(one, catalogue) for one in texts]
    return mixed(texts, parts) if len(parts) > 1 else parts[0]


def _choose(text: str, catalogue: Catalogue) -> tuple[DatasetSpec, dict[str, Value]]:
    reference = parse_reference(text)
    settings = dict(reference.settings)
    spec = long_tailed(catalogue.get(DatasetSpec, reference.name), settings)
    if reference.argument is not None:
        if not spec.argument:
            raise UsageError(f"data set {spec.name} takes nothing behind a colon: {text!r}")
        settings[spec.argument] = reference.argument
    return spec, resolve_parameters(spec.name, spec.parameters, settings)


def describe_dataset(text: str, catalogue: Catalogue) -> DataInfo:
    """The shape of the data set that `text` names, without loading it.

    Raises:
        UsageError, PluginNotUsable: as `choose_dataset` and `look_at`.
    """
    spec, parameters = choose_dataset(text, catalogue)
    return look_at(spec, located(spec.parameters, parameters, ""), text, catalogue).info


def check_dataset(text: str, catalogue: Catalogue) -> None:
    """Make sure, quickly, that a data set can be loaded here.

    Raises:
        MissingData: it cannot; the hint says how to get it.
        UsageError, PluginNotUsable: as `choose_dataset`; or its own code fails.
    """
    spec, parameters = choose_dataset(text, catalogue)
    require_present(spec, located(spec.parameters, parameters, ""), catalogue)


def look_at(
    spec: DatasetSpec, arguments: Mapping[str, Value], text: str, catalogue: Catalogue
) -> Survey:
    """What a data set tells about itself, without loading it.

    Args:
        spec: the data set.
        arguments: all parameters, located.
        text: what it was typed as, which is its name from here on.
        catalogue: says whose code fails, if some does.

    Raises:
        UsageError: the data set refuses its parameters.
        PluginNotUsable: its own code fails, or its modality knows no such data.
    """
    what = f"describe of data set {spec.name}"
    with catalogue.whose(spec):
        found = call_light(what, (DataInfo, Survey), spec.describe, **arguments)
        survey = found if isinstance(found, Survey) else Survey(info=found)
        MODALITIES[survey.info.modality].check_info(survey.info)
    return replace(survey, info=replace(survey.info, name=text))


def prepare(
    spec: DatasetSpec,
    arguments: Mapping[str, Value],
    catalogue: Catalogue,
    tell: Callable[[str], object],
) -> None:
    """Let a data set do what is done once, before runs start; what it prints is talk, not data.

    Raises:
        UsageError: it cannot be loaded.
        PluginNotUsable: its own code fails.
    """
    if spec.prepare is None:
        return

    def told(**parameters: Value) -> None:
        for line in spec.prepare(**parameters) if spec.prepare else ():
            tell(str(line))

    with catalogue.whose(spec), contextlib.redirect_stdout(sys.stderr):
        call_light(f"prepare of data set {spec.name}", object, told, **arguments)


def require_present(
    spec: DatasetSpec, arguments: Mapping[str, Value], catalogue: Catalogue
) -> None:
    """Make sure, quickly, that what a data set needs is on this machine.

    Raises:
        MissingData: it is not; the hint says how to get it.
        PluginNotUsable: the data set's own code fails.
    """
    if spec.check is not None:
        with catalogue.whose(spec):
            call_light(f"check of data set {spec.name}", object, spec.check, **arguments)
