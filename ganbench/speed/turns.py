"""Several ways to train, timed in turn, so that whatever slows the machine slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import truediv
from statistics import median
from typing import Final, Protocol

CHUNK_SECONDS: Final = 0.2
"""Of one turn: long beside a clock's tick, short beside what comes and goes on a machine."""


class Contender(Protocol):
    """One way to train."""

    seeds: int
    """Runs that it trains at a time."""

    def advance(self, steps: int) -> None:
        """Take so many generator steps, with what belongs to them, of each of its runs."""


def take_turns(
    contenders: Mapping[str, Contender], rounds: int, now: Callable[[], float]
) -> dict[str, list[float]]:
    """Seconds of a step of one run, by contender and round.

    Args:
        contenders: by name; each takes about `CHUNK_SECONDS` at a time.
        rounds: turns of each.
        now: a clock in seconds.
    """
    chunks = {name: _chunk(one, now) for name, one in contenders.items()}
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, one in contenders.items():
            took = _seconds(one, chunks[name], now)
            found[name].append(took / (chunks[name] * one.seeds))
    return found


def ratio(ours: list[float], theirs: list[float]) -> float:
    """Our time over theirs: the median over rounds, each of which compares neighbours in time."""
    return float(median(map(truediv, ours, theirs)))


def _chunk(contender: Contender, now: Callable[[], float]) -> int:
    """Steps that fill a turn. Taking them warms up: the first ones are slower than all others."""
    contender.advance(2)
    steps = 1
    while (took := _seconds(contender, steps, now)) < CHUNK_SECONDS / 4:
        steps *= 2
    return max(1, round(steps * CHUNK_SECONDS / took))


def _seconds(contender: Contender, steps: int, now: Callable[[], float]) -> float:
    began = now()
    contender.advance(steps)
    return now() - began
