"""A folder of the user's own sounds: what is done to them is told in one line, before it is.

Silence at their ends is cut off, they are resampled, mixed down where `mono` says so, and brought
to one length: shorter ones end in silence, of longer ones the beginning is taken. Unless folders
say which are held out (`listing.py`), it is every sound whose content hash is 0 modulo 5.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ganbench import Data, DataInfo, DatasetSpec, Parameter, Survey, UsageError, cache, hookimpl
from ganbench_plugins.datasets.faults import MOST_NAMED, MOST_TYPED, removing
from ganbench_plugins.datasets.folder import HELD_OUT_EVERY
from ganbench_plugins.datasets.listing import Listing, list_samples
from ganbench_plugins.datasets.sounds import SUFFIXES, Unreadable, read, require_reader
from ganbench_plugins.datasets.telling import copies

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parameters of `audio`, as `PARAMETERS` declares them."""

    path: str = ""
    rate: int = 8_000
    length: int = 4_096
    mono: bool = True
    trim: bool = True
    heldout: str = ""

    def info(self, classes: int) -> DataInfo:
        """The shape of the data set."""
        changed = sorted(
            f"{field.name}={str(value).lower() if isinstance(value, bool) else value}"
            for field in fields(self)
            if field.name != "path" and (value := getattr(self, field.name)) != field.default
        )
        return DataInfo(
            name=f"audio:{self.path}" + (f"[{','.join(changed)}]" if changed else ""),
            modality="audio",
            shape=(1 if self.mono else 2, self.length),
            classes=classes or None,
            rate=self.rate,
        )


PARAMETERS = {
    "path": Parameter(default="", path=True, help="the folder; subfolders are classes, or splits"),
    "rate": Parameter(default=8_000, minimum=1_000, maximum=192_000, help="samples per second"),
    "length": Parameter(default=4_096, minimum=256, maximum=65_536, help="samples of a clip"),
    "mono": Parameter(default=True, help="the mean of all channels; false: two of them"),
    "trim": Parameter(default=True, help="cut silence off the beginning and the end"),
    "heldout": Parameter(
        default="", path=True, help="folder of the sounds that are held out, instead of a fifth"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The files of a folder, in order.

    Args:
        listing: splits and classes.
        paths: of all files.
        hashes: of their contents.
        heldout: which are held out.
    """

    listing: Listing
    paths: list[str]
    hashes: list[str]
    heldout: list[bool]


def describe(**settings: Any) -> Survey:
    """Shape, classes, counts and content: files are hashed, and none is decoded.

    Raises:
        MissingData: no such folder, no sound in it, or the package that reads them is missing.
        UsageError: as `list_samples`.
    """
    options = Options(**settings)
    notes: list[str] = []
    found = _find(options, notes.append)
    require_reader(found.paths)
    held, classes = sum(found.heldout), found.listing.classes
    of = f" of {len(classes)} classes" if classes else ""
    told = f"{options.path}: {len(found.paths):,} sounds{of}, {held:,} held out, as " + (
        f"{options.length:,} samples at {options.rate:,} Hz, {'mono' if options.mono else 'stereo'}"
    )
    told = "; ".join((told, *copies(found.hashes, found.heldout)))
    left = [f"{count} {what}" for what, count in found.listing.left_out.most_common(3)]
    return Survey(
        info=options.info(len(classes)),
        fingerprint=found.listing.fingerprint(found.hashes),
        train=len(found.paths) - held,
        heldout=held,
        notes=(*notes, told + (f"; left out: {', '.join(left)}" if left else "")),
    )


def prepare(**settings: Any) -> Iterator[str]:
    """Decode every sound once, so that all that fail are named before a run starts.

    Yields:
        a line for what is known only now.

    Raises:
        MissingData, UsageError: as `load`.
    """
    data = load(**settings)
    if bool((data.train == data.train[:1]).all()):
        yield f"{settings['path']}: all sounds to train on are the same"


def load(**settings: Any) -> Data:
    """The clips, from the cache if nothing has changed.

    Raises:
        MissingData: as `describe`.
        UsageError: files that are no sounds, which are all named.
    """
    import torch

    options = Options(**settings)
    found = _find(options, print)
    require_reader(found.paths)

    def compute() -> tuple[torch.Tensor, ...]:
        return (torch.from_numpy(clips_of(found.paths, **made)),)

    made = {name: getattr(options, name) for name in ("rate", "length", "mono", "trim")}
    contents = hashlib.sha256("".join(found.hashes).encode()).hexdigest()
    key = {"what": "sounds", **made, "contents": contents}
    (clips,) = cache.tensors("datasets", key, compute, what="decoded sounds")
    heldout, labels = torch.tensor(found.heldout), torch.tensor(found.listing.labels)
    classes = len(found.listing.classes)
    return Data(
        info=options.info(classes),
        train=clips[~heldout],
        heldout=clips[heldout],
        train_labels=labels[~heldout] if classes else None,
        heldout_labels=labels[heldout] if classes else None,
    )


def _find(options: Options, remark: Any) -> Found:
    listing = list_samples("audio", SUFFIXES, options.path, options.heldout)
    paths, hashes, held = list[str](), list[str](), list[bool]()
    for group in listing.groups:
        try:
            contents = cache.file_hashes(group.root, group.files, remark)
        except OSError as error:
            raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
        paths += [os.path.join(group.root, file) for file in group.files]  # noqa: PTH118
        hashes += contents
        if listing.heldout is None:
            held += [int(content, 16) % HELD_OUT_EVERY == 0 for content in contents]
        else:
            held += [group is listing.heldout] * len(group.files)
    return Found(listing=listing, paths=paths, hashes=hashes, heldout=held)


def clips_of(
    paths: list[str], *, rate: int, length: int, mono: bool = True, trim: bool = True
) -> NDArray[np.int16]:
    """The sounds of files as (N, channels, length) clips.

    Args:
        paths: of the files.
        rate, length, mono, trim: as in `PARAMETERS`.

    Raises:
        UsageError: files that are no sounds.
    """
    import numpy as np

    from ganbench_plugins.datasets.clips import fitted, mixed, pcm, resampled, trimmed

    clips: list[NDArray[np.int16]] = []
    damaged: dict[str, str] = {}
    for path in paths:
        try:
            sound, found = read(path)
        except Unreadable as error:
            damaged[path] = str(error)
            continue
        sound = resampled(mixed(sound, 1 if mono else 2), found, rate)
        clips.append(pcm(fitted(trimmed(sound) if trim else sound, length, rate)))
    if damaged:
        more = f"; and {len(damaged) - MOST_NAMED:,} more" if len(damaged) > MOST_NAMED else ""
        named = "; ".join(f"{path} {why}" for path, why in list(damaged.items())[:MOST_NAMED])
        raise UsageError(
            f"{len(damaged):,} of {len(paths):,} sounds cannot be used: {named}{more}",
            "mend them, or take them out of the folder"
            + (f"; {removing(damaged)}" if len(damaged) <= MOST_TYPED else ""),
        )
    return np.stack(clips)


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The user's own sounds."""
    return [
        DatasetSpec(
            name="audio",
            description="your own folder of sounds, as audio:PATH; a fifth or its test folder is "
            "held out",
            modalities=("audio",),
            parameters=PARAMETERS,
            describe=describe,
            load=load,
            prepare=prepare,
            argument="path",
        )
    ]
