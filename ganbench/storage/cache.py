"""The folder for what can be computed or fetched again. Several processes share it."""

from __future__ import annotations

import os
from pathlib import Path

from ganbench.api.errors import UsageError

KINDS = {
    "features": "*.safetensors*",
    "extractors": "*.safetensors*",
    "datasets": "*.safetensors*",
    "weights": "*.safetensors*",
    "hashes": "*.json*",
}
"""Folders of the cache -> what the files in them that are ours are called; data sets that others
have downloaded may lie beside them."""

HINT = "set GANBENCH_CACHE to a directory that you may write to"


def cache_root() -> Path:
    """Where ganbench keeps its cache: `GANBENCH_CACHE`, else `ganbench` in the XDG cache home."""
    if chosen := os.environ.get("GANBENCH_CACHE"):
        return Path(chosen).expanduser().absolute()
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification: a relative path is invalid and must be ignored.
    if not base.is_absolute():
        base = Path(os.path.expanduser("~/.cache"))  # noqa: PTH111  # Path.home() needs a home
    return base / "ganbench"


def cache_dir(*parts: str) -> Path:
    """The directory `parts` of the cache, created if need be.

    Raises:
        UsageError: it cannot be created.
    """
    path = cache_root().joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot create the cache directory {path}: {error.strerror}", HINT
        ) from None
    return path
