"""What makes two runs the same experiment: the setting they ran in, and the code that took part."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ganbench.results.record import Pin
from ganbench.results.seal import canonical_json

Pins = tuple[Pin, ...]

VARIANT_CODE: Final = ("variant", "distribution", "version", "source_hash")
"""Columns that tell one variant's own code from another's, whatever data and scores it meets.

Its name tells the parameters that were set. Those that were not are no part of this: a recipe may
choose them by the data, so that one variant has other learning rates on images than on points."""

_OWN_KINDS: Final = ("variant", "technique")
_PAIR_KINDS: Final = ("model", "loss", "technique")
"""Of a MODEL+LOSS pair, which is no registered variant."""

_NUMBER: Final = re.compile(r"\d+(e\d+)?")


def setting_of(spec: Mapping[str, Any], protocol: int) -> str:
    """The hash of everything but variant and seed that a run's numbers depend on."""
    files = [known] if (known := spec.get("dataset_fingerprint")) else []
    memory = spec.get("memory_bytes")
    threads = [{"threads": many}] if (many := spec.get("threads", 1)) != 1 else []
    parts = [protocol, spec["task"], spec["dataset_parameters"], memory, *files, *threads]
    if (precision := spec.get("precision", "float32")) != "float32":
        parts.append({"precision": precision})
    return _digest(canonical_json(parts))


def pins_of(spec: Mapping[str, Any], others: Sequence[Pin]) -> Pins:
    """The plugins of a run, sorted by kind and name; `others` for specs that have none."""
    pins = spec.get("pins") or others
    return tuple(sorted(pins, key=lambda pin: (pin["kind"], pin["name"])))


def code_of(pins: Sequence[Pin]) -> str:
    """The hash that stands for these plugins, sorted by kind and name."""
    return _digest(canonical_json(pins))


def own_code(pins: Sequence[Pin]) -> dict[str, str | None]:
    """Who provides the variant: its distribution, version and source hash, each in one text."""
    registered = any(pin["kind"] == "variant" for pin in pins)
    kinds = _OWN_KINDS if registered else _PAIR_KINDS
    own = [pin for pin in pins if pin["kind"] in kinds]
    return {
        "distribution": _joined(pin["distribution"] for pin in own),
        "version": _joined(pin["version"] for pin in own),
        "source_hash": _joined(pin["source_hash"] for pin in own),
    }


def printable(value: Any) -> str | None:
    """Text without control characters, which have no place in a cell; None for nothing."""
    if value is None or value == "":
        return None
    text = str(value)
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _joined(values: Iterable[str]) -> str | None:
    return printable(" + ".join(dict.fromkeys(value for value in values if value)))


def _digest(content: bytes) -> str:
    """Ten hexadecimal digits, the first in a row that nothing takes for a number such as 12e34."""
    digits = hashlib.sha256(content).hexdigest()
    rows = [digits[start : start + 10] for start in range(0, 60, 10)]
    return next((row for row in rows if not _NUMBER.fullmatch(row)), rows[0])
