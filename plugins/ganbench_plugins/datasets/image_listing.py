"""Which images there are, of which split and class: in a folder, or by their names in an archive.

As `listing` says; and where a `dataset.json` lies beside them, that tells their classes.
"""

from __future__ import annotations

import os
import posixpath
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from ganbench import UsageError
from ganbench_plugins.datasets.label_file import LABEL_FILE, labels_of, read_label_file
from ganbench_plugins.datasets.listing import SUFFIXES, arranged, list_samples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ganbench_plugins.datasets.listing import Listing


def list_images(path: str, heldout: str = "") -> Listing:
    """The images below `path`, and those below `heldout`: as `list_samples`.

    Raises:
        MissingData, UsageError: as `list_samples`; or a `dataset.json` is no such file.
    """
    found = list_samples("images", SUFFIXES, path, heldout)
    folders = dict.fromkeys((found.root, *(group.root for group in found.groups)))
    read = {folder: _labels_in(folder / LABEL_FILE) for folder in folders}
    files = {folder: own for folder, own in read.items() if own is not None}
    if not files:
        return found
    known = {
        _path(folder, name): label for folder, own in files.items() for name, label in own.items()
    }
    paths = [_path(group.root, name) for group in found.groups for name in group.files]
    given = labels_of(known, paths)
    left_out = found.left_out - Counter({".json": len(files)})
    return replace(found, classes=given.classes, left_out=left_out, given=given)


def _labels_in(file: Path) -> dict[str, object] | None:
    """As `read_label_file`; None where there is no such file."""
    try:
        return read_label_file(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {file}: {error}") from None


def list_names(file: Path, names: Sequence[str]) -> tuple[Listing, list[str]]:
    """What names in an archive tell, as those below a folder do; a folder that all lie in is none.

    Args:
        file: the archive.
        names: of its images, with slashes.

    Returns:
        What they tell, and the names in its order.

    Raises:
        UsageError: there is a held-out split and none to train on.
    """
    above = _above(names)
    files = tuple(sorted((name.removeprefix(above) for name in names), key=os.fsencode))
    try:
        found = arranged("images", file, [name.replace("/", os.sep) for name in files], Counter())
    except UsageError as error:
        raise UsageError(error.message, "pack one of them alone") from None
    inside = [
        _path(group.root, name).removeprefix(f"{file.as_posix()}/")
        for group in found.groups
        for name in group.files
    ]
    return found, [above + name for name in inside]


def _above(names: Sequence[str]) -> str:
    """The folder that all names lie in, with its slash; empty where there is none."""
    folders = {name.rpartition("/")[0] for name in names}
    common = posixpath.commonpath(folders) if folders else ""
    return f"{common}/" if common else ""


def _path(folder: Path, name: str) -> str:
    """Of a name below a folder, with slashes."""
    return f"{folder.as_posix()}/{name.replace(os.sep, '/')}"
