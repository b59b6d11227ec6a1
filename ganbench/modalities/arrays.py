"""Samples that come as a bare array: what they are, and in which order their axes stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ganbench.api.data import DataInfo
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.modalities import MODALITIES, modality_of

if TYPE_CHECKING:
    from torch import Tensor

Channels = Literal["found", "first", "last"]
"""Where the channels of an array's samples stand; `found`: where its shape makes sense."""

_TELLING = tuple(modality for modality in MODALITIES.values() if not modality.has)
"""Those whose samples are described by their type and shape alone."""


def describe(samples: Tensor, name: str, channels: Channels = "found") -> DataInfo:
    """What samples without a description must be: images as bytes, points as floats.

    Args:
        samples: (N, ...) on the CPU.
        name: of what is described.
        channels: where they stand in `samples`; the description has them first.

    Raises:
        UsageError: they are nothing that a type and a shape tell.
    """

    def of(shape: tuple[int, ...]) -> DataInfo | None:
        for modality in _TELLING:
            stored = samples.is_floating_point() and modality.stored.startswith("float")
            if stored or str(samples.dtype) == f"torch.{modality.stored}":
                info = DataInfo(name=name, modality=modality.name, shape=shape)
                if not modality.info_fault(info):
                    return info
        return None

    orders = [samples.shape, samples.movedim(-1, 1).shape] if samples.ndim > 2 else [samples.shape]
    wanted = {"found": orders, "first": orders[:1], "last": orders[-1:]}[channels]
    for shape in wanted:
        if len(shape) > 1 and (info := of(tuple(shape[1:]))):
            return info
    raise UsageError(
        f"{name} holds {samples.dtype} of shape {tuple(samples.shape)}, which is no kind of sample",
        "images are uint8 (N, channels, height, width) or (N, height, width, channels), points are "
        "floats (N, coordinates)",
    )


def arranged(
    samples: Tensor, info: DataInfo, name: str, channels: Channels = "found"
) -> tuple[Tensor, str]:
    """Samples as data of that description would store them.

    Args:
        samples: (N, ...) on the CPU.
        info: what they must be.
        name: of them, for errors.
        channels: where they stand in `samples`.

    Returns:
        (N, *stored shape), and a line about what was done to them and what is odd; empty where
        nothing is.

    Raises:
        UsageError: another shape, or numbers that such data cannot hold.
    """
    modality = modality_of(info)
    shape, note = modality.stored_shape(info), ""
    moved = samples.movedim(-1, 1) if samples.ndim > 2 else samples

    def fits(array: Tensor) -> bool:
        return tuple(array.shape[1:]) == shape

    if channels == "last" or (channels == "found" and not fits(samples) and fits(moved)):
        samples, note = moved.contiguous(), f"{name}: channels stand last in it"
    modality.require_shape(samples, name, info)
    try:
        stored = _typed(samples, modality.stored, name)
        modality.check(name, stored, info, scored=True)
    except PluginNotUsable as error:
        raise UsageError(error.message, error.hint) from None
    if not len(stored):
        raise UsageError(f"{name} holds no samples")
    return stored, "; ".join(filter(None, (note, _doubt(modality.doubt(stored, info), name))))


def _doubt(doubt: str, name: str) -> str:
    return doubt and f"{name}: its samples {doubt}"


def _typed(samples: Tensor, stored: str, name: str) -> Tensor:
    """The same numbers in the type in which they are stored; floats may be rounded to it."""
    import torch

    wanted = getattr(torch, stored)
    typed = samples.to(wanted)
    if samples.is_floating_point() and typed.is_floating_point():
        return typed
    if samples.is_floating_point() or not bool((typed.long() == samples.long()).all()):
        raise UsageError(
            f"{name} holds {samples.dtype}, such samples are stored as torch.{stored}",
            "images are bytes from 0 to 255: (x * 127.5 + 128).clip(0, 255).astype('uint8') makes "
            "them of numbers in [-1, 1]",
        )
    return typed
