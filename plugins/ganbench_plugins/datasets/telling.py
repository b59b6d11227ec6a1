"""The one line that says what a folder of images holds, and what of it is not used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench_plugins.datasets.label_file import LABEL_FILE

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ganbench_plugins.datasets.images import Images
    from ganbench_plugins.datasets.listing import Listing
    from ganbench_plugins.datasets.looks import Look

MOST_CLASSES = 8
MOST_LEFT_OUT = 6
MOST_FILES = 20
"""That are named before the rest is counted."""

NOT_READ = frozenset(
    {".heic", ".heif", ".hif", ".jxl", ".psd", ".svg", ".exr", ".hdr", ".raw", ".dng", ".cr2"}
    | {".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".ico", ".eps", ".ai", ".pdf", ".mp4"}
    | {".mov", ".avi", ".mkv", ".webm", ".npy", ".npz", ".h5", ".tfrecord", ".zip", ".tar", ".gz"}
)
"""Files that may well hold images, of formats that are not read here."""


def told(
    images: Images, damaged: Sequence[str], side: int, alpha: str, *, certain: bool = True
) -> str:
    """The line.

    Args:
        images: those that are used.
        damaged: names of those that are left out for what is in them.
        side: height and width in pixels that they get.
        alpha: what becomes of transparency.
        certain: whether no other file will turn out to be damaged.
    """
    listing = images.listing
    parts = (
        f"{_counted(len(images), 'image')}, {_classes(listing)}, {_split(images)}",
        *_lacking(images),
        *copies(images.hashes, images.heldout),
        *_forms(images.looks, side, alpha),
        *((listing.given.note,) if listing.given and listing.given.note else ()),
        *left_out(listing.left_out, damaged),
        *(() if certain else ("not all are decoded yet: damaged ones will be left out",)),
    )
    return f"{shown(str(listing.root))}: {'; '.join(parts)}"


def shown(text: str) -> str:
    """A name as it can be printed: it may hold anything that a file system takes."""
    return text if text.isprintable() else ascii(text)


def listed(names: Sequence[str], most: int = MOST_FILES) -> str:
    """Names, one after another; of many the first ones and how many there are besides."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(shown, names[:most])) + more


def _classes(listing: Listing) -> str:
    if listing.classes:
        by = f" by {LABEL_FILE}" if listing.given else ""
        return f"{len(listing.classes)} classes{by} ({listed(listing.classes, MOST_CLASSES)})"
    if listing.given is not None:
        return f"no classes by {LABEL_FILE}"
    in_folders = [group.folders for group in listing.groups]
    if None in in_folders and any(in_folders):
        return "no classes (one of the splits has no folders of them)"
    return "no classes"


def _split(images: Images) -> str:
    listing, held = images.listing, sum(images.heldout)
    train, by = "", "by content"
    if listing.heldout is not None:
        train = f" ({_from(listing.train.root, listing.root)})"
        by = _from(listing.heldout.root, listing.root)
    return f"{len(images) - held:,} to train on{train}, {held:,} held out ({by})"


def _from(folder: Path, root: Path) -> str:
    """A folder as it is seen from another one."""
    if folder == root:
        return "the rest"
    return shown(str(folder.relative_to(root) if folder.is_relative_to(root) else folder))


def _lacking(images: Images) -> Iterator[str]:
    """Classes that a split has no image of."""
    names = images.listing.classes
    for held, what in ((False, "to train on"), (True, "held out")):
        own = {one for one, out in zip(images.labels, images.heldout, strict=False) if out is held}
        missing = [name for place, name in enumerate(names) if place not in own]
        if missing and own:
            yield f"none {what} of {listed(missing, MOST_CLASSES)}"


def copies(hashes: Sequence[str], heldout: Sequence[bool]) -> Iterator[str]:
    """How many samples are alike, and how many of these are held out and trained on as well.

    Args:
        hashes: of the content of each.
        heldout: whether it is.
    """
    count, different = len(hashes), len(set(hashes))
    if different == 1 and count > 1:
        yield "all are the same file"
    elif different < count:
        yield f"{count - different:,} a copy of another"
    pairs = list(zip(hashes, heldout, strict=True))
    train = {content for content, held in pairs if not held}
    leaks = sum(held and content in train for content, held in pairs)
    if leaks:
        yield f"{leaks:,} of the held-out ones also to train on"


def _forms(looks: Sequence[Look], side: int, alpha: str) -> Iterator[str]:
    """What becomes of files that are not stored as networks get them."""
    becomes = "kept as a channel" if alpha == "keep" else f"laid {alpha.replace('-', ' ')}"
    kinds = (
        (sum(not look.square for look in looks), "not square: cropped to the middle"),
        (sum(look.side < side for look in looks), f"smaller than {side} px: enlarged"),
        (sum(look.side > side for look in looks), f"larger than {side} px: made smaller"),
        (sum(look.several for look in looks), "of several pages or frames: the first is taken"),
        (sum(look.alpha for look in looks), f"with transparency: {becomes}"),
        (sum(look.bits == 16 for look in looks), "of 16 bits: scaled to 8"),
        (sum(look.mode == "CMYK" for look in looks), "of CMYK: made RGB without their profile"),
    )
    yield from (f"{count:,} {what}" for count, what in kinds if count)


def left_out(found: Counter[str], damaged: Sequence[str] = ()) -> Iterator[str]:
    """What is not used, and how often, if there is any."""
    parts = [f"{len(damaged):,} damaged ({listed(damaged, MOST_LEFT_OUT)})"] if damaged else []
    most = found.most_common()
    parts += [_one_left_out(what, count) for what, count in most[:MOST_LEFT_OUT]]
    rest = sum(count for _, count in most[MOST_LEFT_OUT:])
    if rest:
        parts.append(f"{rest:,} others")
    if parts:
        yield f"left out: {', '.join(parts)}"


def _one_left_out(what: str, count: int) -> str:
    if what.startswith("."):
        why = "not read: convert them" if what in NOT_READ else "no images"
        return f"{count:,} {shown(what)} ({why})"
    head, _, rest = what.partition(" ")
    return f"{_counted(count, head)} {shown(rest)}".strip()


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
