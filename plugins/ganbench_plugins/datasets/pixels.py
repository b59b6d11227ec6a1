"""Many image files to one tensor, from the cache if nothing has changed; and which of them fail."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import PIL
import torch

from ganbench import UsageError, cache
from ganbench_plugins.datasets.decode import Form, Undecodable, decode
from ganbench_plugins.datasets.looks import decoded

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench_plugins.datasets.images import Images


def decode_all(images: Images, form: Form) -> tuple[Tensor, list[str]]:
    """The pixels of those that can be decoded, and the reason against each image, empty where none.

    Which ones fail is remembered, so that the next look at the folder knows it.

    Returns:
        (M, C, side, side) uint8, in the order of the images; N reasons, M of them empty.
    """

    def compute() -> tuple[Tensor, ...]:
        found = [_decoded(path, form) for path in images.paths]
        kept = [one for one in found if not isinstance(one, str)]
        shape = (0, form.channels, form.side, form.side)
        pixels = torch.stack(kept) if kept else torch.empty(shape, dtype=torch.uint8)
        return pixels, torch.tensor([not isinstance(one, str) for one in found])

    # Pillow's release is in the key, since its codecs and filters decide the pixels.
    made = {"side": form.side, "grey": form.grey, "alpha": form.alpha, "pillow": PIL.__version__}
    contents = hashlib.sha256("".join(images.hashes).encode()).hexdigest()
    key = {"what": "images", **made, "contents": contents}
    pixels, kept = cache.tensors("datasets", key, compute, what="decoded images")
    return pixels, _reasons(images, kept.tolist(), form)


def _reasons(images: Images, kept: list[bool], form: Form) -> list[str]:
    facts = decoded(images.listing.root, print)
    known = facts.known()
    reasons = [
        "" if fine else known.get(content) or _reason(path, form)
        for fine, content, path in zip(kept, images.hashes, images.paths, strict=True)
    ]
    found = dict(zip(images.hashes, reasons, strict=True))
    if any(known.get(content) != reason for content, reason in found.items()):
        facts.add(found, images.hashes)
    return reasons


def _reason(path: str, form: Form) -> str:
    """Why a file was not decoded."""
    found = _decoded(path, form)
    return found if isinstance(found, str) else "it could not be decoded when the others were"


def _decoded(path: str, form: Form) -> Tensor | str:
    """The pixels, or why there are none.

    Raises:
        UsageError: it cannot be read now.
    """
    try:
        return decode(Path(path), form)
    except Undecodable as error:
        return str(error)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
