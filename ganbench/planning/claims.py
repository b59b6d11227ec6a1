"""Published results, as a suite states them, to be put beside what is measured here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from ganbench.api.errors import UsageError

_NonNegative = Annotated[float, Meta(ge=0, le=1e300)]


class Claim(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number of a paper, as it is written under ``[[claims]]``.

    With `success`, the number is a share: of the settings of a variant, how many succeed.

    Args:
        task: of the suite, whose protocol is as near to the paper's as it can be.
        variant: as one types it. Of a share: all settings that were run, of which what is typed
            holds.
        score: what the score's key begins with: ``modes``, ``high_quality``.
        published: the number, in the unit in which the score is measured here; or a share in
            [0, 1].
        error: its standard error; 0 where the paper gives none. Of a share it is known from `runs`.
        runs: of the paper that it is the mean of; of a share, the number of settings.
        success: what the mean of a setting's seeds must reach, an unfinished run failing its
            setting; None: the claim is about the score itself.
        than: another variant, of which the same setting must fail: then the share is that of
            settings at which `variant` succeeds alone. Empty: there is none.
        steps: generator steps of one such run; 0: unknown.
        source: paper and table.
        protocol: how the paper got it, and what is different here.
    """

    task: str
    variant: str
    score: str
    published: Annotated[float, Meta(ge=-1e300, le=1e300)]
    error: _NonNegative = 0.0
    success: Annotated[float, Meta(ge=-1e300, le=1e300)] | None = None
    than: str = ""
    runs: Annotated[int, Meta(ge=1)] = 1
    steps: Annotated[int, Meta(ge=0)] = 0
    source: str
    protocol: str = ""

    def check(self) -> None:
        """Raise UsageError where fields contradict each other."""
        if self.success is None:
            if self.than:
                raise UsageError("than compares settings", "say with success when one succeeds")
        elif not 0 <= self.published <= 1:
            raise UsageError(f"a share of {self.published:g} is not in [0, 1]")
        elif self.error:
            raise UsageError("the error of a share is known from runs", "leave out error")
        elif self.runs == 1:
            raise UsageError("a share is of several settings", "say with runs of how many")
