"""From a reference such as ``images:PATH[side=32]`` to a data set's spec and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ganbench.api.checked import typed
from ganbench.api.data import DataInfo
from ganbench.api.errors import GanbenchError, PluginNotUsable, UsageError
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.specs import DatasetSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.modalities import modality_of
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


def check_dataset(text: str, catalogue: Catalogue) -> None:
    """Make sure, quickly, that a data set can be loaded here.

    Raises:
        MissingData: it cannot; the hint says how to get it.
        UsageError, PluginNotUsable: as `describe_dataset`.
    """
    spec, parameters = choose_dataset(text, catalogue)
    if spec.check is not None:
        with catalogue.whose(spec):
            _call(spec, "check", spec.check, parameters)


def fingerprint_dataset(text: str, catalogue: Catalogue) -> str:
    """What identifies the files outside any plugin that a data set reads; empty if none.

    Raises:
        UsageError, PluginNotUsable: as `describe_dataset`.
    """
    spec, parameters = choose_dataset(text, catalogue)
    if spec.fingerprint is None:
        return ""
    with catalogue.whose(spec):
        return str(_call(spec, "fingerprint", spec.fingerprint, parameters))


def describe_dataset(text: str, catalogue: Catalogue) -> DataInfo:
    """The shape of the data set that `text` names, without loading it.

    Raises:
        UsageError: as `choose_dataset`; or the data set refuses its parameters.
        PluginNotUsable: as `choose_dataset`; or the data set's own code fails, or its
            modality knows no such data.
    """
    spec, parameters = choose_dataset(text, catalogue)
    with catalogue.whose(spec):
        info = _call(spec, "describe", spec.describe, parameters)
        if not isinstance(info, DataInfo):
            raise PluginNotUsable(
                f"data set {spec.name} must describe a DataInfo, it returned {typed(info)}"
            )
        modality_of(info).check_info(info)
    return replace(info, name=text)


def _call(
    spec: DatasetSpec,
    what: str,
    function: Callable[..., object],
    parameters: Mapping[str, Value],
) -> object:
    try:
        return function(**parameters)
    except GanbenchError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise PluginNotUsable(f"{what} of data set {spec.name} fails: {reason}") from error
