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
    def called(self) -> str:
        """Which one it is, for errors: ``plugin mine of my-gan 0.1.0, my_gan/__init__.py``."""
        if self.is_file:
            return f"plugin file {self.name}"
        named = f"plugin {self.name} of {self.origin}"
        return f"{named}, {self._relative(self.file)}" if self.file else named

    def line(self, file: str, number: int) -> str | None:
        """A line of its code, for errors; None if the file is not part of its top-level package."""
        if self.is_file:
            return f"{self.name}:{number}" if file == self.file else None
        if not self.file or not Path(file).is_relative_to(_root(self._module, self.file)):
            return None
        named = f"plugin {self.name} of {self.origin}" if file == self.file else self.origin
        return f"{named}, {self._relative(file)}:{number}"

    @property
    def source_hash(self) -> str:
        """SHA-256 over the Python files of the plugin's top-level package or module.

        A version number alone does not tell two editable installs apart. Empty if there is no
        source file, as in a zip archive.
        """
        return self.digest or source_hash(self._module, self.file)

    @property
    def _module(self) -> str:
        return self.module.partition(":")[0]

    def _relative(self, file: str) -> str:
        """Told without the folders of this machine."""
        return Path(file).relative_to(_root(self._module, self.file).parent).as_posix()


def source_hash(module: str, file: str) -> str:
    """SHA-256 over the Python files of the top-level package or module of `module`.

    Args:
        module: dotted name.
        file: the module's source. The hash is empty if there is no such file.
    """
    return _source_hash(_root(module, file)) if Path(file).is_file() else ""


def _root(module: str, file: str) -> Path:
    """The top-level package or module that a file of that dotted name is part of."""
    path = Path(file)
    # The module `package.sub.module` has its package `depth` levels up (one more when the module
    # is itself a package, whose file is its __init__).
    levels = module.count(".") + (path.name == "__init__.py")
    return path if levels == 0 else path.parents[levels - 1]


@functools.lru_cache(maxsize=256)
def _source_hash(root: Path) -> str:
    files = sorted(root.rglob("*.py")) if root.is_dir() else [root]
    digest = hashlib.sha256()
    for source in files:
        digest.update(source.relative_to(root.parent).as_posix().encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    return f"sha256:{digest.hexdigest()}"
