"""What files and variables set: which keys there are, who may set them, and where each came from.

Later wins: ganbench's default, the user's file, the project's file, `GANBENCH_*` variables, flags.
Values are as they were written: `defaults` hands them to the options, which read them.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.storage.bucket import is_url
from ganbench.storage.parsing import TOML, Mismatch, as_type

PROJECT_FILE = "ganbench.toml"
_TABLE = ("tool", "ganbench")

_TYPES: Mapping[str, Any] = {"text": str, "count": int, "list": list[str]}
"""Type of a value -> how TOML gives it to Python."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that may be set.

    Args:
        option: name of the options whose default it is.
        verbs: whose option it is; none: all that have one of that name, but for the cache.
        type: of its value; text may stand for anything that the option reads, such as a time.
        portable: False if it changes what is run and what numbers mean: a user's file, which
            nobody else sees, may not set it, and `run` and `plan` say that it is set.
        is_path: whether it names a file or folder; in a file, relative to that file.
    """

    option: str
    verbs: tuple[str, ...] = ()
    type: Literal["text", "count", "list"] = "text"
    portable: bool = True
    is_path: bool = False


_SELECTING = ("run", "plan", "prepare")
KEYS: Mapping[str, Key] = {
    "runs": Key("runs", is_path=True),
    "results": Key("out", ("publish",), is_path=True),
    "cache": Key("cache", is_path=True),
    "device": Key("device", (*_SELECTING, "score", "sample", "bench")),
    "executor": Key("executor", ("run", "plan", "verify")),
    "jobs": Key("jobs", ("run",), "count"),
    "runs-per-gpu": Key("runs_per_gpu", ("run",), "count"),
    "limit": Key("limit", ("run", "verify")),
    "host-memory": Key("host_memory", ("run", "verify")),
    "max-output": Key("max_output", ("run",)),
    "retries": Key("retries", ("run",), "count"),
    "checkpoint-every": Key("checkpoint_every", ("run",)),
    "suite": Key("suite", (*_SELECTING, "publish"), portable=False, is_path=True),
    "seeds": Key("seeds", _SELECTING, portable=False),
    "budget": Key("budget", _SELECTING, portable=False),
    "memory": Key("memory", _SELECTING, portable=False),
    "threads": Key("threads", _SELECTING, "count", portable=False),
    "engine": Key("engine", _SELECTING, portable=False),
    "precision": Key("precision", _SELECTING, portable=False),
    "plugin-files": Key("plugin_files", type="list", portable=False, is_path=True),
    "disabled-plugins": Key("disabled_plugins", type="list", portable=False),
}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it was set: ``ganbench.toml:3``, ``GANBENCH_JOBS``."""

    value: Any
    origin: str


def variable(key: str) -> str:
    """The environment variable of a key: ``GANBENCH_CHECKPOINT_EVERY``."""
    return f"GANBENCH_{key.upper().replace('-', '_')}"


def user_file() -> Path:
    """`ganbench/config.toml` in the XDG configuration home."""
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    # The XDG specification: a relative path is invalid and must be ignored.
    if not base.is_absolute():
        base = Path(os.path.expanduser("~/.config"))  # noqa: PTH111  # Path.home() needs a home
    return base / "ganbench" / "config.toml"


def project_file(folder: Path | None = None) -> Path | None:
    """The nearest `ganbench.toml`, or `pyproject.toml` with a table `[tool.ganbench]`.

    It is looked for in the working folder and, inside a git work tree, in the folders above up to
    the tree's root: a file that somebody left in a folder above all projects is never used.
    """
    folder = (folder or Path.cwd()).absolute()
    above = [folder, *folder.parents]
    root = next((one for one in above if (one / ".git").exists()), folder)
    for one in above[: above.index(root) + 1]:
        if (one / PROJECT_FILE).is_file():
            return one / PROJECT_FILE
        if _is_ours(one / "pyproject.toml"):
            return one / "pyproject.toml"
    return None


def _is_ours(pyproject: Path) -> bool:
    return pyproject.is_file() and f"[{'.'.join(_TABLE)}]" in pyproject.read_text("utf-8", "ignore")


def load_settings() -> dict[str, Setting]:
    """Everything that files and variables set, by key.

    Raises:
        UsageError: as `read_settings`.
    """
    return dict(read_settings())


def read_settings() -> Iterator[tuple[str, Setting]]:
    """Every key that is set with its setting, each time that it is set, the one that wins last.

    Raises:
        UsageError: a file cannot be read; a key is unknown, or may not stand there; a value is of
            the wrong type.
    """
    if user_file().is_file():
        yield from _from_file(user_file(), users=True)
    if (file := project_file()) is not None:
        yield from _from_file(file, users=False)
    yield from _from_environment()


def _from_environment() -> Iterator[tuple[str, Setting]]:
    for key, one in KEYS.items():
        text = os.environ.get(variable(key), "").strip()
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if text:
            yield key, Setting(parts if one.type == "list" else text, variable(key))


def _from_file(path: Path, *, users: bool) -> Iterator[tuple[str, Setting]]:
    table, text = _read(path)
    for key, value in table.items():
        origin = f"{_shown(path)}{_line(text, key)}"
        if key not in KEYS:
            hint = "put keys at the top, in no table" if isinstance(value, dict) else None
            raise UsageError(f"{origin}: unknown key {key!r}", hint or did_you_mean(key, KEYS))
        if users and not KEYS[key].portable:
            raise UsageError(
                f"{origin}: {key} changes what is run: your own file may not set it everywhere",
                f"put it into {PROJECT_FILE} beside the work it belongs to",
            )
        try:
            as_type(value, _TYPES[KEYS[key].type], f"{origin}: {key}", TOML)
        except Mismatch as error:
            raise UsageError(str(error), error.hint) from None
        yield key, Setting(_beside(path, key, value) if KEYS[key].is_path else value, origin)


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_text("utf-8-sig")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{_shown(path)} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{_shown(path)} is no valid TOML: {error}") from None
    if path.name != "pyproject.toml":
        return table, text
    found: Any = table
    for name in _TABLE:
        found = found.get(name, {})
    return found, text


def _line(text: str, key: str) -> str:
    """``:3`` for the line on which a key stands; the TOML parser does not tell."""
    start = max(0, text.find(f"[{'.'.join(_TABLE)}]"))
    match = re.compile(rf"""^[ \t]*\[?["']?{re.escape(key)}["']?\]?[ \t]*(=|\.|$)""", re.M)
    found = match.search(text, start)
    return f":{text.count(chr(10), 0, found.start()) + 1}" if found else ""


def _shown(path: Path) -> str:
    """The path as people would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _beside(path: Path, key: str, value: Any) -> Any:
    """A path from a file: relative to the folder of that file, wherever the command is called."""
    if isinstance(value, list):
        return [_beside(path, key, one) for one in value]
    if is_url(value):
        return value
    beside = path.parent / Path(value).expanduser()
    if key == "suite":  # may be a name
        from ganbench.planning.suite import embedded_suites

        return value if value in embedded_suites() else str(beside)
    return str(beside)
