"""Folders written from the templates beside this module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path

from ganbench.api.errors import GanbenchError, UsageError

_ELSEWHERE = "choose another folder with --into DIR"


def template_files(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Path and text of every file in a folder of templates."""
    for entry in folder.iterdir():
        if entry.name == "__pycache__":  # pip compiles the templates that are Python
            continue
        if entry.is_dir():
            yield from template_files(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text("utf-8")


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that is empty or absent.

    Args:
        folder: the folder.
        files: text by path below it.

    Raises:
        UsageError: the folder is not empty.
        GanbenchError: it cannot be written.
    """
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{folder} is not empty", _ELSEWHERE)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    except OSError as error:
        raise GanbenchError(f"cannot write {folder}: {error.strerror}", _ELSEWHERE) from error
