"""A folder of the user's own images: what is taken of it is told in one line, before anything runs.

Images may also be in one file (`archives.py`).

Images are turned upright (EXIF), cropped to their central square and resized (Lanczos). Unless
folders say which images are held out (`listing.py`), it is every image whose content hash is 0
modulo 5, about a fifth: neither a renamed file, nor an added one, nor a copy of an image can move a
sample from one split to the other.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ganbench import Data, DataInfo, DatasetSpec, Parameter, Survey, UsageError, cache, hookimpl
from ganbench_plugins.datasets.archives import is_archive, open_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ganbench_plugins.datasets.archives import Archive
    from ganbench_plugins.datasets.images import Images
    from ganbench_plugins.datasets.listing import Group

HELD_OUT_EVERY = 5

MANY = 2_000
"""Images of which decoding takes long enough for a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parameters of `images`, as `PARAMETERS` declares them."""

    path: str = ""
    side: int = 32
    grey: bool = False
    heldout: str = ""
    damaged: str = "refuse"
    alpha: str = "over-white"
    bits: int = 8
    channels: str = "found"

    def info(self, classes: int) -> DataInfo:
        """The shape of the data set."""
        changed = sorted(
            f"{field.name}={str(value).lower() if isinstance(value, bool) else value}"
            for field in fields(self)
            if field.name != "path" and (value := getattr(self, field.name)) != field.default
        )
        channels = (1 if self.grey else 3) + (self.alpha == "keep")
        return DataInfo(
            name=f"images:{self.path}" + (f"[{','.join(changed)}]" if changed else ""),
            modality="image",
            shape=(channels, self.side, self.side),
            classes=classes or None,
        )


PARAMETERS = {
    "path": Parameter(
        default="",
        path=True,
        help="the folder; subfolders are classes, or splits; or a .zip, .npz or .npy",
    ),
    "side": Parameter(default=32, help="height and width in pixels", minimum=8, maximum=512),
    "grey": Parameter(default=False, help="one grey channel instead of colour"),
    "heldout": Parameter(
        default="", path=True, help="folder of the images that are held out, instead of a fifth"
    ),
    "damaged": Parameter(
        default="refuse",
        choices=("refuse", "skip"),
        help="what becomes of files that cannot be used: nothing runs, or they are left out",
    ),
    "alpha": Parameter(
        default="over-white",
        choices=("over-white", "over-black", "keep"),
        help="what transparent parts show; keep: one more channel",
    ),
    "bits": Parameter(
        default=8, choices=(8, 16), help="16: take images of 16 bits a channel too, scaled to 8"
    ),
    "channels": Parameter(
        default="found",
        choices=("found", "first", "last"),
        help="where those of an array stand; found: where its shape makes sense",
    ),
}


def describe(**settings: Any) -> Survey:
    """Shape, classes, counts and content: files are hashed, their headers read, and none decoded.

    Raises:
        MissingData, UsageError: as `list_images`; or files cannot be used, which are all named.
    """
    from ganbench_plugins.datasets.faults import sort_out
    from ganbench_plugins.datasets.looks import decoded
    from ganbench_plugins.datasets.telling import told

    options = Options(**settings)
    if is_archive(options.path):
        return _describe_archive(options)
    notes: list[str] = []
    found, reasons = _found(options, notes.append)
    known = decoded(found.listing.root, notes.append).known()
    reasons = [
        reason or known.get(content, "")
        for reason, content in zip(reasons, found.hashes, strict=True)
    ]
    images, left_out = sort_out(found, reasons, skip=options.damaged == "skip")
    # Of files that are skipped nobody knows how many, before each was decoded once.
    certain = options.damaged != "skip" or known.keys() >= set(images.hashes)
    heldout = sum(images.heldout)
    return Survey(
        info=options.info(len(found.listing.classes)),
        fingerprint=found.listing.fingerprint(found.hashes),
        train=len(images) - heldout if certain else None,
        heldout=heldout if certain else None,
        notes=(*notes, told(images, left_out, options.side, options.alpha, certain=certain)),
    )


def prepare(**settings: Any) -> Iterator[str]:
    """Decode every image once, so that all that fail are named before a run starts.

    Yields:
        a line for what is known only now.

    Raises:
        MissingData, UsageError: as `describe`.
    """
    from ganbench_plugins.datasets.faults import sort_out
    from ganbench_plugins.datasets.looks import decoded
    from ganbench_plugins.datasets.telling import listed, shown

    options = Options(**settings)
    if is_archive(options.path):
        _load_archive(options)
        return
    found, reasons = _found(options, print)
    images, _ = sort_out(found, reasons, skip=options.damaged == "skip")
    known = decoded(found.listing.root, print).known()
    if known.keys() >= set(images.hashes):
        return
    root = shown(str(found.listing.root))
    if len(images) >= MANY:
        yield f"{root}: decoding {len(images):,} images, once"
    data, left_out = _loaded(options, found, reasons)
    if left_out:
        yield f"{root}: left out {len(left_out):,} damaged: {listed(left_out)}"
    first = data.train[:1]
    if bool((data.train == first).all()) and bool((data.heldout == first).all()):
        yield f"{root}: all images are the same at {options.side} by {options.side} pixels"


def load(**settings: Any) -> Data:
    """The decoded images, from the cache if nothing has changed.

    Raises:
        MissingData, UsageError: as `describe`.
    """
    options = Options(**settings)
    if is_archive(options.path):
        return _load_archive(options)
    return _loaded(options, *_found(options, print))[0]


def _describe_archive(options: Options) -> Survey:
    archive = _archive(options)
    (content,) = cache.file_hashes(archive.path.parent, [archive.path.name])
    held = sum(archive.heldout)
    return Survey(
        info=options.info(len(archive.classes)),
        fingerprint=content[:16],
        train=len(archive.names) - held,
        heldout=held,
        notes=(archive.told(options.side),),
    )


def _load_archive(options: Options) -> Data:
    from ganbench_plugins.datasets.decode import Form
    from ganbench_plugins.datasets.unpacked import load_archive

    archive = _archive(options)
    form = Form(side=options.side, grey=options.grey, alpha=options.alpha)
    info = options.info(len(archive.classes))
    return load_archive(archive, info, form, options.channels, options.bits)


def _archive(options: Options) -> Archive:
    for name in ("heldout", "damaged"):
        if getattr(options, name) != PARAMETERS[name].default:
            raise UsageError(f"{name} is about folders of images, and {options.path} is a file")
    return open_archive(options.path, options.channels)


def _loaded(options: Options, found: Images, reasons: list[str]) -> tuple[Data, list[str]]:
    """The data of what was found, and the names of files that are left out of it."""
    import torch

    from ganbench_plugins.datasets.decode import Form
    from ganbench_plugins.datasets.faults import sort_out
    from ganbench_plugins.datasets.pixels import decode_all

    skip = options.damaged == "skip"
    images, unreadable = sort_out(found, reasons, skip=skip)
    form = Form(side=options.side, grey=options.grey, alpha=options.alpha)
    pixels, reasons = decode_all(images, form)
    images, undecodable = sort_out(images, reasons, skip=skip)
    heldout = torch.tensor(images.heldout)
    labels = torch.tensor(images.labels)
    classes = bool(images.listing.classes)
    data = Data(
        info=options.info(len(images.listing.classes)),
        train=pixels[~heldout],
        heldout=pixels[heldout],
        train_labels=labels[~heldout] if classes else None,
        heldout_labels=labels[heldout] if classes else None,
    )
    return data, [*unreadable, *undecodable]


def _found(options: Options, remark: Callable[[str], object]) -> tuple[Images, list[str]]:
    """All images below the folder, and what each header has against it, empty where nothing."""
    from ganbench_plugins.datasets.faults import fault_of
    from ganbench_plugins.datasets.image_listing import list_images
    from ganbench_plugins.datasets.images import Images
    from ganbench_plugins.datasets.looks import look_at_all

    listing = list_images(options.path, options.heldout)
    hashes = [content for group in listing.groups for content in _hashes(group, remark)]
    # Text, not paths: of 50,000 files these would take most of the time.
    paths = [
        os.path.join(group.root, file)  # noqa: PTH118
        for group in listing.groups
        for file in group.files
    ]
    if listing.heldout is None:
        heldout = [int(content, 16) % HELD_OUT_EVERY == 0 for content in hashes]
    else:
        heldout = [group is listing.heldout for group in listing.groups for _ in group.files]
    try:
        looks = look_at_all(listing.root, paths, hashes, remark)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None
    found = Images(
        listing=listing,
        paths=paths,
        hashes=hashes,
        heldout=heldout,
        labels=listing.labels,
        looks=looks,
    )
    return found, [fault_of(look, options.bits) for look in looks]


def _hashes(group: Group, remark: Callable[[str], object]) -> Sequence[str]:
    try:
        return cache.file_hashes(group.root, group.files, remark)
    except OSError as error:
        raise UsageError(f"cannot read {error.filename}: {error.strerror}") from None


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The user's own images."""
    return [
        DatasetSpec(
            name="images",
            description="your own images, as images:PATH of a folder, .zip, .npz or .npy; a fifth "
            "or its test folder is held out",
            modalities=("image",),
            parameters=PARAMETERS,
            describe=describe,
            prepare=prepare,
            load=load,
            argument="path",
        )
    ]
