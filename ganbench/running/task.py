"""What a task names, made: its data, the real side of its scores, and the scores."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch

from ganbench.api.data import Data
from ganbench.api.parameters import Value, resolve_parameters
from ganbench.api.scores import Extractor, Measurement
from ganbench.api.specs import DatasetSpec, ExtractorSpec, ScoreSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.datasets import describe_dataset
from ganbench.planning.references import parse_reference
from ganbench.running.contracts import check_data, check_extractor, check_measurements, made
from ganbench.running.log import remark
from ganbench.scoring.evaluation import RealSide
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.storage.tensorcache import TensorCache

Score = tuple[Callable[..., list[Measurement]], dict[str, Any]]
"""How a score is computed, and the parameters that it is computed with."""


def load_data(text: str, parameters: Mapping[str, Value], catalogue: Catalogue) -> Data:
    """The samples of a data set.

    Args:
        text: its reference.
        parameters: all of them, as the run's spec has them.
        catalogue: where it is looked up.

    Raises:
        MissingData: it is not on this machine.
        PluginNotUsable: what was loaded is not what the data set describes.
    """
    spec = catalogue.get(DatasetSpec, parse_reference(text).name)
    check = functools.partial(check_data, announced=describe_dataset(text, catalogue))
    return made(catalogue, check, spec, spec.load, **parameters)


def real_side(data: Data, split: str, catalogue: Catalogue, device: torch.device) -> RealSide:
    """The reference of all scores: real samples, and their features once somebody asks for them.

    Args:
        data: of which a split is compared with.
        split: ``heldout`` or ``train``.
        catalogue: where extractors are looked up.
        device: where features are computed.
    """

    def build_extractor(text: str) -> Extractor:
        spec, parameters = _extractor(text, catalogue)
        check = functools.partial(check_extractor, samples=data.train[:2])
        return made(catalogue, check, spec, spec.build, data, device, **parameters)

    def origin(text: str) -> Origin:
        spec, parameters = _extractor(text, catalogue)
        plugin = catalogue.plugin_of(spec)
        return Origin(
            name=spec.name,
            parameters=parameters,
            distribution=plugin.distribution,
            version=plugin.version,
            source=plugin.source_hash,
        )

    cache = RealCache(origin, device, TensorCache(remark=remark))
    return RealSide(data, split, device, build_extractor, cache)


def make_scores(texts: Iterable[str], catalogue: Catalogue) -> list[Score]:
    """Compute functions and parameters of score references."""
    scores: list[Score] = []
    for text in texts:
        reference = parse_reference(text)
        spec = catalogue.get(ScoreSpec, reference.name)
        parameters = resolve_parameters(spec.name, spec.parameters, reference.settings)
        measure = functools.partial(made, catalogue, check_measurements, spec, spec.compute)
        scores.append((measure, dict(parameters)))
    return scores


def _extractor(text: str, catalogue: Catalogue) -> tuple[ExtractorSpec, dict[str, Value]]:
    reference = parse_reference(text)
    spec = catalogue.get(ExtractorSpec, reference.name)
    return spec, resolve_parameters(spec.name, spec.parameters, reference.settings)
