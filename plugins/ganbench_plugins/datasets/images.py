"""Images of a folder with all that is known of them before one is decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ganbench_plugins.datasets.listing import Listing
    from ganbench_plugins.datasets.looks import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Some images of a folder; one entry of each sequence for each of them.

    Args:
        listing: what was found, of which these are a part.
        paths: absolute.
        hashes: of their contents, in hexadecimal digits.
        heldout: whether they are.
        labels: places in the listing's classes; empty where there are none.
        looks: how they are stored.
    """

    listing: Listing
    paths: Sequence[str]
    hashes: Sequence[str]
    heldout: Sequence[bool]
    labels: Sequence[int]
    looks: Sequence[Look]

    def __len__(self) -> int:
        return len(self.paths)

    def only(self, kept: Sequence[bool]) -> Images:
        """Those that are to be kept."""
        return replace(
            self,
            paths=list(compress(self.paths, kept)),
            hashes=list(compress(self.hashes, kept)),
            heldout=list(compress(self.heldout, kept)),
            labels=list(compress(self.labels, kept)),
            looks=list(compress(self.looks, kept)),
        )
