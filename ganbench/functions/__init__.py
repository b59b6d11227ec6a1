"""The verbs as functions, for notebooks and scripts: `ganbench.run(...)` returns a frame.

Each imports what it needs when it is called: torch and pandas take seconds.
"""

from ganbench.functions.existing import export, sample, score
from ganbench.functions.results import (
    compare,
    leaderboard,
    merge,
    publish,
    report,
    show,
    status,
    table,
    validate,
)
from ganbench.functions.runs import cancel, check, plan, prepare, run, verify

__all__ = [
    "cancel",
    "check",
    "compare",
    "export",
    "leaderboard",
    "merge",
    "plan",
    "prepare",
    "publish",
    "report",
    "run",
    "sample",
    "score",
    "show",
    "status",
    "table",
    "validate",
    "verify",
]
