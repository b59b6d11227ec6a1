"""`python -m ganbench_steered`: the command `ganbench`, with its patience in the hands of a test.

It waits for a worker that was asked to stop for as long as that takes, and time limits are counted
by a clock on which an hour passes when a run tells that it hangs, and hardly anything before.
Leases on runs in a bucket last for a day, which is over once the test tells so; what happens there
is seen at once.
"""

from __future__ import annotations

import time
from types import SimpleNamespace

from ganbench_gates import Gates

from ganbench.cli.main import main
from ganbench.execution import turns
from ganbench.execution.executors import executor, limits
from ganbench.results import mirror_store

HOUR = 3600.0
DAY = 24 * HOUR


def steer(gates: Gates) -> None:
    """Take patience and clock out of the hands of the machine."""
    began = time.monotonic()

    def clock() -> float:
        return began + (HOUR if gates.told("hanging") else 0.0)

    assert hasattr(executor, "GRACE_SECONDS")
    executor.GRACE_SECONDS = DAY
    assert hasattr(limits, "time")
    limits.time = SimpleNamespace(monotonic=clock)  # type: ignore[assignment]

    def calendar() -> float:
        return time.time() + (2 * DAY if gates.told("the day is over") else 0.0)

    assert turns.LEASE_SECONDS
    turns.LEASE_SECONDS = DAY
    turns.RENEW_SECONDS = turns.LOOK_SECONDS = 0.05
    assert hasattr(mirror_store, "time")
    mirror_store.time = SimpleNamespace(time=calendar)  # type: ignore[assignment]


if __name__ == "__main__":
    steer(Gates.of_environment())
    main()
