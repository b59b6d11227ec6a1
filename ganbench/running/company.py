"""Who a run shares its process with: nobody, or other seeds of its variant on its task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ganbench.training.engine import Engine
from ganbench.training.loop import Eager
from ganbench.training.trainer import Trainer


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """What a run is told of it.

    Args:
        engine: makes what takes its steps.
        now: seconds that the process has spent on the run, from any beginning; None: all that pass.
        told: what its record's environment tells of it, at its end.
    """

    engine: Callable[[Trainer], Engine] = Eager
    now: Callable[[], float] | None = None
    told: Callable[[], dict[str, Any]] = dict


ALONE = Company()
