"""One part of a plan, for one of several machines that know nothing of each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.planning.runspec import RunSpec
from ganbench.wording import counted


@dataclass(frozen=True, slots=True)
class Shard:
    """The K-th of N parts.

    Args:
        number: from 1 to `count`.
        count: of all parts.

    Raises:
        UsageError: there is no such part.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UsageError(
                f"there is no shard {self}", "the first of four is 1/4, and the last one 4/4"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """From ``2/4``.

        Raises:
            UsageError: it is not of that form, or there is no such part.
        """
        found = re.fullmatch(r"\s*([0-9]{1,6})\s*/\s*([0-9]{1,6})\s*", text, re.ASCII)
        if found is None:
            raise UsageError(f"{text!r} is no shard", "write the second of four as 2/4")
        return cls(*map(int, found.groups()))

    def of(self, runs: Sequence[RunSpec]) -> tuple[RunSpec, ...]:
        """Its runs, in their order.

        Runs are dealt out in the order of task, variant and seed, as cards are: shards differ by at
        most one run, in number and of every task and every variant of it. Of the order in which
        tasks, variants and seeds were typed nothing depends, nor of the code that is installed.

        Raises:
            NothingSelected: there are more shards than runs.
        """
        dealt = sorted(runs, key=lambda spec: (spec.task.name, spec.variant, spec.seed))
        ours = {id(spec) for spec in dealt[self.number - 1 :: self.count]}
        if not ours:
            reason = f"shard {self} is empty: the plan has {counted(len(runs), 'run')}"
            raise NothingSelected(reason, f"make {len(runs)} shards or fewer")
        return tuple(spec for spec in runs if id(spec) in ours)

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
