"""Where pretrained weights may lie, and how to get them. Nothing is downloaded unless asked for.

Files are data, never code: what is found or downloaded is checked against a pinned sha256 before it
is opened, and nothing is ever opened in a way that could run code from it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from ganbench import DataInfo, MissingData, Parameter, UsageError

WAY = "type `ganbench prepare --download` with the same selection"

PARAMETERS = {
    "weights": Parameter(
        default="", path=True, help="weights file; empty: look where packages put it"
    ),
    "download": Parameter(default=False, help="download the weights if they are not there"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A Python package that carries weights.

    Args:
        module: top-level module; located, never imported.
        file: the weights, relative to the module's directory.
        sha256: of the file.
        install: the command that installs it.
    """

    module: str
    file: str
    sha256: str
    install: str

    def locate(self) -> Path | None:
        """The weights, if the package is installed."""
        spec = importlib.util.find_spec(self.module)
        if spec is None or spec.origin is None:
            return None
        path = Path(spec.origin).parent / self.file
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The public home of some weights, and a package that carries them if there is one.

    Args:
        name: the extractor's.
        url: what its authors distribute.
        sha256: of that file, or its beginning as in the file's name.
        file: its name in torch's hub cache, where that is not the end of `url`.
        package: an alternative.
    """

    name: str
    url: str
    sha256: str
    file: str = ""
    package: Package | None = None

    @property
    def hub_path(self) -> Path:
        """Where torch's own download puts it."""
        name = self.file or self.url.rpartition("/")[2]
        return hub_folder() / "checkpoints" / name


def hub_folder() -> Path:
    """What `torch.hub.get_dir` gives, without torch: plans look for weights, too."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return Path(os.environ.get("TORCH_HOME", f"{cache}/torch")).expanduser() / "hub"


def check(source: Source, data: DataInfo, *, weights: str, download: bool) -> None:
    """Make sure, without reading the weights, that `find` will, and that the images can be taken.

    Raises:
        MissingData: the weights are nowhere, and nobody asked for a download.
        UsageError: as `require_images`.
    """
    require_images(source.name, data)
    if weights:
        _require_file(Path(weights).expanduser())
    elif not (
        download or source.hub_path.is_file() or (source.package and source.package.locate())
    ):
        raise _missing(source)


def find(source: Source, weights: str, download: bool) -> tuple[Path, str]:
    """The weights file, and the name of the extractor that it makes.

    Looked for are `weights` if given, else torch's hub cache, the package, and a download. A given
    file that is neither the source's nor the package's, but only fits the graph, gets another name:
    a table must never show a distance under the name of a network that did not compute it.

    Raises:
        MissingData: it is nowhere, or the download failed.
        UsageError: a file is damaged.
    """
    if weights:
        return _given(source, Path(weights).expanduser())
    if source.hub_path.is_file():
        return _checked(source.hub_path, source.sha256), source.name
    if source.package is not None and (packaged := source.package.locate()) is not None:
        return _checked(packaged, source.package.sha256), source.name
    reason = ""
    if download:
        try:
            return _downloaded(source), source.name
        except (OSError, RuntimeError) as error:
            reason = f", and the download failed: {' '.join(str(error).split())}"
    raise _missing(source, reason)


def _missing(source: Source, reason: str = "") -> MissingData:
    ways = [
        WAY,
        f"name it {source.name}[download=true]",
        f"{source.name}[weights=FILE] ({source.url})",
    ]
    if source.package is not None:
        ways.insert(0, f"run: {source.package.install}")
    return MissingData(
        f"the weights of {source.name} are not on this machine{reason}", " or ".join(ways)
    )


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise MissingData(f"there is no weights file {path.absolute()}")


def first_line(error: BaseException) -> str:
    """The beginning of torch's often page-long messages."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def require_images(name: str, info: DataInfo) -> None:
    """Refuse what a network of colour images cannot take.

    Raises:
        UsageError: the samples are no images of one or three channels.
    """
    if info.modality != "image" or info.channels not in (1, 3):
        raise UsageError(
            f"the {name} extractor works on grey or colour images, "
            f"{info.name} has {info.modality} {info.shape}"
        )


def _sha256(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _given(source: Source, path: Path) -> tuple[Path, str]:
    _require_file(path)
    known = [source.sha256] + ([source.package.sha256] if source.package else [])
    is_known = _sha256(path).startswith(tuple(known))
    return path, source.name if is_known else f"{source.name}-custom"


def _checked(path: Path, expected: str) -> Path:
    found = _sha256(path)
    if not found.startswith(expected):
        raise UsageError(f"{path} is damaged: its sha256 is {found}, not {expected}", "remove it")
    return path


def _downloaded(source: Source) -> Path:
    """Fetch it to where torch would, whole or not at all."""
    import torch

    source.hub_path.parent.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(
        source.url, str(source.hub_path), hash_prefix=source.sha256, progress=False
    )
    return source.hub_path
