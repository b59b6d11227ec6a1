"""Images: bytes, which networks see and emit between -1 and 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo
from ganbench.modalities.media import Media, stem_of
from ganbench.modalities.modality import Modality, no_fault, shape_of, tanh, tanh_range

if TYPE_CHECKING:
    from torch import Tensor

MOST_CHANNELS = 4
"""Grey, colour, and either with one more."""

DARKEST_WHITE = 2
"""Images whose largest byte is below this were floats in [0, 1] once."""


def fault(info: DataInfo) -> str:
    """Channels come first, and are few."""
    channels, *_, last = info.shape
    if channels <= MOST_CHANNELS:
        return ""
    if last <= MOST_CHANNELS:
        return f"channels come first, its shape is (channels, height, width), not {info.shape}"
    return f"it must have 1 to {MOST_CHANNELS} channels, it has {channels}: {info.shape}"


def doubt(stored: Tensor, info: DataInfo) -> str:
    """Bytes that hardly differ."""
    largest = int(stored.max()) if len(stored) else 255
    return "" if largest >= DARKEST_WHITE else f"lie in 0..{largest}, not in 0..255"


def encode(stored: Tensor, info: DataInfo) -> Tensor:
    """Bytes to float32 in [-1, 1], the range of a tanh generator."""
    return stored.float().mul_(1 / 127.5).sub_(1)


def decode(raw: Tensor, info: DataInfo) -> Tensor:
    """Images in [-1, 1] to bytes: x * 127.5 + 128, clamped, then cut, as torch-fidelity has it.

    For finite images only: NaN would become 0, and without the clamp 300 would become 44.
    """
    return raw.mul(127.5).add(128).clamp(0, 255).byte()


def sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo) -> tuple[Media, ...]:
    """A square of generated images."""
    from ganbench.modalities.pictures import sheet_of

    return (sheet_of(fakes),)


def frame(fakes: Tensor, real: Tensor, info: DataInfo) -> tuple[Media, ...]:
    """A smaller square of generated images."""
    from ganbench.modalities.pictures import frame_of

    return (frame_of(fakes),)


def files(samples: Tensor, info: DataInfo) -> dict[str, Media]:
    """A PNG each."""
    from ganbench.modalities.pictures import png

    return {stem_of(place): png(image) for place, image in enumerate(samples)}


def _example(channels: int, height: int, width: int) -> DataInfo:
    colour = {1: "grey", 3: "colour"}[channels]
    size = f"{height} px" if height == width else f"{height} by {width} px"
    shape = (channels, height, width)
    return DataInfo(name=f"{size} {colour} images", modality="image", shape=shape)


IMAGE = Modality(
    name="image",
    stored="uint8",
    axes=("channels", "height", "width"),
    stored_axes=("channels", "height", "width"),
    examples=(
        _example(3, 32, 32),
        _example(1, 32, 32),
        *(_example(channels, side, side) for side in (16, 28, 64) for channels in (1, 3)),
        _example(3, 8, 8),
        _example(1, 16, 24),
    ),
    partner="dcgan",
    fault=fault,
    stored_shape=shape_of,
    value_fault=no_fault,
    doubt=doubt,
    alike="give both the same side and colours; for a folder of images: images:PATH[side=N]",
    encode=encode,
    decode=decode,
    range_fault=tanh_range,
    output_layer=tanh,
    sheet=sheet,
    frame=frame,
    files=files,
    emitted="pixels in [-1, 1]: as bytes, x * 127.5 + 128, clamped to 0..255 and cut",
)
