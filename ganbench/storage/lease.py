"""One writer at a time where there are no locks: a lease, which its owner renews while it lives.

A lease is a chain of objects, ``lease-0001.json``, ``lease-0002.json`` and so on; who has created
the last one has it. To take, to renew and to give back are the same step: to create the next one,
which the store lets nobody do twice. So it never goes to two, and who has been taken over finds out
when it renews. Never imports torch.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from ganbench.storage.bucket import Bucket

SKEW_SECONDS: Final = 5.0
"""By which clocks of two machines may differ: who waits for a lease waits so much longer."""

_NAME: Final = re.compile(r"lease-([0-9]{4,12})\.json")


class Held(msgspec.Struct, frozen=True):
    """One object of the chain.

    Args:
        owner: unique to whoever works with one set of local files.
        host: of the owner, for people.
        until: Unix time at which it ends unless it is renewed; 0: it was given back.
    """

    owner: str
    host: str
    until: float

    def is_current(self, now: float) -> bool:
        """Whether anybody but its owner must wait."""
        return now <= self.until + SKEW_SECONDS


class Lease:
    """The lease on a folder of a bucket, as one owner sees it.

    Args:
        bucket: where it lies.
        folder: key of the folder.
        owner: who wants it.
        seconds: for which it lasts without being renewed.
        now: Unix time.
    """

    def __init__(
        self, bucket: Bucket, folder: str, owner: str, seconds: float, now: Callable[[], float]
    ) -> None:
        self._bucket = bucket
        self._folder = folder
        self._owner = owner
        self._seconds = seconds
        self._now = now
        self._number = 0
        self.until = 0.0
        """Unix time from which on others may have it."""
        self.previous: str | None = None
        """Who had it before this owner took it."""

    def advance(self) -> bool:
        """Take it, or renew it; False if somebody else has it.

        Raises:
            GanbenchError: the bucket cannot be used.
        """
        began = self._now()
        numbers = self._numbers()
        last = max(numbers, default=0)
        if last != self._number:
            content = self._bucket.read(self._key(last))
            if content is None:  # somebody has just taken the next one
                return False
            held = read_held(content)
            if held and held.owner != self._owner and (self._number or held.is_current(began)):
                return False
            self.previous = held.owner if held else None
        return self._create(last + 1, began + self._seconds, numbers)

    def release(self) -> None:
        """Give it back, if it is still this owner's: nobody has to wait for its end.

        Raises:
            GanbenchError: the bucket cannot be used.
        """
        numbers = self._numbers()
        if self._number and max(numbers, default=0) == self._number:
            self._create(self._number + 1, 0.0, numbers)
        self._number = 0

    def _create(self, number: int, until: float, before: Iterable[int]) -> bool:
        content = Held(owner=self._owner, host=socket.gethostname(), until=until)
        if not self._bucket.create(self._key(number), msgspec.json.encode(content)):
            return False
        # Numbers are removed below. Whoever has slept since it looked may create one of these anew.
        if max(self._numbers()) != number:
            self._bucket.remove([self._key(number)])
            return False
        self._bucket.remove(self._key(one) for one in before)
        self._number, self.until = number, until
        return True

    def _numbers(self) -> list[int]:
        return lease_numbers(
            key.removeprefix(f"{self._folder}/") for key in self._bucket.listing(self._folder)
        )

    def _key(self, number: int) -> str:
        return f"{self._folder}/{lease_file(number)}"


def lease_file(number: int) -> str:
    """Name of the object with that number."""
    return f"lease-{number:04}.json"


def lease_numbers(names: Iterable[str]) -> list[int]:
    """The numbers of those names that are a lease's."""
    return [int(match[1]) for name in names if (match := _NAME.fullmatch(name))]


def read_held(content: bytes) -> Held | None:
    """What an object of a chain says; None if that is nothing."""
    try:
        return msgspec.json.decode(content, type=Held)
    except msgspec.MsgspecError:
        return None
