"""Descriptions and stored samples of every modality, for hypothesis."""

from __future__ import annotations

import math

import torch
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Categorical, DataInfo, Numeric, Vocabulary, join_pair
from ganbench.modalities import MODALITIES

COUNT = 6

images = st.builds(
    lambda *shape: DataInfo(name="images", modality="image", shape=shape),
    st.integers(1, 4), st.integers(1, 9), st.integers(1, 9),
)  # fmt: skip
sounds = st.builds(
    lambda channels, samples, rate: DataInfo(
        name="sounds", modality="audio", shape=(channels, samples), rate=rate
    ),
    st.integers(1, 3), st.integers(1, 300), st.integers(1, 96_000),
)  # fmt: skip
points = st.builds(
    lambda dimensions: DataInfo(name="points", modality="points", shape=(dimensions,)),
    st.integers(1, 5),
)


def text_info(positions: int, tokens: tuple[str, ...], separator: str = "") -> DataInfo:
    vocabulary = Vocabulary(tokens=tokens, separator=separator)
    shape = (positions, len(tokens))
    return DataInfo(name="texts", modality="text", shape=shape, vocabulary=vocabulary)


texts = st.builds(
    text_info,
    st.integers(1, 12),
    st.lists(st.text(max_size=3), min_size=2, max_size=8, unique=True).map(tuple),
)


def table_info(*schema: Numeric | Categorical) -> DataInfo:
    width = sum(column.width for column in schema)
    return DataInfo(name="rows", modality="tabular", shape=(width,), schema=schema)


def _numeric(name: str, ends: tuple[int, int], whole: bool) -> Numeric:
    return Numeric(name=name, low=min(ends), high=max(ends), whole=whole)


columns = st.one_of(
    st.builds(
        _numeric,
        st.just("number"),
        st.tuples(st.integers(-(2**23), 2**23), st.integers(-(2**23), 2**23)),
        st.booleans(),
    ),
    st.builds(
        lambda count: Categorical(name="kind", categories=tuple(map(str, range(count)))),
        st.integers(1, 6),
    ),
)
tables = st.lists(columns, min_size=1, max_size=4).map(
    lambda found: table_info(
        *(_renamed(column, f"{column.name} {place}") for place, column in enumerate(found))
    )
)


def _renamed(column: Numeric | Categorical, name: str) -> Numeric | Categorical:
    if isinstance(column, Categorical):
        return Categorical(name=name, categories=column.categories)
    return Numeric(name=name, low=column.low, high=column.high, whole=column.whole)


def pair_info(first: DataInfo, second: DataInfo) -> DataInfo:
    return DataInfo(
        name="pairs",
        modality="pair",
        shape=(first.features + second.features,),
        halves=(first, second),
    )


singles = st.one_of(images, sounds, points, texts, tables)
pairs = st.builds(pair_info, singles, singles)


def stored(info: DataInfo, seed: int) -> Tensor:
    """(COUNT, ...) samples that such data may hold, drawn without the modality's own code."""
    random = torch.Generator().manual_seed(seed)
    match info.modality:
        case "image":
            shape = (COUNT, *info.shape)
            return torch.randint(256, shape, dtype=torch.uint8, generator=random)
        case "audio":
            shape = (COUNT, *info.shape)
            return torch.randint(-(2**15), 2**15, shape, dtype=torch.int16, generator=random)
        case "points":
            return torch.randn(COUNT, *info.shape, generator=random) * 100
        case "text":
            return _texts(info, random)
        case "tabular":
            assert info.schema is not None
            return torch.stack([_column(column, random) for column in info.schema], dim=1)
        case "pair":
            assert info.halves is not None
            return join_pair(*(stored(half, seed) for half in info.halves))


def _texts(info: DataInfo, random: torch.Generator) -> Tensor:
    assert info.vocabulary is not None
    positions, tokens = info.shape
    samples = torch.randint(tokens, (COUNT, positions), generator=random)
    end = info.vocabulary.end
    if end is not None:
        for row in samples:
            ended = False
            for place in range(positions):
                ended = ended or int(row[place]) == end
                if ended:
                    row[place] = end
    return samples


def _column(column: Numeric | Categorical, random: torch.Generator) -> Tensor:
    if isinstance(column, Categorical):
        return torch.randint(len(column.categories), (COUNT,), generator=random).float()
    share = torch.rand(COUNT, generator=random, dtype=torch.float64)
    values = column.low + share * (column.high - column.low)
    values[0], values[-1] = column.low, column.high
    return (values.round() if column.whole else values).float()


def tolerance(info: DataInfo) -> Tensor:
    """(values,) how far decoding may miss a stored number: not at all where it is no real one."""
    if info.modality == "tabular":
        assert info.schema is not None
        spans = [
            0.0 if isinstance(one, Categorical) or one.whole
            else 1e-6 * max(one.high - one.low, abs(one.low), abs(one.high))
            for one in info.schema
        ]  # fmt: skip
        return torch.tensor(spans)
    if info.modality == "pair":
        assert info.halves is not None
        return torch.cat([tolerance(half) for half in info.halves])
    return torch.zeros(math.prod(MODALITIES[info.modality].stored_shape(info)))
