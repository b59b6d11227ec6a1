"""Files that cannot be used: all of them are named at once, with what to type next; or left out."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ganbench import UsageError
from ganbench_plugins.datasets.telling import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ganbench_plugins.datasets.images import Images
    from ganbench_plugins.datasets.looks import Look

DEEP = "16 bits a channel"
SCALED = "[bits=16] scales 16 bits to 8"

MOST_NAMED = 200
"""Files of which each is named: more say the same again."""

MOST_TYPED = 20
"""Files that a command may name."""


def fault_of(look: Look, bits: int) -> str:
    """Why a file cannot be used, as far as its header tells; empty if it can.

    Args:
        look: how it is stored.
        bits: of a channel, that are asked for.
    """
    if look.fault:
        return look.fault
    if look.bits > 16:
        return f"{look.bits} bits a channel (mode {look.mode}), with no fixed black and white"
    return DEEP if look.bits > bits else ""


def sort_out(images: Images, reasons: Sequence[str], *, skip: bool) -> tuple[Images, list[str]]:
    """The images that can be used, and the names of the others.

    Args:
        images: that were found.
        reasons: against each of them; empty where there is none.
        skip: whether the others are left out.

    Raises:
        UsageError: there are others, and they are not to be left out; or no image is left.
    """
    bad = {path: why for path, why in zip(images.paths, reasons, strict=True) if why}
    if not bad:
        return images, []
    root = str(images.listing.root)
    if not skip or len(bad) == len(images):
        what = f"{len(bad):,} of {len(images):,} images of {shown(root)} cannot be used"
        raise UsageError(f"{what}; {_named(bad, root)}", _hint(bad, skip=skip))
    return images.only([not why for why in reasons]), [_short(path, root) for path in bad]


def _named(bad: dict[str, str], root: str) -> str:
    """The files, by what is wrong with them."""
    by_reason: dict[str, list[str]] = {}
    for path, why in list(bad.items())[:MOST_NAMED]:
        by_reason.setdefault(why, []).append(_short(path, root))
    named = "; ".join(f"{why}: {', '.join(names)}" for why, names in by_reason.items())
    return named + (f"; and {len(bad) - MOST_NAMED:,} more" if len(bad) > MOST_NAMED else "")


def _short(path: str, root: str) -> str:
    """A file as it is seen from the folder."""
    return shown(path.removeprefix(root).lstrip("/"))


def _hint(bad: dict[str, str], *, skip: bool) -> str:
    ways = ["none is left without them"] if skip else []
    if DEEP in bad.values():
        ways.append(SCALED)
    if not skip:
        ways.append("[damaged=skip] behind the folder leaves them out")
    if len(bad) <= MOST_TYPED:
        ways.append(removing(bad))
    return "; ".join(ways)


def removing(paths: Iterable[str]) -> str:
    """The command that takes files away."""
    return f"this removes them: rm -- {' '.join(map(shlex.quote, paths))}"
