"""What is wrong with a task, as far as it can be known before anything is loaded.

A run tries the rest, on real samples, before it trains: see `ganbench.running.trial`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from ganbench.api.data import DataInfo, Survey
from ganbench.api.errors import MissingData, UsageError
from ganbench.api.scores import EvaluationInfo
from ganbench.catalogue.calling import call_light
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import ChosenData, ChosenExtractor, ChosenScore, ChosenTask
from ganbench.planning.datasets import require_present
from ganbench.planning.prepared import Prepared
from ganbench.wording import counted

LEAST_TRAIN = 2

E = TypeVar("E", bound=UsageError)


def check_task(chosen: ChosenTask, catalogue: Catalogue) -> MissingData | None:
    """Ask the data set, the scores and their extractors what they know against each other.

    Returns:
        What is not on this machine, if something is not: runs that are finished do without it.

    Raises:
        UsageError: a score or an extractor cannot work on this data.
        PluginNotUsable: a plugin's own code fails.
    """
    task, data = chosen.task, chosen.data
    evaluation = evaluation_info(data.survey, task.split, task.fakes)
    try:
        _check_train(data)
        evaluation = replace(evaluation, features=_features_of(chosen, catalogue))
        for score in (*chosen.scores, *chosen.final_scores):
            check_part(score, evaluation, catalogue)
        missing = None
        for extractor in chosen.extractors.values():
            try:
                check_part(extractor, data.info, catalogue)
            except MissingData as error:  # another one may be impossible, which weighs more
                missing = missing or error
        try:
            require_present(data.spec, data.arguments, catalogue)
        except MissingData as error:
            missing = error
    except UsageError as error:
        raise _of(chosen, error) from error
    return missing and _of(chosen, missing)


def not_scored(chosen: ChosenTask, prepared: Prepared) -> str | None:
    """Why a task's scores cannot be those of a variant; None where nothing is known against it."""
    model = prepared.parts.model
    for score in (*chosen.scores, *chosen.final_scores):
        if score.spec.conditional and not model.conditional:
            return (
                f"score {score.spec.name} is about generators that are told a class, and its model "
                f"{model.name} is told none"
            )
    return None


def _check_train(data: ChosenData) -> None:
    """Make sure that there is something to train on.

    Raises:
        UsageError: there are fewer than two samples, and that is known.
    """
    count = data.survey.train
    if count is not None and count < LEAST_TRAIN:
        told = " ".join(data.survey.notes)
        raise UsageError(
            f"{data.text} has {counted(count, 'sample')} to train on, {LEAST_TRAIN} are the least",
            told or "add some, or hold fewer out",
        )


def evaluation_info(survey: Survey, split: str, fakes: int) -> EvaluationInfo:
    """The size of a task's evaluations.

    Args:
        survey: of its data set.
        split: that the task asks for.
        fakes: that it generates.
    """
    heldout = split == "heldout" and survey.heldout != 0
    return EvaluationInfo(
        data=survey.info,
        split="heldout" if heldout else "train",
        real=survey.heldout if heldout else survey.train,
        train=survey.train,
        fakes=fakes,
    )


def notes_of(chosen: ChosenTask) -> tuple[str, ...]:
    """What whoever plans should know about a task's data."""
    survey, task = chosen.data.survey, chosen.task
    if task.split == "heldout" and survey.heldout == 0:
        told = f"{chosen.data.text} holds nothing out"
        return (*survey.notes, f"{told}: {task.name} is scored on its train split")
    return survey.notes


def check_part(one: ChosenScore | ChosenExtractor, about: object, catalogue: Catalogue) -> None:
    """Ask a score or an extractor what it knows.

    Args:
        one: of them.
        about: the size of an evaluation, for a score; the data's description, for an extractor.
        catalogue: says whose code fails, if some does.

    Raises:
        UsageError, MissingData, PluginNotUsable: as `check_task`.
    """
    if one.spec.check is not None:
        what = f"check of {one.spec.kind} {one.spec.name}"
        with catalogue.whose(one.spec):
            call_light(what, object, one.spec.check, about, **one.arguments)


def _features_of(chosen: ChosenTask, catalogue: Catalogue) -> dict[str, int]:
    """How many features the extractors of a task have, by their text, where that is known."""
    told = {
        text: features_told(extractor, chosen.data.info, catalogue)
        for text, extractor in chosen.extractors.items()
    }
    return {text: count for text, count in told.items() if count is not None}


def features_told(one: ChosenExtractor, data: DataInfo, catalogue: Catalogue) -> int | None:
    """How many features an extractor says that it has; None where it does not.

    Raises:
        UsageError, PluginNotUsable: as `check_task`.
    """
    if not callable(one.spec.features):
        return one.spec.features
    what = f"the number of features of extractor {one.spec.name}"
    with catalogue.whose(one.spec):
        found: int = call_light(what, int, one.spec.features, data, **one.arguments)
    return found


def _of(chosen: ChosenTask, error: E) -> E:
    return type(error)(f"task {chosen.task.name}: {error.message}", error.hint)
