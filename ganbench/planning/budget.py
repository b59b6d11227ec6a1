"""Budgets: a fixed amount of training compute, and how people write it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from ganbench.api.errors import UsageError
from ganbench.wording import with_prefix

BudgetKind = Literal["flops", "seconds", "images", "steps"]

_PREFIXES = (
    *(("E", 10**18), ("P", 10**15), ("T", 10**12)),
    *(("G", 10**9), ("M", 10**6), ("k", 10**3)),
)
_PREFIX = {"": 1, "K": 10**3, **dict(_PREFIXES)}
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_PATTERN = re.compile(r"\s*(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*(?P<unit>[A-Za-z/]*)\s*")
_HINT = "write it as 2PFLOP, 10m (or 90s, 2h), 200kimg or 5000steps"


@dataclass(frozen=True, slots=True)
class Budget:
    """A fixed amount of training compute.

    Args:
        kind: `flops` (floating-point operations of matrix products, convolutions and attention, as
            counted by torch), `seconds` (of the device, training only), `images` (real samples
            shown to the discriminator) or `steps` (of the generator).
        amount: how much, positive.
    """

    kind: BudgetKind
    amount: float

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read a budget as people write it.

        Raises:
            UsageError: the text is no budget.
        """
        match = _PATTERN.fullmatch(text)
        if match is None:
            raise UsageError(f"budget {text!r} is not a number with a unit", _HINT)
        number, unit = float(match["number"]), match["unit"]
        kind, factor = _unit(unit, text)
        amount = number * factor
        if not math.isfinite(amount) or amount <= 0:
            raise UsageError(f"budget {text!r} is not a positive amount", _HINT)
        if kind in ("images", "steps"):
            if amount < 1:
                raise UsageError(f"budget {text!r} is less than one", _HINT)
            amount = float(round(amount))
        return cls(kind, amount)

    def __str__(self) -> str:
        """The shortest form that `parse` reads back without loss."""
        unit = {"flops": "FLOP", "seconds": "s", "images": "img", "steps": "steps"}[self.kind]
        if self.kind == "seconds":
            scales = [(name, _SECONDS[name]) for name in "hm" if self.amount % _SECONDS[name] == 0]
        else:
            scales = [(name + unit, size) for name, size in _PREFIXES if self.amount >= size]
        for suffix, size in (*scales, (unit, 1)):
            number = f"{self.amount / size:.15g}"
            if float(number) * size == self.amount:
                return number + suffix
        return f"{self.amount!r}{unit}"


def _unit(unit: str, text: str) -> tuple[BudgetKind, float]:
    if unit in _SECONDS:
        return "seconds", _SECONDS[unit]
    kinds: tuple[tuple[BudgetKind, tuple[str, ...]], ...] = (
        ("flops", ("FLOP", "FLOPs", "flop", "flops")),
        ("images", ("img", "images")),
        ("steps", ("steps", "step")),
    )
    for kind, names in kinds:
        for name in names:
            prefix = unit.removesuffix(name)
            if prefix != unit and prefix in _PREFIX:
                return kind, _PREFIX[prefix]
    if unit.endswith(("FLOPS", "FLOP/s")):
        raise UsageError(f"budget {text!r} is a rate; a budget is an amount", _HINT)
    why = f"an unknown unit {unit!r}" if unit else "no unit"
    raise UsageError(f"budget {text!r} has {why}", _HINT)


_MEMORY = re.compile(r"\s*(\d+(?:\.\d*)?)\s*([KMGT]?)(i?)(B?)\s*", re.IGNORECASE)


def parse_memory(text: str) -> int:
    """Bytes of a memory size such as ``8GiB``, ``500MB`` or ``8G`` (powers of 1024 with an `i`).

    Raises:
        UsageError: the text is no memory size.
    """
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise UsageError(f"memory {text!r} is not a size", "write it as 8GiB or 500MB")
    number, prefix, binary, byte = match.groups()
    base = 1024 if binary else 1000
    size = float(number) * base ** " KMGT".index(prefix.upper() or " ")
    if not 1 <= size < 2**63:
        raise UsageError(f"memory {text!r} is not a possible size", "write it as 8GiB or 500MB")
    if not prefix + binary + byte:  # whoever types 8 means gigabytes, and would get bytes
        raise UsageError(f"memory {text!r} has no unit", "write it as 8GiB or 500MB")
    return int(size)


def memory_text(size: int) -> str:
    """Bytes as `parse_memory` reads them back, e.g. ``500MB``. Exact to six digits."""
    return f"{with_prefix(size)}B"
