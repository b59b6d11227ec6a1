"""Whether the source of an installed distribution is what was released, as far as that shows."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path

RELEASED = "released"
UNVERIFIED = "unverified"


@functools.lru_cache(maxsize=64)
def provenance(name: str) -> str:
    """`released`, or ``unverified: why``.

    Released is what was installed from an archive (a wheel from an index or a file) and is still,
    file by file, what the distribution's RECORD says: no Python file changed, lost or added. What
    was installed from a folder or a repository, editable or not, is of no release.

    Args:
        name: of the distribution; empty for local code.
    """
    try:
        why = _doubt(distribution(name)) if name else "local code"
    except (PackageNotFoundError, ValueError):
        why = "not installed"
    return f"{UNVERIFIED}: {why}" if why else RELEASED


def _doubt(found: Distribution) -> str | None:
    origin = found.read_text("direct_url.json")
    try:
        about = json.loads(origin) if origin else {}
    except ValueError:
        return "its direct_url.json is damaged"
    if about.get("dir_info", {}).get("editable"):
        return "editable install"
    if "dir_info" in about or "vcs_info" in about:
        return "installed from a folder or repository"
    files = [file for file in found.files or () if file.suffix == ".py"]
    if not files or not all(file.hash for file in files):
        return "its RECORD has no hashes"
    changed = [str(file) for file in files if not _is_as_recorded(file)]
    return f"{changed[0]} is not as released" if changed else _added(files)


def _is_as_recorded(file: PackagePath) -> bool:
    assert file.hash is not None
    try:
        digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
    except (OSError, ValueError):
        return False
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == file.hash.value


def _added(files: list[PackagePath]) -> str | None:
    """A Python file in one of the distribution's packages that is not in its RECORD."""
    recorded = {Path(str(file.locate())).resolve() for file in files}
    packages = {file.parts[0]: file for file in files if len(file.parts) > 1}
    for name, file in sorted(packages.items()):
        root = Path(str(file.locate())).resolve().parents[len(file.parts) - 2]
        for source in sorted(root.rglob("*.py")):
            if source not in recorded:
                return f"{name}/{source.relative_to(root).as_posix()} is in no release"
    return None
