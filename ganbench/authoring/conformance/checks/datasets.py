"""Data sets: what they announce, what they hold, and how they are split."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from ganbench.api.data import Data, KnownModes
from ganbench.api.specs import DatasetSpec
from ganbench.authoring.conformance.comparing import same_bits
from ganbench.authoring.conformance.results import Broken, NotApplicable, contract
from ganbench.authoring.conformance.subject import Subject
from ganbench.modalities import modality_of
from ganbench.planning.datasets import check_dataset, choose_dataset, describe_dataset, prepare
from ganbench.running.contracts import (
    call,
    check_labels,
    check_samples,
    first_difference,
    require,
)
from ganbench.training.seeds import seed_everything

SPLITS: tuple[Literal["train"], Literal["heldout"]] = ("train", "heldout")
MODE_SIGMAS = 5
"""How much farther than the square root of the dimension from its mode a sample may lie."""

WITHIN_MODES = 0.99
"""Share of samples that must lie as near as that to a mode."""

DUPLICATES = 0.01
"""Share of held-out samples that may equal a training sample, where those hardly repeat."""


def load(subject: Subject) -> Data:
    """The data set, loaded anew.

    Raises:
        MissingData: it is not on this machine.
        NotApplicable: it was named without the argument that says where it is.
    """
    spec = _spec(subject)
    check_dataset(subject.name, subject.catalogue)
    prepare(spec, subject.parameters, subject.catalogue, lambda line: None)  # as before any run
    return require("what load returns", call("load", spec.load, **subject.parameters), Data)


def _spec(subject: Subject) -> DatasetSpec:
    spec, _ = choose_dataset(subject.name, subject.catalogue)
    named = subject.parameters[spec.argument] if spec.argument else True
    if named in ("", None):  # its default: there is nothing to load without one
        raise NotApplicable(
            f"name it with its {spec.argument}: {spec.name}:{spec.argument.upper()}"
        )
    return spec


def loaded(subject: Subject) -> Data:
    """The data set, loaded once for all checks that only look at it."""
    return subject.once("data", lambda: load(subject))


def description(subject: Subject) -> None:
    """`describe` against what is loaded."""
    spec = _spec(subject)
    announced = describe_dataset(subject.name, subject.catalogue)
    if announced.modality not in spec.modalities:
        declared = ", ".join(spec.modalities)
        raise Broken(f"it describes {announced.modality} data, and declares {declared}")
    info = loaded(subject).info
    if differing := first_difference(announced, info):
        field, told, found = differing
        raise Broken(f"describe says {field} {told}, the loaded data {found}")


def samples(subject: Subject) -> None:
    """Both splits: type, shape, range, place."""
    data = loaded(subject)
    for split in SPLITS:
        found = getattr(data, split)
        with contract():
            check_samples(split, found, data.info, scored=split == "heldout")
        if doubt := modality_of(data.info).doubt(found, data.info):
            raise Broken(f"samples of {split} {doubt}")
    if len(data.train) < 2:
        raise Broken(f"there are {len(data.train)} training samples")


def labels(subject: Subject) -> None:
    """Labels and modes against the announced classes and the samples."""
    data = loaded(subject)
    classes, given = data.info.classes, (data.train_labels, data.heldout_labels)
    if classes is None and any(one is not None for one in given):
        raise Broken("there are labels, but no number of classes")
    if classes is not None:
        for split in SPLITS:
            found, count = getattr(data, f"{split}_labels"), len(getattr(data, split))
            with contract():
                check_labels(f"{split}_labels", found, count, classes)
        _every_class(data, classes)
    if data.modes is not None:
        _modes(data, data.modes)


def _every_class(data: Data, classes: int) -> None:
    assert data.train_labels is not None
    missing = classes - len(torch.unique(data.train_labels))
    if missing:
        raise Broken(f"{missing} of {classes} classes have no training sample")


def _modes(data: Data, modes: KnownModes) -> None:
    centres = modes.centres
    if tuple(centres.shape[1:]) != data.info.shape or not modes.sigma > 0:
        raise Broken(f"modes at {tuple(centres.shape)} with sigma {modes.sigma} fit no samples")
    distances, nearest = torch.cdist(data.train, centres).min(dim=1)
    radius = math.sqrt(data.info.features) + MODE_SIGMAS  # a normal vector is that long, about
    share = float((distances <= radius * modes.sigma).double().mean())
    if share < WITHIN_MODES:
        raise Broken(f"{share:.1%} of the samples lie within {radius:.1f} sigma of a mode")
    if missing := len(centres) - len(torch.unique(nearest)):
        raise Broken(f"{missing} of {len(centres)} modes have no sample")
    if data.info.classes == len(centres) and data.train_labels is not None:
        agree = float((nearest == data.train_labels).double().mean())
        if agree < WITHIN_MODES:
            raise Broken(f"{agree:.1%} of the labels name the nearest mode")


def repeatable(subject: Subject) -> None:
    """Two loads under other global random numbers."""
    seed_everything(1)
    one = loaded(subject)
    seed_everything(2)
    other = load(subject)
    for field in ("train", "heldout", "train_labels", "heldout_labels"):
        first, second = getattr(one, field), getattr(other, field)
        if (first is None) != (second is None):
            raise Broken(f"{field} is there in one of two loads only")
        if first is not None and not same_bits(first, second):
            raise Broken(f"{field} differs between two loads")


def disjoint(subject: Subject) -> None:
    """Exact copies of training samples, against how often those repeat themselves."""
    data = loaded(subject)
    if not len(data.heldout):
        return
    seen: set[bytes] = set()
    repeated = 0
    for row in _rows(data.train):
        repeated += row in seen
        seen.add(row)
    copies = sum(row in seen for row in _rows(data.heldout)) / len(data.heldout)
    if copies > DUPLICATES + 2 * repeated / len(data.train):
        raise Broken(f"{copies:.1%} of the held-out samples are in the train split as well")


def _rows(samples: Tensor) -> list[bytes]:
    flat = samples.flatten(1).contiguous().numpy()
    return [row.tobytes() for row in flat]
