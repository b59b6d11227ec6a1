"""Images in a zip archive or a bare folder, as the data set `images` reads them."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path, PurePosixPath

from ganbench.api.errors import UsageError, one_line
from ganbench.planning.references import parse_reference
from ganbench.storage.cache import cache_dir
from ganbench.storage.locks import locked

ZIP = ".zip"

LARGEST = 20 * 10**9
"""Bytes that an archive may hold unpacked: more is taken for an attack, or a mistake."""


def as_images(text: str) -> str:
    """The reference to `images` that a folder, an archive, or a reference to one stands for.

    ``photos``, ``photos.zip[side=64]`` and ``images:photos.zip`` become ``images:"FOLDER"[...]``;
    any other text is left as it is.

    Raises:
        UsageError: the archive cannot be read, or is not what it seems.
    """
    reference = parse_reference(text)
    named, argument = reference.name, reference.argument
    path = Path(argument if named == "images" and argument else named).expanduser()
    is_archive = path.suffix.lower() == ZIP
    if not is_archive and (named == "images" or argument is not None or not path.is_dir()):
        return text
    folder = unpacked(path) if is_archive else path
    settings = ",".join(f'{name}="{value}"' for name, value in reference.settings.items())
    return f'images:"{folder}"' + (f"[{settings}]" if settings else "")


def unpacked(archive: Path) -> Path:
    """The folder in the cache that holds what the archive does; unpacked once for each content.

    Raises:
        UsageError: there is no such archive, or it is damaged, too large, or reaches outside.
    """
    try:
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"cannot read {archive}: {error.strerror}") from None
    folder = cache_dir("unpacked") / digest[:16]
    with locked(folder):
        if not folder.is_dir():
            fresh = folder.with_suffix(".tmp")
            shutil.rmtree(fresh, ignore_errors=True)
            try:
                _unpack(archive, fresh)
                fresh.rename(folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [one for one in opened.infolist() if not one.is_dir()]
            if sum(one.file_size for one in members) > LARGEST:
                raise UsageError(f"{archive} holds more than {LARGEST // 10**9} GB unpacked")
            for member in members:
                name = PurePosixPath(member.filename)
                if name.is_absolute() or ".." in name.parts or "\\" in member.filename:
                    raise UsageError(f"{archive} holds {member.filename!r}, which lies outside it")
                if name.parts[0] == "__MACOSX":
                    continue
                target = folder.joinpath(*name.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise UsageError(f"{archive} cannot be unpacked: {one_line(error)}") from None
