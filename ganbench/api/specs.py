"""Light descriptions of plugins: what the catalogue holds, importable without torch."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ganbench.api.checked import check_fields
from ganbench.api.data import MODALITY_NAMES, DataInfo, ModalityName
from ganbench.api.parameters import Parameter, Value
from ganbench.api.recipe import Recipe, Training

Builder = str | Callable[..., Any]
"""A function, or ``"module:function"`` to be imported when first needed."""

NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""Names are safe in file names, CSV cells and on the command line by construction."""


def import_builder(builder: Builder) -> Callable[..., Any]:
    """The function that a builder names.

    Raises:
        ImportError, AttributeError: there is no such module or function.
    """
    if callable(builder):
        return builder
    module, _, attribute = builder.partition(":")
    if not module or not attribute:
        raise ImportError(f"{builder!r} is not of the form module:function")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What every plugin has.

    Args:
        name: lower-case letters, digits, `.`, `_`, `-`; unique within its kind.
        description: one line.
        paper: where it comes from, as "Authors year, title, arXiv id" or a URL; empty if nowhere.
        parameters: what users may set, with defaults.
        modalities: the kinds of data it works on.

    Raises:
        TypeError: a field is of another type.
        ValueError: the name or the description cannot be one; there is no modality.
        UsageError: a parameter's default is out of its bounds.
    """

    kind: ClassVar[str]

    name: str
    description: str
    paper: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    modalities: tuple[ModalityName, ...] = MODALITY_NAMES

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME_PATTERN.fullmatch(self.name):
            raise ValueError(
                f"{self.kind} name {self.name!r} must be lower-case letters, digits, '.', '_', '-'"
            )
        check_fields(f"{self.kind} {self.name!r}", self)
        if not self.description.strip() or "\n" in self.description:
            raise ValueError(f"{self.kind} {self.name!r} needs a one-line description")
        if not self.modalities:
            raise ValueError(f"{self.kind} {self.name!r} handles no modality")
        for name, parameter in self.parameters.items():
            parameter.convert(parameter.default, f"{self.name}.{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec(Spec):
    """An architecture.

    Args:
        build: ``build(data: DataInfo, **parameters) -> Networks``. Called with the run's seed set.
        training: ``training(**parameters) -> Training``: how a `MODEL+LOSS` pair trains, where the
            model has to say it instead of the loss. Must not import torch.
        supports: ``supports(data: DataInfo) -> bool``: whether it can be built for that data, where
            the modality alone does not tell. Must not import torch.
    """

    kind: ClassVar[str] = "model"
    build: Builder
    training: Callable[..., Training] | None = None
    supports: Callable[[DataInfo], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSpec(Spec):
    """An adversarial objective with its regularisers.

    Args:
        build: ``build(**parameters) -> Loss``.
        training: how to train a `MODEL+LOSS` pair that no variant describes, and whose model does
            not say it.
        per_sample: True if the loss penalises the discriminator's gradient at each sample:
            batch statistics in the discriminator would then be wrong, and are refused.
    """

    kind: ClassVar[str] = "loss"
    build: Builder
    training: Training
    per_sample: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec(Spec):
    """A named, complete recipe: what a leaderboard ranks.

    Args:
        recipe: ``recipe(data: DataInfo, **parameters) -> Recipe``. Must not import torch.
        deviations: where it knowingly differs from its paper, one line each.
    """

    kind: ClassVar[str] = "variant"
    recipe: Callable[..., Recipe]
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec(Spec):
    """Real samples.

    Args:
        describe: ``describe(**parameters) -> DataInfo``, without loading anything.
        load: ``load(**parameters) -> Data``; raises `MissingData` with the command that gets it.
        check: ``check(**parameters)``, quick and without torch; raises `MissingData` where `load`
            would, so that a plan of many runs is refused at once.
        fingerprint: ``fingerprint(**parameters) -> str`` of files that are not the plugin's own and
            may change (a user's folder): part of a run's identity.
        licence: of the data.
        argument: name of the parameter that ``name:VALUE`` sets (`path` in ``images:PATH``).
    """

    kind: ClassVar[str] = "dataset"
    describe: Callable[..., DataInfo]
    load: Builder
    check: Callable[..., object] | None = None
    fingerprint: Callable[..., str] | None = None
    licence: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpec(Spec):
    """One or several numbers computed from a run's samples.

    Args:
        compute: ``compute(evaluation: Evaluation, **parameters) -> list[Measurement]``.
    """

    kind: ClassVar[str] = "score"
    compute: Builder


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorSpec(Spec):
    """A frozen feature extractor.

    Args:
        build: ``build(data: Data, device: torch.device, **parameters) -> Extractor``; raises
            `MissingData` where its weights cannot be had.
    """

    kind: ClassVar[str] = "extractor"
    build: Builder


Kind = Literal["model", "loss", "variant", "dataset", "score", "extractor"]
SPEC_TYPES: Mapping[str, type[Spec]] = {
    spec.kind: spec
    for spec in (ModelSpec, LossSpec, VariantSpec, DatasetSpec, ScoreSpec, ExtractorSpec)
}

__all__ = [
    "SPEC_TYPES",
    "Builder",
    "DatasetSpec",
    "ExtractorSpec",
    "Kind",
    "LossSpec",
    "ModelSpec",
    "ScoreSpec",
    "Spec",
    "Value",
    "VariantSpec",
    "import_builder",
]
