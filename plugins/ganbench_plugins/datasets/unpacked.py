"""The images of a file as one tensor, decoded once."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

import PIL
import torch
from PIL import Image

from ganbench import Data, UsageError, cache
from ganbench_plugins.datasets.decode import Form, Undecodable, decode
from ganbench_plugins.datasets.looks import reason_of

if TYPE_CHECKING:
    from torch import Tensor

    from ganbench import DataInfo
    from ganbench_plugins.datasets.archives import Archive


ORDER = 2
"""Change it with the order in which images are read."""


def load_archive(archive: Archive, info: DataInfo, form: Form, channels: str) -> Data:
    """Both splits.

    Raises:
        UsageError: images cannot be decoded, which are all named.
    """
    (content,) = cache.file_hashes(archive.path.parent, [archive.path.name])
    made = {"side": form.side, "grey": form.grey, "alpha": form.alpha, "pillow": PIL.__version__}
    what = {"what": "images of a file", "order": ORDER}
    key = {**what, **made, "channels": channels, "content": content}
    (pixels,) = cache.tensors("datasets", key, lambda: (_pixels(archive, form),), what="images")
    heldout = torch.tensor(archive.heldout)
    labels = torch.tensor(archive.labels) if archive.classes else None
    return Data(
        info=info,
        train=pixels[~heldout],
        heldout=pixels[heldout],
        train_labels=None if labels is None else labels[~heldout],
        heldout_labels=None if labels is None else labels[heldout],
    )


def _pixels(archive: Archive, form: Form) -> Tensor:
    found, damaged = [], []
    for place, name in enumerate(archive.names):
        try:
            found.append(_decoded(archive, place, form))
        except Undecodable as error:
            damaged.append(f"{name} ({error})")
    if damaged:
        raise UsageError(
            f"{len(damaged)} of {len(archive.names)} images of {archive.path} cannot be used: "
            f"{', '.join(damaged[:20])}",
            "write the file again without them",
        )
    return torch.stack(found)


def _decoded(archive: Archive, place: int, form: Form) -> Tensor:
    try:
        source = archive.source(place)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:  # damaged, or locked
        raise Undecodable(reason_of(error)) from None
    if isinstance(source, bytes):
        return decode(io.BytesIO(source), form)
    packed = io.BytesIO()  # as a file, so that there is one way from images to pixels
    Image.fromarray(source.squeeze(-1) if source.shape[-1] == 1 else source).save(packed, "PNG")
    packed.seek(0)
    return decode(packed, form)
