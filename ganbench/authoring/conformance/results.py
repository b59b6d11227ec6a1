"""How a check ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from ganbench.api.errors import PluginNotUsable

CheckStatus = Literal["passed", "failed", "skipped", "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of one check of one plugin.

    Args:
        id: of the check, stable between versions.
        status: `passed`, `failed`, `skipped` (it does not apply, or cannot be done here) or
            `expected` (it failed, and was declared to).
        reason: why it did not pass; empty if it did.
        hint: how to mend what failed, where that is known; else empty.
        waits_for: the check that failed and without which this one, skipped, means nothing.
    """

    id: str
    status: CheckStatus
    reason: str = ""
    hint: str = ""
    waits_for: str = ""


class CheckFailed(AssertionError):
    """A plugin breaks a rule: the check's id, the reason and the hint."""


class Broken(Exception):
    """Raised by a check: the plugin breaks its rule.

    Args:
        reason: how.
        mend: how to mend just that; None: as the check's table says; empty: nobody knows.
    """

    def __init__(self, reason: str, mend: str | None = None) -> None:
        super().__init__(reason)
        self.mend = mend


class NotApplicable(Exception):
    """Raised by a check that says nothing about this plugin, or cannot be done on this machine."""


@contextmanager
def contract() -> Iterator[None]:
    """Where a contract of runs is broken, the check's rule is.

    Raises:
        Broken: it is, in the run's words.
    """
    try:
        yield
    except PluginNotUsable as error:
        raise Broken(error.message, error.hint) from error
