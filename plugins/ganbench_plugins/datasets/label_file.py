"""Classes by StyleGAN's `dataset.json`, beside images or in a zip of them.

``{"labels": [[name, class], ...]}``, names relative to the file, or ``{"labels": null}``. Where
there is such a file, folders are no classes: StyleGAN's tools put a thousand images into each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LABEL_FILE = "dataset.json"
NO_CLASSES = f"the labels of {LABEL_FILE} are no classes of all images: left out"


@dataclass(frozen=True, slots=True)
class Labels:
    """Classes of images.

    Args:
        places: of each image, in `classes`; empty where there are none.
        classes: their names.
        note: what to tell of them; empty if nothing.
    """

    places: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    note: str = ""


def read_label_file(content: bytes) -> dict[str, object] | None:
    """Name -> label, empty where there are none; None: the file is of something else.

    Raises:
        ValueError: it is no JSON, or its labels are no pairs.
    """
    listed: Any = json.loads(content)
    if not isinstance(listed, dict) or "labels" not in listed:
        return None
    if (pairs := listed["labels"]) is None:
        return {}
    try:
        return {str(name).replace("\\", "/"): label for name, label in pairs}
    except (TypeError, ValueError):
        raise ValueError(f"the labels of {LABEL_FILE} are no pairs of a name and a class") from None


def labels_of(known: Mapping[str, object], names: Sequence[str]) -> Labels:
    """The classes of all images of these names, or none: whole numbers, numbered from 0 on."""
    if not known:
        return Labels()
    found = [label for name in names if isinstance(label := known.get(name), int)]
    if len(found) < len(names):
        return Labels(note=NO_CLASSES)
    places, classes = numbered(found)
    return Labels(tuple(places), classes) if len(classes) > 1 else Labels()


def numbered(values: Sequence[int]) -> tuple[list[int], tuple[str, ...]]:
    """Labels from 0 on, whatever they are in the file, and their names there."""
    classes = sorted(set(values))
    places = {value: place for place, value in enumerate(classes)}
    return [places[value] for value in values], tuple(map(str, classes))
