"""What people type for a name and nothing here has: why, and what to type instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

RESERVED: Final[Mapping[str, tuple[str, str]]] = {
    "fad": (
        "is the Fréchet audio distance of VGGish, whose frames of 0.96 s at 16 kHz are longer than "
        "the clips here, and no package carries its weights",
        "use fd[extractor=audio-classifier], which is named after the network that it looks with",
    ),
    "keras-dense": ("needs Keras, which is not installed", "pip install 'ganbench[keras]'"),
}
"""Name in lower case -> why it is nobody's, and what to type instead."""


def instead(name: str, kind: str = "variant") -> tuple[str, str] | None:
    """Why nothing of a kind has a name, and what to type instead; None where nothing is known."""
    if name.endswith(".py"):
        return "is a file and not a name", f"name what is in it, and load it: NAME -P {name}"
    if name.endswith(".toml"):
        return "is a file and not a name", f"a file is a suite's: --suite {name}"
    if kind == "variant" and re.search(r"[\s,]", name):
        return "is no name", "type several names one after the other: vanilla wgan-gp"
    return RESERVED.get(name.casefold())
