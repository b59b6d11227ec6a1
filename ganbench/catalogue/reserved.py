"""Names that mean something which ganbench does not compute, and gives to nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

RESERVED: Final[Mapping[str, tuple[str, str]]] = {
    "fad": (
        "is the Fréchet audio distance of VGGish, whose frames of 0.96 s at 16 kHz are longer than "
        "the clips here, and no package carries its weights",
        "use fd[extractor=audio-classifier], which is named after the network that it looks with",
    )
}
"""Name in lower case -> why it is nobody's, and what to type instead."""
