"""One image file to one square tensor."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageOps

from ganbench import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_EIGHT_BIT = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"})


def decode(file: Path, side: int, *, grey: bool) -> Tensor:
    """(C, side, side) uint8: upright, over white, centre-cropped to a square, Lanczos-resized.

    Raises:
        UsageError: the file is damaged, no image, enormous, or deeper than 8 bits.
    """
    try:
        with warnings.catch_warnings():
            # Pillow only warns of an image large enough to be an attack on memory.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
            with Image.open(file) as image:
                mode = image.mode
                square = _square(image, side, grey=grey) if mode in _EIGHT_BIT else None
    except Exception as error:  # damage can end Pillow's decoders in any kind of error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"cannot decode the image {file}: {reason}", "remove it") from None
    if square is None:
        raise UsageError(f"{file} has mode {mode}, not 8 bits a channel", "convert it or remove it")
    pixels = np.asarray(square, dtype=np.uint8).reshape(side, side, -1)
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


def _square(image: Image.Image, side: int, *, grey: bool) -> Image.Image:
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    opaque = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright)
    flat = opaque.convert("L" if grey else "RGB")
    return ImageOps.fit(flat, (side, side), Image.Resampling.LANCZOS, centering=(0.5, 0.5))
