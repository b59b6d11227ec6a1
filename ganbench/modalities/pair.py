"""Pairs: two things that belong together, each of a modality of its own.

What is stored is one float32 vector, the first half's numbers and then the second's: float32 holds
bytes, 16 bits and places of tokens exactly. Networks see and emit one vector as well: what they see
of either half, flattened, in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.modalities.audio import AUDIO
from ganbench.modalities.image import IMAGE
from ganbench.modalities.media import Media
from ganbench.modalities.modality import Modality
from ganbench.modalities.points import POINTS
from ganbench.modalities.tabular import TABULAR
from ganbench.modalities.text import TEXT

if TYPE_CHECKING:
    from torch import Tensor, nn

SINGLES = {one.name: one for one in (POINTS, IMAGE, AUDIO, TEXT, TABULAR)}
"""What a half may be."""

PLACES = ("first", "second")
"""Of halves, for errors."""


def join_pair(first: Tensor, second: Tensor) -> Tensor:
    """What a data set of pairs stores: (N, values) float32 of two halves (N, ...) as stored."""
    import torch

    return torch.cat([first.flatten(1).float(), second.flatten(1).float()], dim=1)


def split_pair(samples: Tensor, info: DataInfo) -> tuple[Tensor, Tensor]:
    """The two halves of stored pairs, (N, values), each as its modality stores it."""
    import torch

    halves = _halves(info)
    shapes = [_of(half).stored_shape(half) for half in halves]
    parts = torch.split(samples, [math.prod(shape) for shape in shapes], dim=1)
    first, second = (
        part.reshape(-1, *shape).to(getattr(torch, _of(half).stored))
        for half, shape, part in zip(halves, shapes, parts, strict=True)
    )
    return first, second


def fault(info: DataInfo) -> str:
    """Each half is in order and no pair itself; together they are as wide as the shape tells."""
    for place, half in zip(PLACES, _halves(info), strict=True):
        if half.modality not in SINGLES:
            return f"its {place} half must be {', '.join(SINGLES)}, not {half.modality}"
        if found := _of(half).info_fault(half):
            return f"its {place} half, {half.name}: {found}"
    width = sum(half.features for half in _halves(info))
    if info.features != width:
        return f"its shape must be ({width},), as wide as its halves, it is {info.shape}"
    return ""


def stored_shape(info: DataInfo) -> tuple[int, ...]:
    """The numbers of both halves."""
    return (sum(math.prod(_of(half).stored_shape(half)) for half in _halves(info)),)


def value_fault(stored: Tensor, info: DataInfo) -> str:
    """Either half has numbers of its type and range."""
    return _value_fault(stored, info, [_of(half).value_fault for half in _halves(info)])


def score_fault(stored: Tensor, info: DataInfo) -> str:
    """The same of what is only scored."""
    asked = [_of(half).score_fault or _of(half).value_fault for half in _halves(info)]
    return _value_fault(stored, info, asked)


def _value_fault(
    stored: Tensor, info: DataInfo, asked: Sequence[Callable[[Tensor, DataInfo], str]]
) -> str:
    parts = split_pair(stored, info)
    if not join_pair(*parts).equal(stored):
        types = " and ".join(f"torch.{_of(half).stored}" for half in _halves(info))
        return f"must hold {types}, it holds numbers that these cannot be"
    return _first_fault(info, asked, parts)


def doubt(stored: Tensor, info: DataInfo) -> str:
    """What looks wrong with either half."""
    parts = split_pair(stored, info)
    return _first_fault(info, [_of(half).doubt for half in _halves(info)], parts)


def apart(one: DataInfo, other: DataInfo) -> str:
    """What either half means otherwise, or another kind or shape of half."""
    for place, first, second in zip(PLACES, _halves(one), _halves(other), strict=True):
        if (first.modality, first.shape) != (second.modality, second.shape):
            told = (f"{half.modality} of shape {half.shape}" for half in (first, second))
            return f"different {place} halves: {' and '.join(told)}"
        if found := _of(first).apart(first, second):
            return f"in their {place} half {found}"
    return ""


def translate(stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
    """Each half as the other pairs' half would be stored."""

    def half(place: int) -> Tensor:
        theirs, ours = _halves(own)[place], _halves(info)[place]
        try:
            return _of(ours).translated(split_pair(stored, own)[place], theirs, ours)
        except UsageError as error:
            raise UsageError(
                f"the {PLACES[place]} half of {own.name} is none of {info.name}: {error.message}",
                error.hint,
            ) from None

    return join_pair(half(0), half(1))


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """(N, values) to (N, features)."""
    import torch

    parts = zip(_halves(info), split_pair(stored, info), strict=True)
    return torch.cat([_of(half).encode(part, half).flatten(1) for half, part in parts], dim=1)


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """(N, features) to (N, values)."""
    parts = zip(_halves(info), _seen(raw, info), strict=True)
    first, second = (_of(half).decode(part, half) for half, part in parts)
    return join_pair(first, second)


