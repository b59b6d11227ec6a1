"""`ganbench new leaderboard`: a repository that checks and shows what many labs submit."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.planning.suite import load_suite

LEADERBOARD = "leaderboard"

_TEMPLATES = resources.files("ganbench.authoring") / "templates_leaderboard"
_SUITE = "__SUITE__"


def new_leaderboard(suite: str, into: Path | None = None) -> Path:
    """Write a repository for the leaderboard of one suite.

    Args:
        suite: its name, or its TOML file, which is then part of the repository.
        into: the folder to write, which must be empty or absent; None: ``./SUITE-leaderboard``.

    Returns:
        The folder.

    Raises:
        UsageError: there is no such suite, or the folder is not empty.
        GanbenchError: the folder cannot be written.
    """
    name = load_suite(suite).name
    folder = into or Path(f"{name}-leaderboard")
    files = {path: text.replace(_SUITE, name) for path, text in _files(_TEMPLATES).items()}
    if Path(suite).suffix == ".toml":
        files[f"{name}.toml"] = Path(suite).read_text("utf-8")
        files["README.md"] = files["README.md"].replace(f"--suite {name}", f"--suite {name}.toml")
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", "choose another folder with --into DIR")
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        hint = "choose another folder with --into DIR"
        raise GanbenchError(f"cannot write {folder}: {error.strerror}", hint) from error
    return folder


def _files(folder: Traversable, prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _files(entry, f"{prefix}{entry.name}/")
        else:
            found[prefix + entry.name] = entry.read_text("utf-8")
    return found
