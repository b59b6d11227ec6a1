"""Two ways to do the same, timed in turn."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

Work = Callable[[], object]


def seconds(work: Work) -> float:
    """What it takes of the processor's time, which other processes leave alone; commands that it
    has waited for are its own."""
    began = _spent()
    work()
    return _spent() - began


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def race(benchmark: Any, ours: Work, reference: Work, rounds: int) -> float:
    """How many times as fast ours is: the reference's fastest round over our fastest.

    They take turns, so that whatever slows the machine slows both.
    """
    slow: list[float] = []
    fast: list[float] = []
    benchmark.pedantic(
        lambda: fast.append(seconds(ours)),
        setup=lambda: slow.append(seconds(reference)),
        rounds=rounds,
    )
    ratio = min(slow) / min(fast)
    benchmark.extra_info.update(reference_seconds=round(min(slow), 4), ratio=round(ratio, 2))
    print(f"\n{benchmark.name}: {min(fast):.4f} s, reference {min(slow):.4f} s, ratio {ratio:.2f}")
    return ratio
