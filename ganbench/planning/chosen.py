"""What a task names, looked up once: its data, its scores, and the extractors of these.

References are text where people type them. Here they become values, at one place and once for each
task and command; whoever plans, checks or runs is handed these, and looks nothing up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from ganbench.api.data import DataInfo, Survey
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value, located, resolve_parameters
from ganbench.api.specs import DatasetSpec, ExtractorSpec, ScoreSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.datasets import choose_dataset, look_at
from ganbench.planning.mixtures import MixtureSpec
from ganbench.planning.references import parse_reference
from ganbench.planning.suite import Task

DOWNLOAD = "download"
"""The parameter of a data set or an extractor that lets it fetch what is not on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenData:
    """A data set.

    Args:
        text: as typed.
        spec: what it names.
        parameters: all of them, defaults included, as they are recorded.
        arguments: the same as the plugin's code gets them, with absolute paths.
        survey: what it tells about itself.
    """

    text: str
    spec: DatasetSpec
    parameters: Mapping[str, Value]
    arguments: Mapping[str, Value]
    survey: Survey

    @property
    def info(self) -> DataInfo:
        """Its shape."""
        return self.survey.info

    @property
    def fingerprint(self) -> str:
        """Of files outside any plugin that it reads; empty if there are none."""
        return self.survey.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenExtractor:
    """A feature extractor; fields as of `ChosenData`."""

    text: str
    spec: ExtractorSpec
    parameters: Mapping[str, Value]
    arguments: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenScore:
    """A score; fields as of `ChosenData`, and the extractor whose features it compares, if any."""

    text: str
    spec: ScoreSpec
    parameters: Mapping[str, Value]
    arguments: Mapping[str, Value]
    extractor: ChosenExtractor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenTask:
    """A task and all that it names.

    Args:
        task: as its suite has it.
        data: what is trained on.
        scores: computed at every evaluation.
        final_scores: computed at the end as well.
        folder: that relative paths in it are relative to; empty: the working folder.
    """

    task: Task
    data: ChosenData
    scores: tuple[ChosenScore, ...]
    final_scores: tuple[ChosenScore, ...]
    folder: str

    @property
    def extractors(self) -> dict[str, ChosenExtractor]:
        """Those that its scores name, by their text."""
        return extractors_of((*self.scores, *self.final_scores))

    @property
    def fetching(self) -> ChosenTask:
        """The same task, whose data set and extractors may download what they need."""

        def scores(chosen: tuple[ChosenScore, ...]) -> tuple[ChosenScore, ...]:
            return tuple(
                replace(one, extractor=one.extractor and fetching(one.extractor)) for one in chosen
            )

        return replace(
            self,
            data=fetching(self.data),
            scores=scores(self.scores),
            final_scores=scores(self.final_scores),
        )

    @property
    def specs(self) -> tuple[DatasetSpec | ScoreSpec | ExtractorSpec, ...]:
        """All that takes part."""
        scores = [one.spec for one in (*self.scores, *self.final_scores)]
        data = self.data.spec
        sources = data.sources if isinstance(data, MixtureSpec) else (data,)
        return (*sources, *scores, *(one.spec for one in self.extractors.values()))


def choose_task(
    task: Task,
    catalogue: Catalogue,
    folder: str = "",
    data_of: Callable[[str], ChosenData] | None = None,
) -> ChosenTask:
    """Look up all that a task names.

    Args:
        task: whose references these are.
        catalogue: what is there.
        folder: that relative paths are relative to; empty: the working folder.
        data_of: looks up data sets, where several tasks name the same one.

    Raises:
        UsageError, PluginNotUsable: a reference names nothing usable, a parameter does not fit, the
            data set refuses its parameters, or a score or its extractor cannot work on this data.
    """
    try:
        data = data_of(task.dataset) if data_of else choose_data(task.dataset, catalogue, folder)
        chosen = ChosenTask(
            task=task,
            data=data,
            scores=choose_scores(task.scores, data.info, catalogue, folder),
            final_scores=choose_scores(task.final_scores, data.info, catalogue, folder),
            folder=folder,
        )
        _require_modality(data.spec, data.info, catalogue)
    except UsageError as error:
        raise type(error)(f"task {task.name}: {error.message}", error.hint) from error
    return chosen


C = TypeVar("C", ChosenData, ChosenExtractor)


