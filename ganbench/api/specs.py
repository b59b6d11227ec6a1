"""Light descriptions of plugins: what the catalogue holds, importable without torch."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ganbench.api.checked import check_fields
from ganbench.api.data import MODALITY_NAMES, DataInfo, ModalityName, Survey
from ganbench.api.parameters import Parameter, Value, declared_in
from ganbench.api.recipe import Recipe, Training
from ganbench.api.techniques import NEEDS, SLOPES

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
        parameters: what users may set, with defaults. Left empty, they are those that the
            signature of the builder declares (`ganbench.Parameter`), where that is a function.
        modalities: the kinds of data it works on.

    Raises:
        TypeError: a field is of another type.
        ValueError: the name or the description cannot be one; there is no modality.
        UsageError: a parameter's default is out of its bounds.
    """

    kind: ClassVar[str]
    hook: ClassVar[str]
    """The hook that returns a list of such specs."""
    declaring: ClassVar[str]
    """The field whose signature may declare the parameters."""

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
        builder = getattr(self, self.declaring)
        if not self.parameters and callable(builder):
            object.__setattr__(self, "parameters", declared_in(builder))
        for name, parameter in self.parameters.items():
            parameter.convert(parameter.default, f"{self.name}.{name}")
            if parameter.path and self.kind in _OF_RECIPES:
                raise ValueError(
                    f"{self.kind} {self.name!r}: {name} has path=True; what a file holds would be "
                    "part of no run's id, so only data sets, scores and extractors take files"
                )


