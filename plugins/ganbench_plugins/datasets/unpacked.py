"""The images of a file as one tensor, decoded once."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from typing import TYPE_CHECKING

import PIL
import torch
from PIL import Image

from ganbench import Data, UsageError, cache
from ganbench_plugins.datasets.decode import Form, Undecodable, decode
from ganbench_plugins.datasets.faults import DEEP, SCALED
from ganbench_plugins.datasets.looks import bits_of, quiet, reason_of

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench import DataInfo
    from ganbench_plugins.datasets.archives import Archive


ORDER = 2
"""Change it with the order in which images are read."""


def load_archive(archive: Archive, info: DataInfo, form: Form, channels: str, bits: int) -> Data:
    """Both splits.

    Args:
        archive: that was opened.
        info: of its images.
        form: that they get.
        channels: where those of an array stand.
        bits: of a channel, that an image may have.

    Raises:
        UsageError: images cannot be used, which are all named.
    """
    (content,) = cache.file_hashes(archive.path.parent, [archive.path.name])
    made = {"side": form.side, "grey": form.grey, "alpha": form.alpha, "pillow": PIL.__version__}
    what = {"what": "images of a file", "order": ORDER}
    key = {**what, **made, "channels": channels, "bits": bits, "content": content}
    (pixels,) = cache.tensors(
        "datasets", key, lambda: (_pixels(archive, form, bits),), what="images"
    )
    heldout = torch.tensor(archive.heldout)
    labels = torch.tensor(archive.labels) if archive.classes else None
    return Data(
        info=info,
        train=pixels[~heldout],
        heldout=pixels[heldout],
        train_labels=None if labels is None else labels[~heldout],
        heldout_labels=None if labels is None else labels[heldout],
    )


def _pixels(archive: Archive, form: Form, bits: int) -> Tensor:
    found, damaged = [], []
    for place, name in enumerate(archive.names):
        try:
            found.append(_decoded(archive, place, form, bits))
        except Undecodable as error:
            damaged.append(f"{name} ({error})")
    if damaged:
        raise UsageError(
            f"{len(damaged)} of {len(archive.names)} images of {archive.path} cannot be used: "
            f"{', '.join(damaged[:20])}",
            "write the file again without them" + (f"; {SCALED}" if DEEP in str(damaged) else ""),
        )
    return torch.stack(found)


def _decoded(archive: Archive, place: int, form: Form, bits: int) -> Tensor:
    try:
        source = archive.source(place)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:  # damaged, or locked
        raise Undecodable(reason_of(error)) from None
    if isinstance(source, bytes):
        if bits < 16 and _is_deep(source):
            raise Undecodable(DEEP)
        return decode(io.BytesIO(source), form)
    packed = io.BytesIO()  # as a file, so that there is one way from images to pixels
    Image.fromarray(source.squeeze(-1) if source.shape[-1] == 1 else source).save(packed, "PNG")
    packed.seek(0)
    return decode(packed, form)


def _is_deep(content: bytes) -> bool:
    """Whether an image has 16 bits a channel, of which 8 would be cut off or scaled away."""
    try:
        with warnings.catch_warnings():
            quiet()
            with Image.open(io.BytesIO(content)) as image:
                return bits_of(image) == 16
    except Exception:  # whoever decodes it says what is wrong
        return False
