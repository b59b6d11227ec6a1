"""Writing plugins: `ganbench new` and `ganbench check` as functions, checks as a pytest decorator.

Importing this package imports neither torch nor pytest: a plugin's tests may import it at their
top, and pay for what they use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ganbench.authoring.conformance.results import CheckFailed, CheckResult

if TYPE_CHECKING:
    from ganbench.authoring.conformance.marks import parametrize_checks
    from ganbench.authoring.conformance.runner import check
    from ganbench.authoring.scaffold import new

__all__ = ["CheckFailed", "CheckResult", "check", "new", "parametrize_checks"]

_LATE = {
    "check": "ganbench.authoring.conformance.runner",
    "new": "ganbench.authoring.scaffold",
    "parametrize_checks": "ganbench.authoring.conformance.marks",
}


def __getattr__(name: str) -> Any:
    """Functions that look plugins up are imported when first used."""
    if name in _LATE:
        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'ganbench.authoring' has no attribute {name!r}")
