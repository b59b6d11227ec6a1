"""What scores are called, where several stand beside each other as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganbench.statistics.groups import grouped


def measurement_name(key: str) -> str:
    """What a column's key begins with, and a task's thresholds call it: ``high_quality``."""
    return key.partition("/")[0]


def distinct_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Key -> heading: the label, and for those that share one what tells their keys apart.

    ``precision (classifier-digits)`` and ``precision (mobilenetv2-b13)``: hashes and the rest of a
    key are left out where they are not needed.

    Args:
        labels: key -> label, of all that stand beside each other.
    """
    headings: dict[str, str] = {}
    for label, pairs in grouped(labels.items(), lambda pair: pair[1]).items():
        keys = [key for key, _ in pairs]
        headings |= {
            key: f"{label} ({_difference(key, keys)})" if len(keys) > 1 else label for key in keys
        }
    return {key: headings[key] for key in labels}


def _difference(key: str, keys: Sequence[str]) -> str:
    """The first parts of a key that no other one has together; all of it where there are none."""
    others = [_parts(other) for other in keys if other != key]
    if all(len(other) == len(_parts(key)) for other in others):
        shown = []
        for place, part in enumerate(_parts(key)):
            if any(other[place] != part for other in others):
                shown.append(part)
                others = [other for other in others if other[place] == part]
            if not others:
                return ", ".join(shown)
    return key


def _parts(key: str) -> list[str]:
    """Those of ``name/extractor@hash/layer/split/NxM``, without the hash."""
    return [part.partition("@")[0] for part in key.split("/")]
