"""What is installed here and decides what a run computes. Never imports torch."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, entry_points, version

from ganbench.api.errors import GanbenchError
from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.api.version import __version__


def installed_versions() -> dict[str, str]:
    """Name -> version: of Python, ganbench, torch, and of every distribution that has plugins."""
    found = {"python": platform.python_version(), "ganbench": __version__}
    try:
        found["torch"] = version("torch")
    except PackageNotFoundError:
        found["torch"] = "missing"
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        if entry.dist is not None:
            found.setdefault(entry.dist.name, entry.dist.version)
    return found


def require_same_versions(ours: Mapping[str, str], theirs: Mapping[str, str], where: str) -> None:
    """Refuse a machine on which something is of another version, or missing.

    What only the other machine has does no harm.

    Args:
        ours: what is installed where the plan was made.
        theirs: what is installed on the other machine.
        where: that is.

    Raises:
        GanbenchError: both versions are named, of all that differs.
    """
    different = [
        f"{name} {theirs.get(name, 'missing')} (here: {mine})"
        for name, mine in ours.items()
        if theirs.get(name) != mine
    ]
    if different:
        raise GanbenchError(
            f"{where} has {', '.join(different)}",
            "install the same versions on all nodes; with others a run computes other numbers",
        )
