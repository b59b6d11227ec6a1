"""Tables: rows of numbers and categories, of which networks see and emit one vector.

A column of numbers takes one place between -1 and 1, and one more for each of its modes; a column
of categories takes one place for each: see `Numeric` and `Categorical`.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from types import UnionType
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.api.schema import Categorical, Numeric
from ganbench.modalities.columns import ALIKE, apart, translate
from ganbench.modalities.media import ALL, Media
from ganbench.modalities.modality import Modality, one_hot, simplex_range, tanh_range

if TYPE_CHECKING:
    from torch import Tensor, nn

SHEET_ROWS, FRAME_ROWS = 32, 8

FORMULA = re.compile(r"'*\s*[=+\-@]")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.ASCII | re.IGNORECASE)
"""What a spreadsheet takes for a formula by its beginning, unless it is a number."""

FLOAT32 = 2.0**-23
"""By how much a number differs at most from what float32 keeps of it."""

MODE_SIGMAS = 4.0
"""Standard deviations of a mode that its place can tell, as in CTGAN."""


def fault(info: DataInfo) -> str:
    """Columns have names of their own, and are as wide together as the shape tells."""
    schema = _schema(info)
    names, width = [one.name for one in schema], sum(one.width for one in schema)
    if not schema or len(set(names)) < len(names):
        return f"columns must be there, no two of one name: {', '.join(names) or 'none'}"
    if info.features != width:
        return f"its shape must be ({width},), as wide as its columns, it is {info.shape}"
    return ""


def stored_shape(info: DataInfo) -> tuple[int, ...]:
    """One number for each column."""
    return (len(_schema(info)),)


def value_fault(stored: Tensor, info: DataInfo) -> str:
    """Every number is in its column's range; whole where it must be."""
    return _first_fault(stored, info, Numeric | Categorical)


def score_fault(stored: Tensor, info: DataInfo) -> str:
    """The same of categories alone: another table's numbers may lie outside of this one's range."""
    return _first_fault(stored, info, Categorical)


def _first_fault(stored: Tensor, info: DataInfo, kinds: type | UnionType) -> str:
    for column, values in zip(_schema(info), stored.T, strict=True):
        if not isinstance(column, kinds):
            continue
        least, most = float(values.min()), float(values.max())
        # As float32 has the bounds: what is stored has been rounded in the same way.
        low, high = values.new_tensor(_range(column)).tolist()
        where = f"in column {column.name!r}"
        if least < low or most > high:
            return f"must hold {low:g}..{high:g} {where}, it holds {least:g}..{most:g}"
        if _is_whole(column) and bool((values != values.round()).any()):
            return f"must hold whole numbers {where}"
    return ""


def doubt(stored: Tensor, info: DataInfo) -> str:
    """Columns that tell nothing."""
    columns = zip(_schema(info), stored.T, strict=True)
    same = [column.name for column, values in columns if bool((values == values[:1]).all())]
    return f"never change in {', '.join(map(repr, same))}" if same else ""


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """(N, columns) to (N, features)."""
    import torch

    columns = zip(_schema(info), stored.T, strict=True)
    return torch.cat([_seen(column, values) for column, values in columns], dim=1)


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """(N, features) to (N, columns): numbers in their column's range, the likeliest category."""
    import torch

    return torch.stack([_meant(column, block) for column, block in _blocks(raw, info)], dim=1)


def _blocks(raw: Tensor, info: DataInfo) -> Iterator[tuple[Numeric | Categorical, Tensor]]:
    """Each column with its (N, width) of (N, features)."""
    import torch

    schema = _schema(info)
    blocks = torch.split(raw, [column.width for column in schema], dim=1)
    return zip(schema, blocks, strict=True)


def _seen(column: Numeric | Categorical, values: Tensor) -> Tensor:
    """(N, width) float32 of a column's (N,) values."""
    import torch

    if isinstance(column, Categorical):
        return one_hot(values.long(), column.width)
    values = values.double()[:, None]
    if not column.modes:
        middle, half = _scale(column)
        return ((values - middle) / half).float()
    # Mode by mode, since a tensor of them all would have to be sent to the device in every step.
    distances = torch.cat([(values - mean) / deviation for mean, deviation in column.modes], dim=1)
    likeliness = [
        -0.5 * distances[:, place].square() - math.log(deviation)
        for place, (_, deviation) in enumerate(column.modes)
    ]
    likely = torch.stack(likeliness, dim=1).argmax(dim=1)
    place = distances.gather(1, likely[:, None]) / MODE_SIGMAS
    return torch.cat([place.clamp(-1, 1).float(), one_hot(likely, len(column.modes))], dim=1)


def _meant(column: Numeric | Categorical, block: Tensor) -> Tensor:
    """(N,) float32 values of a column's (N, width) block."""
    if isinstance(column, Categorical):
        return block.argmax(dim=1).float()
    block = block.double()
    place = block[:, 0].clamp(-1, 1)
    if not column.modes:
        middle, half = _scale(column)
        values = middle + half * place
    else:
        means, deviations = block.new_tensor(column.modes).T
        mode = block[:, 1:].argmax(dim=1)
        values = means[mode] + MODE_SIGMAS * deviations[mode] * place
    # What rows repeat, such as a zero, is generated as it is, and by no rounding error beside it.
    if (decimals := 0 if column.whole else column.decimals) is not None:
        values = values.round(decimals=decimals) + 0.0  # of -0
    return values.clamp(column.low, column.high).float()


