"""Texts: places in a vocabulary, which networks see as one-hot rows and emit as shares of tokens.

What is emitted is read by its most likely token at each position, and ends where it says so: what
stands behind the first end is no part of it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.schema import Vocabulary
from ganbench.modalities.media import ALL, Media
from ganbench.modalities.modality import Modality, named, no_fault, one_hot, simplex_range

if TYPE_CHECKING:
    from torch import Tensor, nn

SHEET_TEXTS, FRAME_TEXTS = 32, 8

SPELLED_OUT = ("Cc", "Zl", "Zp", "Cs")
"""Unicode's categories of control characters, of what ends a line or a paragraph, and of halves of
characters, which no file in UTF-8 can hold."""

ALIKE = "give both the same length, as text:PATH[length=N] has it, and texts of the same characters"


def fault(info: DataInfo) -> str:
    """Positions come first; as many tokens as the vocabulary has."""
    positions, tokens = info.shape
    known = len(_vocabulary(info))
    if tokens == known:
        return ""
    if positions == known:
        return f"positions come first, its shape is (positions, tokens), not {info.shape}"
    return f"its shape tells {tokens} tokens, its vocabulary has {known}"


def stored_shape(info: DataInfo) -> tuple[int, ...]:
    """One number for each position."""
    return info.shape[:1]


def value_fault(stored: Tensor, info: DataInfo) -> str:
    """Every number is a token's, and nothing stands behind an end."""
    last = info.shape[1] - 1
    low, high = int(stored.min()), int(stored.max())
    if not 0 <= low <= high <= last:
        return f"must hold tokens 0..{last}, it holds {low}..{high}"
    if not stored.equal(_ended(stored, info)):
        return f"must hold nothing but token {_vocabulary(info).end} (the end) behind an end"
    return ""


def apart(one: DataInfo, other: DataInfo) -> str:
    """A number is a token, of which each vocabulary has its own."""
    first, second = _vocabulary(one), _vocabulary(other)
    if first == second:
        return ""
    if alone := sorted({*first.tokens} ^ {*second.tokens}):
        return f"different vocabularies: one alone has {_named(alone)}"
    return "different vocabularies: of the same tokens, in another order or read otherwise"


def translate(stored: Tensor, own: DataInfo, info: DataInfo) -> Tensor:
    """The same tokens, by their places in the other vocabulary."""
    theirs, ours = _vocabulary(own), _vocabulary(info)
    if (own.shape[0], theirs.separator) != (info.shape[0], ours.separator):
        raise UsageError(
            f"{own.name} has texts of {_length(own)}, {info.name} of {_length(info)}", ALIKE
        )
    if theirs == ours:
        return stored
    places = {token: place for place, token in enumerate(ours.tokens)}
    found = stored.new_tensor([places.get(token, -1) for token in theirs.tokens])[stored]
    nowhere = found < 0
    if count := int(nowhere.any(dim=1).sum()):
        unknown = [theirs.tokens[place] for place in sorted({*stored[nowhere].tolist()})]
        raise UsageError(
            f"{count:,} of {len(stored):,} texts of {own.name} have what no text of {info.name} "
            f"has: {_named(unknown)}",
            "write these texts otherwise or leave them out, or compare with texts that have it",
        )
    return found


def _named(tokens: list[str]) -> str:
    """Tokens for errors; the one that ends a text by what it does."""
    shorter = ["an end before the last place"] if "" in tokens else []
    return ", ".join([*shorter, *filter(None, [named([one for one in tokens if one])])])


def _length(info: DataInfo) -> str:
    separator = _vocabulary(info).separator
    return f"{info.shape[0]} tokens" + (f" with {separator!r} between them" if separator else "")


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """(N, positions) tokens to (N, positions, tokens) one-hot rows."""
    return one_hot(stored, info.shape[1])


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """The largest of each row, the first of equal ones; all behind an end is the end as well."""
    return _ended(raw.argmax(dim=-1), info)


def range_fault(raw: Tensor, info: DataInfo) -> str:
    """Rows are shares of one."""
    return simplex_range(raw)


def output_layer(info: DataInfo) -> nn.Module:
    """A softmax over the tokens of each position."""
    from torch import nn

    return nn.Softmax(dim=-1)


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """Generated texts, then as many real ones, one a line."""
    parts = [title]
    for name, samples in (("generated", fakes), ("real", real)):
        parts += ["", f"{name}:", *lines(samples[:SHEET_TEXTS], info)]
    return (_txt(parts),)


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """A few generated texts, one a line."""
    return (_txt(lines(fakes[:FRAME_TEXTS], info)),)


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """One file, a text a line, of the characters that it is of: it is data, and may be read back.

    What would break a line or control a terminal is spelled out, as `lines` does more of.
    """
    return {ALL: _txt(["".join(map(_unbroken, text)) for text in _texts(samples, info)])}


def lines(samples: Tensor, info: DataInfo) -> list[str]:
    """Each text on one line: what cannot be printed is spelled out, line breaks above all."""
    return ["".join(map(_printable, text)) for text in _texts(samples, info)]


def _texts(samples: Tensor, info: DataInfo) -> list[str]:
    vocabulary = _vocabulary(info)
    return [vocabulary.text(numbers) for numbers in samples.tolist()]


def _unbroken(character: str) -> str:
    kept = character == "\t" or unicodedata.category(character) not in SPELLED_OUT
    return character if kept else _spelled(character)


def _printable(character: str) -> str:
    return character if character.isprintable() else _spelled(character)


def _spelled(character: str) -> str:
    return ascii(character)[1:-1]


def _ended(tokens: Tensor, info: DataInfo) -> Tensor:
    end = _vocabulary(info).end
    if end is None:
        return tokens
    return tokens.masked_fill((tokens == end).cumsum(dim=1) > 0, end)


def _vocabulary(info: DataInfo) -> Vocabulary:
    assert info.vocabulary is not None
    return info.vocabulary


def _txt(parts: list[str]) -> Media:
    return Media("".join(f"{part}\n" for part in parts).encode("utf-8", "replace"), ".txt")


def _example(positions: int) -> DataInfo:
    characters = ("", *"abcdefghijklmnopqrstuvwxyz", " ")
    return DataInfo(
        name=f"{positions} characters of text",
        modality="text",
        shape=(positions, len(characters)),
        vocabulary=Vocabulary(tokens=characters),
    )


TEXT = Modality(
    name="text",
    stored="int64",
    axes=("positions", "tokens"),
    stored_axes=("positions",),
    has="vocabulary",
    partner="char-conv",
    examples=(_example(16), _example(32)),
    fault=fault,
    stored_shape=stored_shape,
    value_fault=value_fault,
    doubt=no_fault,
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
    emitted="shares of the tokens at each position: the likeliest is meant, to the first end",
)
