"""What a task names, made: its data, the real side of its scores, and the scores."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from ganbench.api.data import Data
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.scores import Extractor, Measurement
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import (
    ChosenData,
    ChosenExtractor,
    ChosenScore,
    ChosenTask,
    choose_extractor,
)
from ganbench.results.record import Trained
from ganbench.running.contracts import check_data, check_extractor, check_measurements, made
from ganbench.running.log import remark
from ganbench.scoring.evaluation import NotThereError, RealSide
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.storage.sealed import content_hash
from ganbench.storage.tensorcache import TensorCache

Score = tuple[Callable[..., list[Measurement]], dict[str, Any]]
"""How a score is computed, and the parameters that it is computed with."""


def load_data(chosen: ChosenData, catalogue: Catalogue) -> Data:
    """The samples of a data set.

    Raises:
        MissingData: it is not on this machine.
        PluginNotUsable: what was loaded is not what the data set describes.
    """

    def check(name: str, found: object) -> Data:
        data = check_data(name, found, chosen.info)
        for split in ("train", "heldout"):
            told, count = getattr(chosen.survey, split), len(getattr(data, split))
            if told not in (None, count):
                what = f"{told} samples in {split}, and loads {count}"
                raise PluginNotUsable(f"data set {name} describes {what}")
        return data

    return made(catalogue, check, chosen.spec, chosen.spec.load, **chosen.arguments)


def trained_on(data: Data) -> Trained:
    """What a run's record says of its train split: whoever has the data can tell them by it."""
    labels, classes = data.train_labels, data.info.classes
    tensors = {"samples": data.train, **({} if labels is None else {"labels": labels})}
    counts = None if labels is None else torch.bincount(labels, minlength=classes or 0).tolist()
    return {"samples": len(data.train), "classes": counts, "sha256": content_hash(tensors)}


def require_same_files(chosen: ChosenData, fingerprint: str) -> None:
    """Make sure that a data set's files are those that a run was planned with.

    Raises:
        UsageError: they have changed since.
    """
    if chosen.fingerprint != fingerprint:
        raise UsageError(
            f"the files of {chosen.text} are not those that the run was planned with",
            "put them back, or plan anew with the same command",
        )


def real_side(task: ChosenTask, data: Data, catalogue: Catalogue, device: torch.device) -> RealSide:
    """The reference of all of a task's scores; see `side_of`."""
    return side_of(data, task.task.split, task.extractors, catalogue, device, task.folder)


def side_of(
    data: Data,
    split: str,
    named: Mapping[str, ChosenExtractor],
    catalogue: Catalogue,
    device: torch.device,
    folder: str = "",
) -> RealSide:
    """Real samples, and their features once somebody asks for them.

    Args:
        data: its samples.
        split: which one scores compare with, `heldout` or `train`.
        named: extractors that scores name, by their text.
        catalogue: where further extractors are looked up, which a score asks for by itself.
        device: where features are computed.
        folder: that paths of further extractors are relative to; empty: the working folder.
    """

    @functools.cache
    def chosen(text: str) -> ChosenExtractor:
        return named.get(text) or choose_extractor(text, catalogue, folder)

    def origin(text: str) -> Origin:
        one = chosen(text)
        plugin = catalogue.plugin_of(one.spec)
        return Origin(
            name=one.spec.name,
            parameters=one.parameters,
            distribution=plugin.distribution,
            version=plugin.version,
            source=plugin.source_hash,
        )

    def build(text: str) -> Extractor:
        return build_extractor(chosen(text), data, catalogue, device)

    cache = RealCache(origin, device, TensorCache(remark=remark))
    return RealSide(data, split, device, build, cache)


def build_extractor(
    chosen: ChosenExtractor, data: Data, catalogue: Catalogue, device: torch.device
) -> Extractor:
    """An extractor for that data, tried on two samples of it.

    Raises:
        MissingData: its weights are not on this machine.
        UsageError: it cannot take such data.
        PluginNotUsable: it builds something else, or gives other features than promised.
    """
    check = functools.partial(check_extractor, samples=data.train[:2])
    return made(catalogue, check, chosen.spec, chosen.spec.build, data, device, **chosen.arguments)


def make_scores(scores: Iterable[ChosenScore], catalogue: Catalogue) -> list[Score]:
    """Their compute functions and parameters."""
    return [
        (
            functools.partial(made, catalogue, check_measurements, score.spec, score.spec.compute),
            dict(score.arguments),
        )
        for score in scores
    ]


def scores_there(
    scores: Iterable[ChosenScore], catalogue: Catalogue, lost: Callable[[str], None]
) -> list[Score]:
    """As `make_scores`; those that ask a contestant for what it does not have measure nothing.

    Args:
        scores: of a task.
        catalogue: where they are from.
        lost: is told the text of such a score, once.
    """
    chosen = list(scores)
    made = make_scores(chosen, catalogue)
    return [_or_lost(one.text, *own, lost) for one, own in zip(chosen, made, strict=True)]


def _or_lost(
    text: str,
    compute: Callable[..., list[Measurement]],
    parameters: dict[str, Any],
    lost: Callable[[str], None],
) -> Score:
    told = set[str]()

    def computed(*evaluation: Any, **given: Any) -> list[Measurement]:
        try:
            return compute(*evaluation, **given)
        except NotThereError:
            if text not in told:
                told.add(text)
                lost(text)
            return []

    return computed, parameters
