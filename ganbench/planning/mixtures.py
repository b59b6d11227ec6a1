"""Several data sets as one: ``mnist5k|fashion-mnist``, each with as many samples.

The classes of a mixture are its sources, so that scores of classes tell of sources. Of each split,
every source gives as many samples as the smallest one has; which ones is drawn by a seed of its
own, the same for every run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ganbench.api.data import Data, DataInfo, Survey
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value
from ganbench.api.specs import DatasetSpec, import_builder
from ganbench.modalities import modality_of

if TYPE_CHECKING:
    from torch import Tensor

SEED = 29


@dataclass(frozen=True, slots=True)
class MixtureSpec(DatasetSpec):
    """A data set of several. Its name is that of the first: whose code is called first.

    Args:
        sources: all of them.
    """

    sources: tuple[DatasetSpec, ...] = ()


def mixed(
    texts: Sequence[str], parts: Sequence[tuple[DatasetSpec, dict[str, Value]]]
) -> tuple[DatasetSpec, dict[str, Value]]:
    """One data set of several, with the parameters of all, numbered from 1.

    Args:
        texts: what they were typed as.
        parts: what that names, with all parameters.
    """
    specs = tuple(spec for spec, _ in parts)
    numbered = list(enumerate(parts, start=1))
    first = specs[0]
    spec = MixtureSpec(
        name=first.name,
        description=f"a mixture of {', '.join(texts)}",
        modalities=first.modalities,
        parameters={
            f"{number}.{name}": one
            for number, (spec, _) in numbered
            for name, one in spec.parameters.items()
        },
        describe=partial(_describe, specs, tuple(texts)),
        load=partial(_load, specs, tuple(texts)),
        check=partial(_check, specs),
        prepare=partial(_prepare, specs),
        sources=specs,
    )
    values = {f"{number}.{key}": one for number, (_, own) in numbered for key, one in own.items()}
    return spec, values


def _own(specs: Sequence[DatasetSpec], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each source's own parameters."""
    return [
        {
            name.removeprefix(f"{number}."): value
            for name, value in settings.items()
            if name.startswith(f"{number}.")
        }
        for number in range(1, len(specs) + 1)
    ]


def _describe(specs: Sequence[DatasetSpec], texts: Sequence[str], **settings: Any) -> Survey:
    found = [spec.describe(**own) for spec, own in zip(specs, _own(specs, settings), strict=True)]
    surveys = [one if isinstance(one, Survey) else Survey(info=one) for one in found]
    infos = [one.info for one in surveys]
    first = infos[0]
    for text, info in zip(texts, infos, strict=True):
        _require_alike(replace(first, name=texts[0]), replace(info, name=text))
    info = _mixed_info(first, texts)
    counts = [[getattr(one, split) for one in surveys] for split in ("train", "heldout")]
    train, heldout = (
        None if None in split else len(split) * min(int(one) for one in split if one is not None)
        for split in counts
    )
    return Survey(
        info=info,
        fingerprint="|".join(one.fingerprint for one in surveys).strip("|"),
        train=train,
        heldout=heldout,
        notes=tuple(note for one in surveys for note in one.notes),
    )


def _require_alike(first: DataInfo, other: DataInfo) -> None:
    """Make sure that samples of both mean the same by the same numbers.

    Raises:
        UsageError: they do not: which is said, and what makes them alike.
        PluginNotUsable: one describes itself wrongly.
    """
    for info in (first, other):
        modality_of(info).check_info(info)
    modality = modality_of(first)
    if other.modality == first.modality and (apart := modality.apart(first, other)):
        raise UsageError(
            f"{first.name} and {other.name} have {apart}: they cannot be mixed",
            modality.alike or None,
        )
    if (other.modality, other.shape) != (first.modality, first.shape):
        raise UsageError(
            f"{first.name} has {first.modality} of shape {first.shape}, {other.name} has "
            f"{other.modality} of shape {other.shape}: they cannot be mixed",
            modality.alike or None,
        )


def _mixed_info(first: DataInfo, texts: Sequence[str]) -> DataInfo:
    return replace(first, name="|".join(texts), classes=len(texts))


def _load(specs: Sequence[DatasetSpec], texts: Sequence[str], **settings: Any) -> Data:
    found = [
        import_builder(spec.load)(**own)
        for spec, own in zip(specs, _own(specs, settings), strict=True)
    ]
    train, train_labels = _joined([one.train for one in found])
    heldout, heldout_labels = _joined([one.heldout for one in found])
    return Data(
        info=_mixed_info(found[0].info, texts),
        train=train,
        heldout=heldout,
        train_labels=train_labels,
        heldout_labels=heldout_labels,
    )


def _joined(splits: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """As many samples of each, and the place of the source of each."""
    import numpy as np

    count = min(map(len, splits))
    random = np.random.RandomState(SEED)  # a stream that numpy promises to keep
    kept = [split.numpy()[np.sort(random.permutation(len(split))[:count])] for split in splits]
    first = splits[0]  # makes tensors, since nothing here imports torch
    labels = first.new_tensor(np.repeat(np.arange(len(splits)), count))
    return first.new_tensor(np.concatenate(kept)), labels.long()


def _check(specs: Sequence[DatasetSpec], **settings: Any) -> None:
    for spec, own in zip(specs, _own(specs, settings), strict=True):
        if spec.check is not None:
            spec.check(**own)


def _prepare(specs: Sequence[DatasetSpec], **settings: Any) -> Iterator[str]:
    for spec, own in zip(specs, _own(specs, settings), strict=True):
        yield from spec.prepare(**own) if spec.prepare is not None else ()
