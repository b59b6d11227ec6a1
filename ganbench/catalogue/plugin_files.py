"""Which plugins to load: those installed, but for some, and files that are no packages."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.abc import SourceLoader
from pathlib import Path
from types import ModuleType

from ganbench.api.errors import UsageError


@dataclass(frozen=True, slots=True)
class PluginFile:
    """One Python file that is a plugin, as it was when it was read.

    Whoever runs it executes these bytes, in whatever process and whatever becomes of the file: the
    bytes that a run's id is made of are the bytes that ran.

    Args:
        path: absolute, links resolved.
        source: the file's bytes.
    """

    path: str
    source: bytes

    @classmethod
    def read(cls, path: Path | str) -> PluginFile:
        """The file at `path` as it is now.

        Raises:
            UsageError: it is no readable Python file.
        """
        path = Path(path).expanduser()
        hint = "-P takes one Python file, as in `ganbench run my-gan -P my_gan.py`"
        if path.suffix != ".py":
            raise UsageError(f"plugin file {str(path)!r} does not end in .py", hint)
        try:
            return cls(str(path.resolve()), path.read_bytes())
        except OSError as error:
            reason = f"plugin file {str(path)!r} cannot be read: {error.strerror}"
            raise UsageError(reason, hint) from None

    @property
    def name(self) -> str:
        """The file's name: with its ending it cannot be an installed plugin's."""
        return Path(self.path).name

    @property
    def module(self) -> str:
        """The name under which it is imported: the same in every process, of this path alone."""
        stem = "".join(c if c.isalnum() else "_" for c in Path(self.path).stem)
        return f"ganbench_file_{stem}_{hashlib.sha256(self.path.encode()).hexdigest()[:8]}"

    @property
    def source_hash(self) -> str:
        """SHA-256 of its content. Where it lies is no part of a run's identity."""
        return f"sha256:{hashlib.sha256(self.source).hexdigest()}"

    def load(self) -> ModuleType:
        """Import it from the bytes that were read; its folder is not put on `sys.path`."""
        spec = importlib.util.spec_from_loader(self.module, _Loader(self), origin=self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.module] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[self.module]
            raise
        return module


class _Loader(SourceLoader):
    def __init__(self, file: PluginFile) -> None:
        self._file = file

    def get_filename(self, fullname: str) -> str:
        return self._file.path

    def get_data(self, path: str | bytes) -> bytes:
        return self._file.source


@dataclass(frozen=True, slots=True)
class PluginChoice:
    """What the user says about plugins. Hashable, and small enough to be sent to every worker.

    Args:
        blocked: names of plugins or distributions not to load.
        files: loaded beside the installed ones.
        trackers: names of those that are told of runs.
    """

    blocked: tuple[str, ...] = ()
    files: tuple[PluginFile, ...] = ()
    trackers: tuple[str, ...] = ()

    def plus(
        self,
        blocked: Iterable[str] = (),
        files: Iterable[PluginFile] = (),
        trackers: Iterable[str] = (),
    ) -> PluginChoice:
        """This and more; what is said twice counts once."""
        return PluginChoice(
            tuple(dict.fromkeys((*self.blocked, *blocked))),
            tuple({one.path: one for one in (*self.files, *files)}.values()),
            tuple(dict.fromkeys((*self.trackers, *trackers))),
        )


NO_CHOICE = PluginChoice()


def plugin_files(given: Iterable[Path | str | ModuleType]) -> list[PluginFile]:
    """Plugin files by path, or as modules that were imported from a file.

    Raises:
        UsageError: there is no such file, or a module that has none.
    """
    files = []
    for one in given:
        path = getattr(one, "__file__", None) if isinstance(one, ModuleType) else one
        if path is None:
            raise UsageError(
                f"{one!r} comes from no file: runs have processes of their own and cannot see it",
                "write it to a file (in a notebook: %%writefile my_gan.py) and name that",
            )
        files.append(PluginFile.read(path))
    return files
