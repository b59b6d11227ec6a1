"""Errors that a user can act on. Each says what, where and why, and what to type next."""

import difflib
from collections.abc import Iterable


class GanbenchError(Exception):
    """A failure to be shown to the user as one clear line, never as a traceback.

    Args:
        message: what went wrong, where and why.
        hint: what to do or type next, if anything helps.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # Not a line each: records, logs and lists have one for an error, and join what it says.
        return f"{self.message}; {self.hint}" if self.hint else self.message


class UsageError(GanbenchError):
    """The request itself is wrong: an unknown name, a malformed budget, suite or parameter."""

    exit_code = 2


class PluginNotUsable(GanbenchError):
    """A plugin that the request needs exists, but cannot be used, or does not keep its contract.

    Args:
        message, hint: as of every error.
        kind: `model` or `loss` where it is one of these two that is wrong; else empty.
        located: whether the message tells the plugin's distribution and file.
    """

    exit_code = 3

    def __init__(
        self, message: str, hint: str | None = None, kind: str = "", *, located: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.kind = kind
        self.located = located


class OtherCode(PluginNotUsable):
    """A plugin is not the one that a run was planned with, or with which it was made."""


class InvalidResults(GanbenchError):
    """A record, leaderboard or manifest on disk is not what it claims to be."""

    exit_code = 4


class NothingSelected(GanbenchError):
    """The request selects no run at all."""

    exit_code = 5


class MissingData(UsageError):
    """Data or pretrained weights are not on this machine; the hint says how to get them."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known names, or lists them all when none is close.

    Capitals are no difference: papers write DCGAN and WGAN-GP.
    """
    names = sorted(set(known))
    folded: dict[str, list[str]] = {}
    for one in names:
        folded.setdefault(one.casefold(), []).append(one)
    keys = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.6)
    close = [one for key in keys for one in folded[key]]
    if close:
        return "did you mean " + " or ".join(close) + "?"
    return f"known: {', '.join(names)}" if names else None


def one_line(said: BaseException | str) -> str:
    """What a text or an error says, in one line; the type of an error that says nothing."""
    text = " ".join(str(said).split())
    return text or (type(said).__name__ if isinstance(said, BaseException) else "")


def type_and_line(error: BaseException) -> str:
    """The type of an error and what it says, in one line: ``ValueError: no such layer``."""
    text, name = one_line(error), type(error).__name__
    return text if text == name else f"{name}: {text}"
