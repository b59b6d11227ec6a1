"""Makes this machine another one: $GANBENCH_TEST_SPEED times as fast, as far as Python can tell.

All that Python's clocks tell is divided by that number, and all that Python waits for some time is
multiplied by it. While one of these seconds passes the machine does so many times the work: that is
what a faster machine is. Dates stay as they are. Python imports this by itself where it finds it on
its path; `tests/any_speed.py` puts it there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

LONGEST_WAIT = 1e6
"""Seconds; the kernel counts milliseconds in 31 bits."""


def slow_clock(name: str, speed: float) -> None:
    """Divide what a clock tells: all processes alike, since they may compare what they read."""
    clock: Callable[[], float] = getattr(time, name)
    count: Callable[[], int] = getattr(time, f"{name}_ns")

    @wraps(clock)
    def seconds() -> float:
        return clock() / speed

    @wraps(count)
    def nanoseconds() -> int:
        return int(count() / speed)

    setattr(time, name, seconds)
    setattr(time, f"{name}_ns", nanoseconds)


def stretch(owner: Any, name: str, speed: float) -> None:
    """Multiply the time-out, the only argument, of a method that waits."""
    wait: Callable[..., Any] = getattr(owner, name)

    @wraps(wait)
    def longer(self: Any, timeout: float | None = None) -> Any:
        return wait(self, None if timeout is None else min(timeout * speed, LONGEST_WAIT))

    setattr(owner, name, longer)


def change(speed: float) -> None:
    """Make this process believe it."""
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        slow_clock(name, speed)
    pause = time.sleep

    @wraps(pause)
    def sleep(seconds: float) -> None:
        pause(seconds * speed)

    time.sleep = sleep

    import selectors  # these bind the clocks when they are imported
    import threading

    stretch(threading.Condition, "wait", speed)
    stretch(threading.Thread, "join", speed)
    for selector in ("SelectSelector", "PollSelector", "EpollSelector"):
        stretch(getattr(selectors, selector), "select", speed)


change(float(os.environ.get("GANBENCH_TEST_SPEED", "1")))
