"""What a task names, looked up once: its data, its scores, and the extractors of these.

References are text where people type them. Here they become values, at one place and once for each
task and command; whoever plans, checks or runs is handed these, and looks nothing up again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
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
from ganbench.planning.suited import require_modality, require_part

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
    """A score; fields as of `ChosenData`, and those of what it looks through, if it names any.

    Args:
        extractor: whose features it compares.
        judge: that tells it the classes of samples.
    """

    text: str
    spec: ScoreSpec
    parameters: Mapping[str, Value]
    arguments: Mapping[str, Value]
    extractor: ChosenExtractor | None
    judge: ChosenExtractor | None = None

    @property
    def extractors(self) -> tuple[ChosenExtractor, ...]:
        """Those that it names."""
        return tuple(one for one in (self.extractor, self.judge) if one is not None)


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
                replace(
                    one,
                    extractor=one.extractor and fetching(one.extractor),
                    judge=one.judge and fetching(one.judge),
                )
                for one in chosen
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
        require_modality(data.spec, data.info, catalogue)
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
    try:
        spec, parameters = choose_dataset(text, catalogue)
    except UsageError as error:
        path = text.partition("[")[0]
        if not Path(folder, path).exists():
            raise
        readers = (catalogue.get(DatasetSpec, name) for name in catalogue.names(DatasetSpec.kind))
        known = " or ".join(f"{one.name}:{path}" for one in readers if one.argument == "path")
        raise UsageError(f"{error.message}: it is a path", f"name its kind: {known}") from error
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
        require_modality(score.spec, data, catalogue)
    for score in scores:
        if score.extractor is not None:
            require_part("extractor", score.extractor.spec, score.text, data, catalogue)
        if score.judge is not None:
            require_part("judge", score.judge.spec, score.text, data, catalogue)
    return scores


def extractors_of(scores: Iterable[ChosenScore]) -> dict[str, ChosenExtractor]:
    """The extractors that scores name, by their text."""
    return {one.text: one for score in scores for one in score.extractors}


def choose_score(text: str, catalogue: Catalogue, folder: str = "") -> ChosenScore:
    """The score that `text` names.

    Raises:
        UsageError, PluginNotUsable: as `choose_task`.
    """
    reference = parse_reference(text)
    reference.refuse_argument()
    spec = catalogue.get(ScoreSpec, reference.name)
    parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)

    def named(part: str) -> ChosenExtractor | None:
        text = parameters.get(part)
        return choose_extractor(str(text), catalogue, folder) if text else None

    return ChosenScore(
        text=text,
        spec=spec,
        parameters=parameters,
        arguments=located(spec.parameters, parameters, folder),
        extractor=named("extractor"),
        judge=named("judge"),
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