_OF_RECIPES = ("variant", "model", "loss", "technique")
"""Kinds of which a recipe is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantSpec(Spec):
    """A named, complete recipe: what a leaderboard ranks.

    Args:
        recipe: ``recipe(data: DataInfo, **parameters) -> Recipe``, for whatever it handles. Must
            not import torch.
        recipes: instead of one, a recipe for each modality, each with defaults of its own; these
            are then the modalities that it handles.
        deviations: where it knowingly differs from its paper, one line each.
        control: whether it is trained without a discriminator, to be compared with: its recipes
            then name a model and a loss that are. Tables say so, and give it no rank.

    Raises:
        ValueError: there is no recipe, or there are both.
    """

    kind: ClassVar[str] = "variant"
    hook: ClassVar[str] = "ganbench_variants"
    declaring: ClassVar[str] = "recipe"
    recipe: Callable[..., Recipe] | None = None
    recipes: Mapping[str, Callable[..., Recipe]] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    control: bool = False

    def __post_init__(self) -> None:
        if (self.recipe is None) == (not self.recipes):
            raise ValueError(f"variant {self.name!r} needs recipe= or recipes=, and not both")
        if self.recipes:
            known = tuple(one for one in MODALITY_NAMES if one in self.recipes)
            if len(known) != len(self.recipes):
                raise ValueError(f"variant {self.name!r} has recipes for {sorted(self.recipes)}")
            object.__setattr__(self, "modalities", known)
            if not self.parameters:
                merged: dict[str, Parameter] = {}
                for one in known:
                    merged |= {
                        name: parameter
                        for name, parameter in declared_in(self.recipes[one]).items()
                        if name not in merged
                    }
                object.__setattr__(self, "parameters", merged)
        super(VariantSpec, self).__post_init__()

    def recipe_for(self, modality: str) -> Callable[..., Recipe]:
        """The recipe for that kind of data."""
        return self.recipes.get(modality) or self.recipe or next(iter(self.recipes.values()))

    def parameters_for(self, modality: str) -> dict[str, Parameter]:
        """The parameters for that kind of data, with the defaults that hold there."""
        own = declared_in(self.recipes[modality]) if modality in self.recipes else {}
        return {
            name: replace(parameter, default=own[name].default) if name in own else parameter
            for name, parameter in self.parameters.items()
            if not own or name in own
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec(Spec):
    """An architecture.

    Args:
        build: ``build(data: DataInfo, **parameters) -> Networks``. Called with the run's seed set;
            once more for the discriminator where a technique shows it other data.
        training: ``training(**parameters) -> Training``: how a `MODEL+LOSS` pair trains, where the
            model has to say it instead of the loss. Must not import torch.
        supports: ``supports(data: DataInfo) -> bool``: whether it can be built for that data, where
            the modality alone does not tell. Must not import torch.
        provides: what it has beyond two networks, for losses and techniques that need it: names of
            its extra modules, or of methods of its generator, and ``joint`` if its discriminator
            judges sample and latent together and has no opinion of a sample alone.
        asks: which of `provides` its loss must need, where other losses would leave a part of the
            model untrained: a classifier that alone tells the generator its classes.
        conditional: whether its networks take the classes as well (`Networks.conditional`).
        control: whether it has no discriminator; it is then trained by losses of controls alone.
        coupled: ``coupled(**parameters) -> bool``: whether the samples of a batch influence each
            other's logits (batch norm in the discriminator). A run measures it; this lets a plan
            refuse what cannot be combined with it.
        uncoupled: the defaults of its parameters that hold instead where a loss or a technique
            needs slopes, which coupled samples would make wrong.

    Raises:
        ValueError: `uncoupled` names what is no parameter, or `asks` what is not provided.
    """

    kind: ClassVar[str] = "model"
    hook: ClassVar[str] = "ganbench_models"
    declaring: ClassVar[str] = "build"
    build: Builder
    training: Callable[..., Training] | None = None
    supports: Callable[[DataInfo], bool] | None = None
    provides: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    conditional: bool = False
    control: bool = False
    coupled: Callable[..., bool] | None = None
    uncoupled: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(ModelSpec, self).__post_init__()
        for name in self.uncoupled:
            if name not in self.parameters:
                raise ValueError(f"model {self.name!r} has no parameter {name!r}")
        for name in self.asks:
            if name not in self.provides:
                raise ValueError(f"model {self.name!r} asks for {name!r} and does not provide it")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossSpec(Spec):
    """An adversarial objective; or a control's, which needs no discriminator.

    Args:
        build: ``build(**parameters) -> Loss``; one that takes an argument ``data`` as well gets the
            DataInfo. Of a control: a `ControlLoss`, or a `ControlFit`.
        training: how to train a `MODEL+LOSS` pair that no variant describes, and whose model does
            not say it. Optimisers that are None make it the loss of a control (`Training`).
        needs: what it asks of a step beyond real, fake and their logits (`ganbench info needs`), or
            of the model: names that are in its `provides`.
        deviations: where it knowingly differs from its paper, one line each.
    """

    kind: ClassVar[str] = "loss"
    hook: ClassVar[str] = "ganbench_losses"
    declaring: ClassVar[str] = "build"
    build: Builder
    training: Training
    needs: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()

    @property
    def control(self) -> bool:
        """Whether it is the loss of a control."""
        return self.training.control


@dataclass(frozen=True, slots=True, kw_only=True)
class TechniqueSpec(Spec):
    """What can be added to any variant.

    Args:
        build: ``build(**parameters) -> Technique``; one that takes an argument ``data`` as well
            gets the DataInfo. None: all that it does is `training`.
        training: ``training(training: Training, **parameters) -> Training``: how it changes the way
            of training (an average, a policy, rates). Must not import torch.
        needs: as of a loss.
        argument: the parameter that ``name:VALUE`` sets (`weight` in ``r1:10``).
        coupled: whether with it the samples of a batch influence each other's logits.
        conditional: whether it goes with networks that take classes; packing does not, where a
            judgement is of several samples.
        neutral: values of parameters with which it must change nothing, bit by bit: a weight of 0.
            `ganbench check` holds it to that.
        settle: ``settle(**parameters) -> Mapping[str, Value]``: values in the place of those that
            were typed, where what counts is not the text: a file named by its hash. It takes what
            it has returned. Must not import torch.
        misfit: ``misfit(recipe: Recipe, data: DataInfo, **parameters) -> str | None``: why it
            cannot be combined with the rest of the recipe, or work on that data. Must not import
            torch.
        exclusive: of several techniques that name the same word here, a variant takes one.
        controls: whether it goes with controls, which have one network: an average of weights
            does.
        view: ``view(data: DataInfo, **parameters) -> DataInfo``: what all parts see of the samples,
            where that is not what is scored: sounds as images of their spectrograms. `modalities`
            are then those that it makes others of. Raises `UsageError` for samples that it makes
            nothing of. Must not import torch.
        deviations: where it knowingly differs from its paper, one line each.

    Raises:
        ValueError: it neither builds anything, nor changes the training, nor the view.
    """

    kind: ClassVar[str] = "technique"
    hook: ClassVar[str] = "ganbench_techniques"
    declaring: ClassVar[str] = "build"
    build: Builder | None = None
    training: Callable[..., Training] | None = None
    needs: tuple[str, ...] = ()
    argument: str = ""
    coupled: bool = False
    conditional: bool = True
    neutral: Mapping[str, Value] = field(default_factory=dict)
    settle: Callable[..., Mapping[str, Value]] | None = None
    misfit: Callable[..., str | None] | None = None
    exclusive: str = ""
    controls: bool = False
    view: Callable[..., DataInfo] | None = None
    deviations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        declaring = self.build or self.training or self.view
        if declaring is None:
            raise ValueError(f"technique {self.name!r} needs build=, training= or view=")
        if not self.parameters and callable(declaring):
            object.__setattr__(self, "parameters", declared_in(declaring))
        super(TechniqueSpec, self).__post_init__()
        for name in (self.argument, *self.neutral):
            if name and name not in self.parameters:
                raise ValueError(f"technique {self.name!r} has no parameter {name!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec(Spec):
    """Real samples.

    Args:
        describe: ``describe(**parameters) -> DataInfo``, without loading anything; or a `Survey`
            where there are files to look at, which is then done once for a whole plan.
        load: ``load(**parameters) -> Data``; raises `MissingData` with the command that gets it.
            One that can fetch its data does so if its parameter `download` is true, which
            `ganbench prepare --download` makes it, and not otherwise.
        samples: ``samples(tell, **parameters) -> Data``: all that its files hold, as the train
            split, where `load` leaves out what must not be trained or tested on, such as what is
            there twice. `ganbench score` judges what others have generated by it. `tell` takes
            lines for the user. None: what `load` gives is all.
        check: ``check(**parameters)``, quick and without torch; raises `MissingData` where `load`
            would, so that a plan of many runs is refused at once.
        prepare: ``prepare(**parameters)``, called once before the runs of a plan start, in the
            process of whoever starts them: for what takes long and is found out once, such as files
            that cannot be decoded. Returns or yields lines to tell; raises as `load`.
        licence: of the data.
        argument: name of the parameter that ``name:VALUE`` sets (`path` in ``images:PATH``).
    """

    kind: ClassVar[str] = "dataset"
    hook: ClassVar[str] = "ganbench_datasets"
    declaring: ClassVar[str] = "describe"
    describe: Callable[..., DataInfo | Survey]
    load: Builder
    samples: Builder | None = None
    check: Callable[..., object] | None = None
    prepare: Callable[..., Iterable[str]] | None = None
    licence: str = ""
    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpec(Spec):
    """One or several numbers computed from a run's samples.

    A parameter `extractor` names the extractor whose features are compared, and a parameter `judge`
    one that tells the classes of samples: a plan looks both up, asks what they know, and has their
    weights fetched.

    Args:
        compute: ``compute(evaluation: Evaluation, **parameters) -> list[Measurement]``.
        check: ``check(evaluation: EvaluationInfo, **parameters)``, quick and without torch; raises
            `UsageError` where it is known before anything is loaded that `compute` would.
        blind: what it does not see, in a few words; `ganbench info` tells it, and of a task what
            its utility is blind to.
        draw: ``draw(evaluation: Evaluation, **parameters) -> dict[str, bytes]``: PNG pictures of
            what it measures, by a short name of lower-case letters, digits and `-`. Called once, of
            the last evaluation; the run folder and the report show them.
        conditional: whether it is about generators that are told classes: variants that are not are
            left out of tasks that ask for it.
    """

    kind: ClassVar[str] = "score"
    hook: ClassVar[str] = "ganbench_scores"
    declaring: ClassVar[str] = "compute"
    compute: Builder
    check: Callable[..., object] | None = None
    blind: str = ""
    draw: Builder | None = None
    conditional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractorSpec(Spec):
    """A frozen feature extractor.

    Args:
        build: ``build(data: Data, device: torch.device, **parameters) -> Extractor``; raises
            `MissingData` where its weights cannot be had. It fetches them if it has a parameter
            `download` and that is true, as of a data set.
        check: ``check(data: DataInfo, **parameters)``, quick and without torch; raises `UsageError`
            or `MissingData` where it is known that `build` would.
        features: how many features it has, or ``features(data: DataInfo, **parameters) -> int``,
            quick and without torch; None: that is known once it is built.
        classifies: whether what it builds is a `Classifier`: such may be the `judge` of a score.
    """

    kind: ClassVar[str] = "extractor"
    hook: ClassVar[str] = "ganbench_extractors"
    declaring: ClassVar[str] = "build"
    build: Builder
    check: Callable[..., object] | None = None
    features: int | Callable[..., int] | None = None
    classifies: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorSpec(Spec):
    """A place where runs can run. It changes no number, and is part of no run's identity.

    Args:
        build: ``build(resources: Resources, **parameters) -> Executor``.
        argument: name of the parameter that ``name:VALUE`` sets (`partition` in ``slurm:gpu``).
        remote: whether jobs run on other machines: the GPUs of this one tell nothing then.
    """

    kind: ClassVar[str] = "executor"
    hook: ClassVar[str] = "ganbench_executors"
    declaring: ClassVar[str] = "build"
    build: Builder
    argument: str = ""
    remote: bool = False


SPEC_TYPES: Mapping[str, type[Spec]] = {
    spec.kind: spec
    for spec in (
        VariantSpec,
        ModelSpec,
        LossSpec,
        TechniqueSpec,
        DatasetSpec,
        ScoreSpec,
        ExtractorSpec,
        ExecutorSpec,
    )
}
"""Every kind of plugin, in the order in which a name is looked for."""


def looks_at_slopes(spec: Spec) -> bool:
    """Whether a loss or technique needs derivatives of single judgements."""
    return isinstance(spec, LossSpec | TechniqueSpec) and bool({*spec.needs} & {*SLOPES})


def needed_of_model(spec: LossSpec | TechniqueSpec) -> list[str]:
    """What a loss or technique needs that a model must provide."""
    return [need for need in spec.needs if need not in NEEDS]
