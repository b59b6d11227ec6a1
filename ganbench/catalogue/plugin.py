"""One plugin: where it comes from and what became of loading it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BUILT_IN = "ganbench"
"""The distribution whose plugins keep their names whatever else is installed."""


class State(StrEnum):
    """What became of an entry point."""

    LOADED = "loaded"
    BLOCKED = "blocked"
    CONFLICT = "conflict"
    BROKEN = "broken"
    INVALID = "invalid"
    INCOMPATIBLE = "incompatible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """An entry point of the group `ganbench.plugins` and its state.

    Args:
        name: of the entry point; of a plugin file, the file's name.
        module: what the entry point names.
        distribution, version: who installed it; empty for a plugin file.
        state: see `State`.
        reason: why it is in that state; empty if loaded.
        file: the module's source, if it was found.
        api_version: that it says it was written for; None if it says nothing.
        provides: ``kind:name`` of each spec.
        digest: SHA-256 of a plugin file's content.
    """

    name: str
    module: str
    distribution: str
    version: str
    state: State
    reason: str = ""
    file: str = ""
    api_version: int | None = None
    provides: tuple[str, ...] = ()
    digest: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it is a local file, named with `-P`."""
        return bool(self.digest)

    @property
    def origin(self) -> str:
        """Where it comes from, for people: ``ganbench 0.1.0``, or ``my_gan.py (local file)``."""
        if self.is_file:
            return f"{self.name} (local file)"
        return f"{self.distribution} {self.version}".strip()

    @property
    def source_hash(self) -> str:
        """SHA-256 over the Python files of the plugin's top-level package or module.

        A version number alone does not tell two editable installs apart. Empty if there is no
        source file, as in a zip archive.
        """
        return self.digest or source_hash(self.module.partition(":")[0], self.file)


def source_hash(module: str, file: str) -> str:
    """SHA-256 over the Python files of the top-level package or module of `module`.

    Args:
        module: dotted name.
        file: the module's source. The hash is empty if there is no such file.
    """
    return _source_hash(file, module.count("."))


@functools.lru_cache(maxsize=256)
def _source_hash(file: str, depth: int) -> str:
    path = Path(file)
    if not path.is_file():
        return ""
    # The entry point `package.sub.module` has its package `depth` levels up (one more when the
    # module is itself a package, whose file is its __init__).
    levels = depth + (path.name == "__init__.py")
    root = path if levels == 0 else path.parents[levels - 1]
    files = sorted(root.rglob("*.py")) if root.is_dir() else [path]
    digest = hashlib.sha256()
    for source in files:
        digest.update(source.relative_to(root.parent).as_posix().encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    return f"sha256:{digest.hexdigest()}"