def range_fault(raw: Tensor, info: DataInfo) -> str:
    """What is wrong with the range of either half."""
    return _first_fault(info, [_of(half).range_fault for half in _halves(info)], _seen(raw, info))


def output_layer(info: DataInfo) -> nn.Module:
    """Each half through its own."""
    from torch import nn

    from ganbench.modalities.blocks import Blocks

    def layer(half: DataInfo) -> nn.Module:
        own = _of(half).output_layer(half)
        return nn.Sequential(nn.Unflatten(1, half.shape), own, nn.Flatten())

    return Blocks([(half.features, layer(half)) for half in _halves(info)])


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """The sheets of both halves, in which the same places belong together."""
    drawn = list[Media]()
    for half, own, others in _beside(fakes, real, info):
        drawn += _of(half).sheet(own, others, title, half)
    return tuple(drawn)


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """The frames of both halves."""
    drawn = list[Media]()
    for half, own, others in _beside(fakes, real, info):
        drawn += _of(half).frame(own, others, half)
    return tuple(drawn)


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """The files of both halves: ``00000-1`` and ``00000-2`` belong together."""
    made = dict[str, Media]()
    for place, (half, part) in enumerate(
        zip(_halves(info), split_pair(samples, info), strict=True), start=1
    ):
        made |= {f"{stem}-{place}": one for stem, one in _of(half).files(part, half).items()}
    return made


def _beside(fakes: Tensor, real: Tensor, info: DataInfo) -> zip[tuple[DataInfo, Tensor, Tensor]]:
    return zip(_halves(info), split_pair(fakes, info), split_pair(real, info), strict=True)


def _seen(samples: Tensor, info: DataInfo) -> list[Tensor]:
    """Both halves of (N, features), each in the shape in which networks see it alone."""
    import torch

    halves = _halves(info)
    parts = torch.split(samples, [half.features for half in halves], dim=1)
    return [part.reshape(-1, *half.shape) for half, part in zip(halves, parts, strict=True)]


def _first_fault(
    info: DataInfo,
    asked: Sequence[Callable[[Tensor, DataInfo], str]],
    parts: Sequence[Tensor],
) -> str:
    """What is wrong with the first half, or else with the second, and in which."""
    for half, ask, part in zip(_halves(info), asked, parts, strict=True):
        if found := ask(part, half):
            return f"in its half {half.name} {found}"
    return ""


def _of(half: DataInfo) -> Modality:
    return SINGLES[half.modality]


def _halves(info: DataInfo) -> tuple[DataInfo, DataInfo]:
    assert info.halves is not None
    return info.halves


def _example(first: DataInfo, second: DataInfo) -> DataInfo:
    return DataInfo(
        name=f"{first.name} with {second.name}",
        modality="pair",
        shape=(first.features + second.features,),
        halves=(first, second),
    )


PAIR = Modality(
    name="pair",
    stored="float32",
    axes=("features",),
    stored_axes=("values",),
    has="halves",
    examples=(
        _example(
            DataInfo(name="8 px grey images", modality="image", shape=(1, 8, 8)),
            TEXT.examples[0],
        ),
        _example(POINTS.examples[0], TABULAR.examples[0]),
    ),
    partner="mlp",
    fault=fault,
    stored_shape=stored_shape,
    value_fault=value_fault,
    score_fault=score_fault,
    doubt=doubt,
    apart=apart,
    translate=translate,
    encode=encode,
    decode=decode,
    range_fault=range_fault,
    output_layer=output_layer,
    sheet=sheet,
    frame=frame,
    files=files,
    emitted="both halves, flattened, one behind the other, each as its kind is emitted",
)
