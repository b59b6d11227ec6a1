"""Real recordings that Debian packages carry: drums, and letters said in many languages.

They are looked for where the packages put them, when they are asked for; nothing is downloaded.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench import Data, DataInfo, DatasetSpec, MissingData, Parameter, cache, hookimpl
from ganbench_plugins.datasets.sounds import SUFFIXES, require_reader
from ganbench_plugins.datasets.split import stratified_heldout

if TYPE_CHECKING:
    import torch

SHARE = Path("/usr/share")

DRUMS = ("kick", "snare", "hat", "tom", "cymbal", "percussion")
KINDS = (
    ("kick", ("kick", "bassdrum", "bass drum", "bd")),
    ("snare", ("snare", "rimshot", "stick", "rim click")),
    ("hat", ("hat", "hh", "hi hat")),
    ("tom", ("tom",)),
    ("cymbal", ("crash", "ride", "china", "splash", "cymbal", "paiste", "bell")),
)
"""Words in an instrument's name that tell its kind, the first one counts; others are percussion."""

LANGUAGES = (
    "ar",
    "cs",
    "da",
    "de",
    "en",
    "en_GB",
    "es",
    "fr",
    "he",
    "hu",
    "it",
    "lt",
    "ml",
    "nb",
    "nds",
    "nl",
    "pt_BR",
    "ru",
    "tn",
    "uk",
)
"""Folders of the package; those that are not there are no classes."""

Recording = tuple[str, int]
"""Path and class of a sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Recordings of one package.

    Args:
        name: of the data set.
        folder: where the package puts them.
        package: of Debian.
        classes: names.
        recordings: finds them below the folder.
    """

    name: str
    folder: Path
    package: str
    classes: tuple[str, ...]
    recordings: Callable[[Path], list[Recording]]


def drums(folder: Path) -> list[Recording]:
    """The samples of each kit's instruments, of the kind that the instrument's name tells."""
    found = dict[str, int]()
    for kit in sorted(folder.glob("*/drumkit.xml")):
        for instrument in ElementTree.parse(kit).iter():  # noqa: S314 (a system package's own file)
            if _tag(instrument) != "instrument":
                continue
            name = next((one.text or "" for one in instrument if _tag(one) == "name"), "")
            for one in instrument.iter():
                path = kit.parent / (one.text or "") if _tag(one) == "filename" else None
                if path is not None and path.suffix.lower() in SUFFIXES and path.is_file():
                    found.setdefault(str(path), DRUMS.index(kind_of(name)))
    return sorted(found.items())


def kind_of(instrument: str) -> str:
    """The kind of drum that an instrument's name tells."""
    name = instrument.casefold()
    return next((kind for kind, words in KINDS if any(one in name for one in words)), DRUMS[-1])


def letters(folder: Path) -> list[Recording]:
    """All recordings of every language."""
    return [
        (str(path), place)
        for place, language in enumerate(LANGUAGES)
        for path in sorted((folder / language).rglob("*.ogg"))
    ]


def _tag(element: ElementTree.Element) -> str:
    """Its name without a namespace."""
    return element.tag.rpartition("}")[2]


SOURCES = (
    Source(
        name="drums",
        folder=SHARE / "hydrogen/data/drumkits",
        package="hydrogen-drumkits",
        classes=DRUMS,
        recordings=drums,
    ),
    Source(
        name="letters",
        folder=SHARE / "klettres",
        package="klettres-data",
        classes=LANGUAGES,
        recordings=letters,
    ),
)

PARAMETERS = {
    "rate": Parameter(default=8_000, minimum=1_000, maximum=48_000, help="samples per second"),
    "length": Parameter(default=4_096, minimum=256, maximum=65_536, help="samples of a clip"),
}


def describe(source: Source, *, rate: int, length: int) -> DataInfo:
    """Its shape."""
    classes = len(source.classes)
    return DataInfo(
        name=source.name, modality="audio", shape=(1, length), classes=classes, rate=rate
    )


def check(source: Source) -> list[Recording]:
    """The recordings of a source.

    Raises:
        MissingData: the package, or the one that reads its files, is not installed.
    """
    if not source.folder.is_dir() or not (found := source.recordings(source.folder)):
        raise MissingData(
            f"{source.name} comes with the Debian package {source.package}, which is not installed",
            f"run: apt-get install {source.package}, and pip install 'ganbench[audio]'",
        )
    require_reader([path for path, _ in found])
    return found


def load(source: Source, *, rate: int, length: int) -> Data:
    """Four fifths to train on, one fifth held out, the same share of every class.

    Raises:
        MissingData: as `check`.
    """
    import torch

    found = check(source)
    paths = [path for path, _ in found]
    contents = cache.file_hashes(source.folder, paths)
    made = {"rate": rate, "length": length, "scipy": version("scipy")}
    key = {"what": source.name, **made, "contents": contents}

    def compute() -> tuple[torch.Tensor, ...]:
        from ganbench_plugins.datasets.audio_folder import clips_of

        return (torch.from_numpy(clips_of(paths, rate=rate, length=length)),)

    (clips,) = cache.tensors("datasets", key, compute, what="recordings")
    labels = torch.tensor([label for _, label in found])
    heldout = torch.from_numpy(stratified_heldout(labels.numpy(), len(found) // 5))
    return Data(
        info=describe(source, rate=rate, length=length),
        train=clips[~heldout],
        heldout=clips[heldout],
        train_labels=labels[~heldout],
        heldout_labels=labels[heldout],
    )


def _spec(source: Source, description: str, paper: str, licence: str) -> DatasetSpec:
    def described(**settings: Any) -> DataInfo:
        return describe(source, **settings)

    def checked(**_: Any) -> None:
        check(source)

    def loaded(**settings: Any) -> Data:
        return load(source, **settings)

    return DatasetSpec(
        name=source.name,
        description=description,
        paper=paper,
        licence=licence,
        modalities=("audio",),
        parameters=PARAMETERS,
        describe=described,
        check=checked,
        load=loaded,
    )


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Drums and letters."""
    kits, voices = SOURCES
    return [
        _spec(
            kits,
            "real drum strokes of six kinds (Debian hydrogen-drumkits)",
            "https://packages.debian.org/hydrogen-drumkits",
            "of each kit its own: see the package's copyright file",
        ),
        _spec(
            voices,
            "letters and syllables that people say in 20 languages, the classes (Debian klettres)",
            "https://packages.debian.org/klettres-data",
            "GPL-2.0-or-later, as the package's copyright file says",
        ),
    ]
