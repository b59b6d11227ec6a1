"""Extractors: frozen functions of one sample at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.api.errors import MissingData, UsageError
from ganbench.api.scores import Extractor
from ganbench.authoring.conformance.results import Broken, NotApplicable, contract
from ganbench.authoring.conformance.samples import example_data
from ganbench.authoring.conformance.subject import Subject
from ganbench.planning.chosen import choose_extractor
from ganbench.planning.feasibility import check_part, features_told
from ganbench.running.task import build_extractor

COUNT = 24
TOLERANCE = 1e-4
"""Relative to the largest feature: kernels may add up in another order for another batch."""


def _build(subject: Subject) -> tuple[Extractor, Tensor, DataInfo]:
    """The extractor, built anew as a plan and a run ask for it, some samples for it and their kind.

    Raises:
        MissingData: its weights are not on this machine.
        NotApplicable: it refuses all data that are at hand.
    """
    chosen = choose_extractor(subject.name, subject.catalogue)
    refusal = f"there is no {' or '.join(subject.spec.modalities)} data to try it on"
    for info in (shape for shape in subject.shapes if shape.modality in subject.spec.modalities):
        data = example_data(info, subject.catalogue)
        try:
            check_part(chosen, info, subject.catalogue)
            extractor = build_extractor(chosen, data, subject.catalogue, subject.device)
        except MissingData:
            raise
        except UsageError as error:
            refusal = error.message
        else:
            return extractor, data.heldout[:COUNT], info
    raise NotApplicable(refusal)


def exercised(subject: Subject) -> Callable[[], object]:
    """Building and extracting, to be called again and again."""
    return functools.partial(_extract, subject)


def _extract(subject: Subject) -> Tensor:
    extractor, samples, _ = _build(subject)
    return extractor(samples)


def features(subject: Subject) -> None:
    """Type, shape and finiteness; id and layer."""
    with contract():
        extractor, samples, data = _build(subject)
    found: Any = extractor(samples)
    if not isinstance(found, Tensor) or found.dim() != 2 or len(found) != len(samples):
        got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise Broken(f"features of {len(samples)} samples are {got}, not ({len(samples)}, d)")
    if found.dtype != torch.float32 or found.requires_grad:
        graph = " with a graph" if found.requires_grad else ""
        raise Broken(f"features are {found.dtype}{graph}, not torch.float32 without one")
    if not bool(torch.isfinite(found).all()):
        raise Broken("features are not finite")
    for name in ("id", "layer"):
        text = getattr(extractor, name, None)
        if not isinstance(text, str) or not text or set(text) & set("/ \n"):
            raise Broken(f"its {name} is {text!r}, not a word without slashes and blanks")
    _as_declared(subject, extractor, found.shape[1], data)


def _as_declared(subject: Subject, extractor: Extractor, features: int, data: DataInfo) -> None:
    """What a plan goes by: the number of features, and whether it can be a judge."""
    chosen = choose_extractor(subject.name, subject.catalogue)
    told = features_told(chosen, data, subject.catalogue)
    if told not in (None, features):
        raise Broken(f"its spec tells of {told} features, and there are {features}")
    if chosen.spec.classifies and not callable(getattr(extractor, "classify", None)):
        raise Broken("its spec says that it classifies, and what it builds has no `classify`")


def repeatable(subject: Subject) -> None:
    """Two builds."""
    (one, samples, _), (other, *_) = _build(subject), _build(subject)
    if one.id != other.id:
        raise Broken(f"two builds have the ids {one.id} and {other.id}")
    if not torch.equal(one(samples), other(samples)):
        raise Broken(f"two builds with the id {one.id} give different features")


def frozen(subject: Subject) -> None:
    """The same samples before and after others."""
    extractor, samples, _ = _build(subject)
    before = extractor(samples)
    extractor(samples.flip(0)[: COUNT // 2])
    if not torch.equal(before, extractor(samples)):
        raise Broken("the same samples get other features once others have been seen")


def batches(subject: Subject) -> None:
    """All at once, and one by one."""
    extractor, samples, _ = _build(subject)
    together = extractor(samples)
    apart = torch.cat([extractor(part) for part in torch.split(samples[:6], [1, 2, 3])])
    scale = max(1e-12, float(together.abs().max()))
    change = float((together[:6] - apart).abs().max()) / scale
    if not change <= TOLERANCE:
        raise Broken(f"features change by {change:.1%} of the largest with the batch")
