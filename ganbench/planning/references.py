"""Names with parameters, as people type them: ``wgan-gp[lr=2e-4]``, ``images:PATH[side=32]``.

An argument or a value may stand in double quotes: ``images:"photos [2023]"[side=32]``. In them
brackets, commas, plus and equals signs are characters like all others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ganbench.api.errors import UsageError
from ganbench.api.parameters import AUTO, Value

_QUOTED = re.compile(r'"[^"]*"')
_PLUS = re.compile(r"\+")
_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma that is not inside inner brackets, as in ``fd[extractor=inception[weights=PATH]]``."""

_SEED = re.compile(r"0*[0-9]{1,10}")

_LARGEST = 99
"""Of a fraction's numerator and denominator: two more digits would be no easier to read."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name, the argument behind a colon if there is one, and parameter settings as text."""

    name: str
    argument: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def refuse_argument(self) -> None:
        """For names that take nothing behind a colon.

        Raises:
            UsageError: there is something.
        """
        if self.argument is not None:
            raise UsageError(f"{self.name} takes nothing behind a colon, it has {self.argument!r}")


@dataclass(frozen=True, slots=True)
class Named:
    """A name, and what stands behind its colon."""

    name: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class VariantReference:
    """A variant, or a model and a loss, with techniques: ``dcgan+hinge+r1:10[r1.every=16]``."""

    parts: tuple[Named, ...]
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The names alone."""
        return "+".join(part.name for part in self.parts)

    def also(self, other: VariantReference) -> VariantReference:
        """With what another one names as well; this one's settings win."""
        return VariantReference(self.parts + other.parts, {**other.settings, **self.settings})


def parse_reference(text: str) -> Reference:
    """Read ``name``, ``name:argument``, ``name[key=value,...]`` or both.

    Raises:
        UsageError: brackets do not match, or a setting is not ``key=value``.
    """
    head, settings = _split_settings(text)
    named = _named(head, text)
    return Reference(named.name, named.argument, settings)


def parse_variant(text: str) -> VariantReference:
    """Read a variant with techniques: names joined by ``+``, settings of all at the end.

    Raises:
        UsageError: as `parse_reference`.
    """
    head, settings = _split_settings(text)
    return VariantReference(tuple(_named(piece, text) for piece in _pieces(head, _PLUS)), settings)


def split_references(text: str) -> tuple[str, ...]:
    """The references in a list such as ``fd[extractor=raw],prdc``: commas in brackets do not count.

    Raises:
        UsageError: there is none.
    """
    found = _parted(text, ",")
    if not all(found):
        raise UsageError(f"{text!r} is no list of names", "write it as fd[extractor=raw],prdc")
    return found


def split_alternatives(text: str) -> tuple[str, ...]:
    """The references in ``mnist5k|fashion-mnist``: bars in brackets or quotes do not count.

    Raises:
        UsageError: there is nothing before or behind a bar.
    """
    found = _parted(text, "|")
    if not all(found):
        raise UsageError(f"{text!r} names nothing on one side of a bar", "write it as A|B")
    return found


def _parted(text: str, mark: str) -> tuple[str, ...]:
    shape, depth, starts = _shape(text), 0, [0]
    for place, letter in enumerate(shape):
        depth += (letter == "[") - (letter == "]")
        if letter == mark and depth == 0:
            starts.append(place + 1)
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    return tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True))


def _named(head: str, text: str) -> Named:
    name, colon, argument = head.partition(":")
    if not name.strip():
        raise UsageError(f"{text!r} names nothing")
    return Named(name.strip(), _unquoted(argument) if colon else None)


def _split_settings(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the brackets, and the settings in them."""
    stripped = text.strip()
    shape = _shape(stripped)
    start = shape.find("[")
    settings: dict[str, str] = {}
    if start >= 0:
        if not shape.endswith("]"):
            raise UsageError(
                f"{text!r} has an opening bracket without a closing one at its end",
                "write the parameters of all parts in one pair of brackets at the end, "
                "A+B+C[b.lr=1,c.every=4]"
                if "]" in shape and "+" in shape.rpartition("]")[2]
                else 'put what has brackets of its own in quotes: images:"photos [2023]"[side=32]',
            )
        for part in filter(None, map(str.strip, _pieces(stripped[start + 1 : -1], _COMMA))):
            key, equals, value = part.partition("=")
            if not equals or not key.strip():
                raise UsageError(f"{part!r} in {text!r} is not of the form parameter=value")
            if key.strip() in settings:
                raise UsageError(f"{text!r} sets {key.strip()} twice")
            settings[key.strip()] = _unquoted(value)
    return stripped[:start] if start >= 0 else stripped, settings


def _shape(text: str) -> str:
    """The text with nothing but blanks in the place of what is quoted."""
    return _QUOTED.sub(lambda quoted: " " * len(quoted[0]), text)


def _pieces(text: str, separator: re.Pattern[str]) -> list[str]:
    """What stands between separators that are not quoted."""
    places = [found.span() for found in separator.finditer(_shape(text))]
    starts, ends = [0, *(end for _, end in places)], [*(start for start, _ in places), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _unquoted(text: str) -> str:
    stripped = text.strip()
    return stripped[1:-1] if _QUOTED.fullmatch(stripped) else stripped


def display_name(name: str, changed: Mapping[str, Value]) -> str:
    """The name with the settings that differ from the defaults, in canonical form."""
    if not changed:
        return name
    inner = ",".join(f"{key}={written(value)}" for key, value in sorted(changed.items()))
    return f"{name}[{inner}]"


def written(value: Value) -> str:
    """A parameter's value in the short form that reads back without loss: ``0.0002``, ``1/9``."""
    if value is None:
        return AUTO
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return _decimal_or_fraction(value)
    return str(value)


def _decimal_or_fraction(value: float) -> str:
    short, exact = f"{value:g}", repr(value)
    if float(short) == value:
        return short
    ratio = Fraction(value).limit_denominator(_LARGEST)
    fits = abs(ratio.numerator) <= _LARGEST and ratio.numerator / ratio.denominator == value
    return min(exact, str(ratio), key=len) if fits else exact


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read seeds such as ``0-4``, ``7`` or ``0,2,5-9``.

    Raises:
        UsageError: the text is no list of non-negative integers and ranges.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not _SEED.fullmatch(first) or (dash and not _SEED.fullmatch(last)):
            raise UsageError(
                f"seeds {text!r} are no integers or ranges", "write them as 0-4 or 0,2,5"
            )
        start, stop = int(first), int(last or first)
        if stop < start or stop - start >= 10_000 or stop >= 2**32:
            raise UsageError(f"seed range {part.strip()!r} is empty or too large")
        seeds.extend(range(start, stop + 1))
    if len(set(seeds)) != len(seeds):
        raise UsageError(f"seeds {text!r} name a seed twice")
    return tuple(seeds)
