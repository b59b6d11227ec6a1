"""What samples are, in the card of an exported generator: enough to read them without its data."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from ganbench.api.data import DataInfo
from ganbench.api.errors import GanbenchError
from ganbench.api.schema import Categorical, Numeric, Spectrogram, Vocabulary
from ganbench.modalities import modality_of


def described(info: DataInfo) -> dict[str, Any]:
    """A description as JSON takes it, without what it leaves open."""
    told = {field.name: getattr(info, field.name) for field in fields(info)}
    made: dict[str, Any] = {name: one for name, one in told.items() if one is not None}
    for name in ("vocabulary", "spectrogram"):
        if name in made:
            made[name] = asdict(made[name])
    if info.schema is not None:
        made["schema"] = [asdict(column) for column in info.schema]
    if info.halves is not None:
        made["halves"] = [described(half) for half in info.halves]
    return made


def description(told: Any) -> DataInfo:
    """What `described` has made JSON of, whatever else is told beside it.

    Raises:
        ValueError: it is no description of data.
    """
    try:
        info = _read(told)
        modality_of(info).check_info(info)
    except (AttributeError, KeyError, TypeError, GanbenchError) as error:
        raise ValueError(f"it describes no samples: {error}") from None
    return info


def _read(told: Any) -> DataInfo:
    made = {field.name: told[field.name] for field in fields(DataInfo) if field.name in told}
    for name, kind in (("vocabulary", Vocabulary), ("spectrogram", Spectrogram)):
        if name in made:
            made[name] = kind(**made[name])
    if "schema" in made:
        made["schema"] = tuple(
            Categorical(**one) if "categories" in one else Numeric(**one) for one in made["schema"]
        )
    if "halves" in made:
        made["halves"] = tuple(map(_read, made["halves"]))
    return DataInfo(**made)
