"""What the header of an image file tells: how it is stored, and whether it can be read at all.

Looked at once for each content, without decoding a pixel: files that are no images, cut short or
deeper than what can be stored are known before anything is trained on them. Never imports torch.
"""

from __future__ import annotations

import errno
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from ganbench import cache

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PIL import Image

VERSION = 3
"""Change it with what is looked for."""

READERS = 8
"""Files that are looked at at a time: disks and networks are waited for."""

PORTION = 256
"""Files that a reader takes at a time."""

WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
UNBOUNDED = frozenset({"I", "F"})
"""Modes of 32 bits: integers or floats of which nobody says what is black and what is white."""


class Look(NamedTuple):
    """A file as it is stored.

    Args:
        mode: Pillow's: how colours are stored.
        bits: of a channel: 8 or fewer count as 8, then 16 and 32.
        alpha: whether there is transparency.
        several: whether it has several pages or frames.
        fault: why it cannot be read; empty if it can.
        side: of its central square, in pixels.
        square: whether that is all of it.
    """

    mode: str = ""
    bits: int = 8
    alpha: bool = False
    several: bool = False
    fault: str = ""
    side: int = 0
    square: bool = True


def look_at_all(
    root: Path, paths: Sequence[str], hashes: Sequence[str], remark: Callable[[str], object]
) -> list[Look]:
    """The look of each file; one that was looked at before is not opened.

    Args:
        root: of the folder, for which they are remembered.
        paths: of the files.
        hashes: of their contents.
        remark: takes a line for whatever is wrong with the cache.

    Raises:
        OSError: a file cannot be read now.
    """
    import PIL

    key = {"what": "looks", "version": VERSION, "pillow": PIL.__version__, "root": os.fspath(root)}
    facts = cache.facts(key, remark)
    known = {content: Look(*look) for content, look in facts.known().items()}
    new = {one: path for one, path in zip(hashes, paths, strict=True) if one not in known}
    if new:
        found = dict(zip(new, _looks(list(new.values())), strict=True))
        facts.add(found, hashes)
        known |= found
    return [known[content] for content in hashes]


def decoded(root: Path, remark: Callable[[str], object]) -> cache.Facts:
    """What decoding has found out: the reason against each content that failed, or nothing."""
    import PIL

    key = {"what": "decoded", "pillow": PIL.__version__, "root": os.fspath(root)}
    return cache.facts(key, remark)


def _looks(paths: Sequence[str]) -> list[Look]:
    portions = [paths[start : start + PORTION] for start in range(0, len(paths), PORTION)]
    with warnings.catch_warnings(), ThreadPoolExecutor(READERS) as pool:
        quiet()
        return [
            one for some in pool.map(lambda some: [*map(look_at, some)], portions) for one in some
        ]


def quiet() -> None:
    """Make an error of what Pillow only warns of: an image large enough to be an attack on memory;
    and nothing of its other warnings."""
    from PIL import Image

    warnings.filterwarnings("ignore", category=UserWarning, module="PIL")
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def look_at(path: str) -> Look:
    """One file.

    Raises:
        OSError: it cannot be read now, which says nothing of what it holds.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            what = image.mode, bits_of(image), has_alpha(image), _several(image)
            look = Look(*what, side=min(image.size), square=min(image.size) == max(image.size))
            image.verify()
    except Exception as error:  # damage can end Pillow in any kind of error
        if isinstance(error, OSError) and is_passing(error):
            raise OSError(error.errno, error.strerror, path) from None
        if is_passing(error):
            raise
        return Look(fault=reason_of(error))
    return look


def is_passing(error: Exception) -> bool:
    """Whether it tells of the machine and nothing of the file: what the system refuses has a
    number, which Pillow's own errors have not. A place that no file has is asked for by a damaged
    one."""
    if isinstance(error, OSError):
        return error.errno not in (None, errno.EINVAL, errno.EOVERFLOW)
    return isinstance(error, MemoryError)


def reason_of(error: Exception) -> str:
    """Why Pillow gives up, in words that are the same for all files of which it is the reason."""
    told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    if type(error).__name__ == "UnidentifiedImageError":  # which tells the path
        return "it is no image that this Pillow can read"
    return "it is cut short" if told.lower().startswith("image file is truncated") else told


def bits_of(image: Image.Image) -> int:
    """Bits of a channel as they are stored, which the mode of an opened image does not tell."""
    if image.mode.startswith("I;16"):
        return 16
    codings = [tile[3] for tile in getattr(image, "tile", [])]
    raw = [
        part for coding in codings for part in (coding if isinstance(coding, tuple) else (coding,))
    ]
    if any(isinstance(part, str) and ";16" in part for part in raw):
        return 16
    if image.format == "PPM" and any(isinstance(part, int) and part > 255 for part in raw):
        return 16
    return 32 if image.mode in UNBOUNDED else 8


def has_alpha(image: Image.Image) -> bool:
    """Whether some of it may be transparent."""
    return image.mode in WITH_ALPHA or "transparency" in image.info


def _several(image: Image.Image) -> bool:
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # a later page is damaged: the first one is not, perhaps
        return True
