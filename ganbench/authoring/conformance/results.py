"""How a check ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckStatus = Literal["passed", "failed", "skipped", "expected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What became of one check of one plugin.

    Args:
        id: of the check, stable between versions.
        status: `passed`, `failed`, `skipped` (it does not apply, or cannot be done here) or
            `expected` (it failed, and was declared to).
        reason: why it did not pass; empty if it did.
        hint: how to mend what failed; empty otherwise.
    """

    id: str
    status: CheckStatus
    reason: str = ""
    hint: str = ""


class CheckFailed(AssertionError):
    """A plugin breaks a rule: the check's id, the reason and the hint."""


class Broken(Exception):
    """Raised by a check: the plugin breaks its rule. The message is the reason."""


class NotApplicable(Exception):
    """Raised by a check that says nothing about this plugin, or cannot be done on this machine."""
