"""`ganbench new leaderboard`: a repository that checks and shows what many labs submit."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from ganbench.authoring.template_files import template_files, write_folder
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
    files = {path: text.replace(_SUITE, name) for path, text in template_files(_TEMPLATES)}
    if Path(suite).suffix == ".toml":
        files[f"{name}.toml"] = Path(suite).read_text("utf-8")
        files["README.md"] = files["README.md"].replace(f"--suite {name}", f"--suite {name}.toml")
    write_folder(folder, files)
    return folder
