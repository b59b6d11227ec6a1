"""`python -m ganbench_steered`: the command `ganbench`, with its patience in the hands of a test.

It waits for a worker that was asked to stop for as long as that takes, and time limits are counted
by a clock on which an hour passes when a run tells that it hangs, and hardly anything before.
"""

from __future__ import annotations

import time
from types import SimpleNamespace

from ganbench_gates import Gates

from ganbench.cli.main import main
from ganbench.execution.executors import executor, limits

HOUR = 3600.0


def steer(gates: Gates) -> None:
    """Take patience and clock out of the hands of the machine."""
    began = time.monotonic()

    def clock() -> float:
        return began + (HOUR if gates.told("hanging") else 0.0)

    assert hasattr(executor, "GRACE_SECONDS")
    executor.GRACE_SECONDS = 24 * HOUR
    assert hasattr(limits, "time")
    limits.time = SimpleNamespace(monotonic=clock)  # type: ignore[assignment]


if __name__ == "__main__":
    steer(Gates.of_environment())
    main()
