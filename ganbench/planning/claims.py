"""Published results, as a suite states them, to be put beside what is measured here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

_NonNegative = Annotated[float, Meta(ge=0, le=1e300)]


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number of a paper, as it is written under ``[[claims]]``.

    Args:
        task: of the suite, whose protocol is as near to the paper's as it can be.
        variant: as one types it.
        score: what the score's key begins with: ``modes``, ``high_quality``.
        published: the number, in the unit in which the score is measured here.
        error: its standard error; 0 where the paper gives none.
        runs: of the paper that it is the mean of.
        steps: generator steps of one such run; 0: unknown.
        source: paper and table.
        protocol: how the paper got it, and what is different here.
    """

    task: str
    variant: str
    score: str
    published: Annotated[float, Meta(ge=-1e300, le=1e300)]
    error: _NonNegative = 0.0
    runs: Annotated[int, Meta(ge=1)] = 1
    steps: Annotated[int, Meta(ge=0)] = 0
    source: str
    protocol: str = ""