def _scale(column: Numeric) -> tuple[float, float]:
    """Middle and half of a column's range; where that is one number, any half will do."""
    return (column.low + column.high) / 2, (column.high - column.low) / 2 or 1.0


def _range(column: Numeric | Categorical) -> tuple[float, float]:
    if isinstance(column, Categorical):
        return 0, len(column.categories) - 1
    return column.low, column.high


def _is_whole(column: Numeric | Categorical) -> bool:
    return isinstance(column, Categorical) or column.whole


def range_fault(raw: Tensor, info: DataInfo) -> str:
    """Places of numbers in [-1, 1]; shares of one for modes and for categories."""
    for column, block in _blocks(raw, info):
        shares = block
        if isinstance(column, Numeric):
            if found := tanh_range(block[:, :1], info):
                return f"of column {column.name!r} {found}"
            shares = block[:, 1:]
        if shares.shape[1] and (found := simplex_range(shares)):
            return f"of column {column.name!r} {found}"
    return ""


def output_layer(info: DataInfo) -> nn.Module:
    """A tanh for the place of each number, a softmax for modes and for categories."""
    from torch import nn

    from ganbench.modalities.blocks import Blocks

    blocks: list[tuple[int, nn.Module]] = []
    for column in _schema(info):
        shares = column.width
        if isinstance(column, Numeric):
            blocks.append((1, nn.Tanh()))
            shares -= 1
        if shares:
            blocks.append((shares, nn.Softmax(dim=1)))
    return Blocks(blocks)


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """Generated rows, then as many real ones; the first column tells which."""
    parts = {"generated": fakes, "real": real}
    rows = [
        [name, *row] for name, samples in parts.items() for row in texts(samples[:SHEET_ROWS], info)
    ]
    return (_csv([["sample", *_names(info)], *rows]),)


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """A few generated rows."""
    return (_csv([_names(info), *texts(fakes[:FRAME_ROWS], info)]),)


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """One table: a row each, with as many digits as float32 has."""
    return {ALL: _csv([_names(info), *texts(samples, info, digits=9)])}


def texts(samples: Tensor, info: DataInfo, digits: int = 4) -> list[list[str]]:
    """The cells of each row: numbers with so many digits, categories by name."""
    schema = _schema(info)
    return [
        [_cell(column, value, digits) for column, value in zip(schema, row, strict=True)]
        for row in samples.tolist()
    ]


def _cell(column: Numeric | Categorical, value: float, digits: int) -> str:
    if isinstance(column, Categorical):
        return _text(column.categories[int(value)])
    if column.decimals is not None:
        near = round(value, column.decimals)
        value = near if math.isclose(value, near, rel_tol=FLOAT32) else value
    # A held-out row may have a fraction where no training row has one.
    return str(int(value)) if column.whole and value.is_integer() else f"{value:.{digits}g}"


def _names(info: DataInfo) -> list[str]:
    return [_text(column.name) for column in _schema(info)]


def _text(text: str) -> str:
    """A text that no spreadsheet takes for a formula; the data set `csv` takes off what it puts on.

    An apostrophe that was there before counts as one that was put on, so that of two different
    texts none becomes the other.
    """
    formula = FORMULA.match(text) and not NUMBER.fullmatch(text.lstrip("'"))
    return f"'{text}" if formula else text


def _csv(rows: list[list[str]]) -> Media:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return Media(stream.getvalue().encode("utf-8", "replace"), ".csv")


def _schema(info: DataInfo) -> tuple[Numeric | Categorical, ...]:
    assert info.schema is not None
    return info.schema


def _example(*schema: Numeric | Categorical) -> DataInfo:
    return DataInfo(
        name=f"rows of {len(schema)} columns",
        modality="tabular",
        shape=(sum(column.width for column in schema),),
        schema=schema,
    )


TABULAR = Modality(
    name="tabular",
    stored="float32",
    axes=("features",),
    stored_axes=("columns",),
    has="schema",
    examples=(
        _example(
            Numeric(name="height", low=140, high=210),
            Numeric(name="children", low=0, high=8, whole=True),
            Categorical(name="colour", categories=("red", "green", "blue"), counts=(50, 40, 10)),
        ),
        _example(
            Numeric(name="waiting", low=40, high=100, modes=((54, 6), (80, 6))),
            *(Numeric(name=name, low=-1, high=1) for name in "abcdef"),
            Categorical(name="answer", categories=("yes", "no"), counts=(70, 30)),
        ),
    ),
    partner="mlp",
    fault=fault,
    stored_shape=stored_shape,
    value_fault=value_fault,
    score_fault=score_fault,
    doubt=doubt,
    apart=apart,
    alike=ALIKE,
    translate=translate,
    encode=encode,
    decode=decode,
    range_fault=range_fault,
    output_layer=output_layer,
    sheet=sheet,
    frame=frame,
    files=files,
    emitted="of each column its place in [-1, 1] of its range or mode, and shares of modes or "
    "categories",
)