def fetching(chosen: C) -> C:
    """The same data set or extractor, and it may download what it needs, if it can.

    Where files come from changes nothing about what is in them: its recorded parameters, and so the
    identity of runs and of what is cached, stay as they are.
    """
    if DOWNLOAD not in chosen.arguments:
        return chosen
    return replace(chosen, arguments={**chosen.arguments, DOWNLOAD: True})


def choose_data(text: str, catalogue: Catalogue, folder: str = "") -> ChosenData:
    """The data set that `text` names, and what one look at it tells.

    Raises:
        UsageError, PluginNotUsable: as `choose_task`.
    """
    spec, parameters = choose_dataset(text, catalogue)
    arguments = located(spec.parameters, parameters, folder)
    survey = look_at(spec, arguments, text, catalogue)
    return ChosenData(
        text=text, spec=spec, parameters=parameters, arguments=arguments, survey=survey
    )


def choose_scores(
    texts: Iterable[str], data: DataInfo, catalogue: Catalogue, folder: str = ""
) -> tuple[ChosenScore, ...]:
    """The scores that texts name, for that data.

    Raises:
        UsageError, PluginNotUsable: as `choose_task`.
    """
    scores = tuple(choose_score(text, catalogue, folder) for text in texts)
    for score in scores:
        _require_modality(score.spec, data, catalogue)
    for score in scores:
        if score.extractor is not None:
            _require_modality(score.extractor.spec, data, catalogue, of=score)
    return scores


def extractors_of(scores: Iterable[ChosenScore]) -> dict[str, ChosenExtractor]:
    """The extractors that scores name, by their text."""
    return {one.extractor.text: one.extractor for one in scores if one.extractor is not None}


def _require_modality(
    spec: DatasetSpec | ScoreSpec | ExtractorSpec,
    data: DataInfo,
    catalogue: Catalogue,
    of: ChosenScore | None = None,
) -> None:
    """Raises:
    UsageError: it handles no such data; with what does, and for an extractor the score `of` which
        it is, since a default stands in no suite.
    """
    if data.modality in spec.modalities:
        return
    told = f"the {spec.kind} {spec.name} does not handle {data.modality} data such as {data.name}"
    if isinstance(spec, DatasetSpec):  # it says that it makes other data than it does
        raise UsageError(told)
    if of is None:
        able = [way for name in catalogue.names(spec.kind) for way in _ways(name, data, catalogue)]
    else:
        told += f", and the score {of.text} takes it"
        able = [f"{of.spec.name}[extractor={name}]" for name in _extractors(data, catalogue)]
    raise UsageError(told, f"known for {data.modality} data: {', '.join(able)}" if able else None)


def _ways(name: str, data: DataInfo, catalogue: Catalogue) -> list[str]:
    """How to type a score for such data, with an extractor where its default does not do."""
    spec = catalogue.get(ScoreSpec, name)
    if data.modality not in spec.modalities:
        return []
    if "extractor" not in spec.parameters:
        return [name]
    able = _extractors(data, catalogue)
    if spec.parameters["extractor"].default in able:
        return [name]
    return [f"{name}[extractor={able[0]}]"] if able else []


def _extractors(data: DataInfo, catalogue: Catalogue) -> list[str]:
    names = catalogue.names(ExtractorSpec.kind)
    return [n for n in names if data.modality in catalogue.get(ExtractorSpec, n).modalities]


def choose_score(text: str, catalogue: Catalogue, folder: str = "") -> ChosenScore:
    """The score that `text` names.

    Raises:
        UsageError, PluginNotUsable: as `choose_task`.
    """
    reference = parse_reference(text)
    reference.refuse_argument()
    spec = catalogue.get(ScoreSpec, reference.name)
    parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)
    named = parameters.get("extractor")
    return ChosenScore(
        text=text,
        spec=spec,
        parameters=parameters,
        arguments=located(spec.parameters, parameters, folder),
        extractor=choose_extractor(str(named), catalogue, folder) if named else None,
    )


def choose_extractor(text: str, catalogue: Catalogue, folder: str = "") -> ChosenExtractor:
    """The extractor that `text` names.

    Raises:
        UsageError, PluginNotUsable: as `choose_task`.
    """
    reference = parse_reference(text)
    reference.refuse_argument()
    spec = catalogue.get(ExtractorSpec, reference.name)
    parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)
    arguments = located(spec.parameters, parameters, folder)
    return ChosenExtractor(text=text, spec=spec, parameters=parameters, arguments=arguments)
