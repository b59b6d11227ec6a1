"""Which samples lie below a folder, which of them are held out, and which classes they form.

Every regular file that looks like an image, or like a sound where these are looked for, is taken,
hidden ones aside; links are followed, unless they lead back to a folder above themselves or to one
that another link leads to. Of folders called
`train` and `test` (or `val`) the first is trained on and the second held out, and nothing beside
them is used. If each one of what is left lies in a subfolder, and there are at least two, the
first-level subfolders are the classes.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench import MissingData, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ganbench_plugins.datasets.label_file import Labels

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".bmp", ".dib", ".gif"}
    | {".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2", ".j2k"}
)
SAMPLES = {"images": "images", "audio": "sounds"}
"""What the samples of a data set are called."""

TRAIN = ("train", "training")
HELD_OUT = ("test", "testing", "val", "valid", "validation")
"""Names of folders of splits. Of several that could be held out the first one is."""

FOLDER_ABOVE = "link that leads back to a folder above it"
TWICE = "link to a folder that another link leads to"
NOWHERE = "link that leads nowhere"


@dataclass(frozen=True, slots=True)
class Group:
    """Images of one split, or of all.

    Args:
        root: the folder that they lie below.
        files: their paths relative to it, sorted.
    """

    root: Path
    files: tuple[str, ...]

    @property
    def folders(self) -> set[str] | None:
        """First-level subfolders; None where an image lies in none."""
        found = {_first(file) for file in self.files}
        return None if "" in found else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What was found.

    Args:
        root: the folder that was named.
        train: images to train on; those of both splits, where `heldout` is None.
        heldout: images of a folder of their own that are held out; None: content decides.
        classes: names, sorted.
        left_out: what was found and is not used -> how often.
        given: classes by a file of labels, in the place of those of folders; None: there is none.
    """

    root: Path
    train: Group
    heldout: Group | None
    classes: tuple[str, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    given: Labels | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """One or two."""
        return (self.train,) if self.heldout is None else (self.train, self.heldout)

    @property
    def labels(self) -> list[int]:
        """The class of each image, group by group; empty where there are no classes."""
        if self.given is not None:
            return list(self.given.places)
        places = {name: place for place, name in enumerate(self.classes)}
        files = (file for group in self.groups for file in group.files)
        return [places[_first(file)] for file in files] if places else []

    def fingerprint(self, hashes: Iterable[str]) -> str:
        """A hash of splits, names and contents: names tell the class and the order of the samples.

        Of all files, those that are left out among them: which these are follows from the rest.

        Args:
            hashes: of the contents, group by group.
        """
        digest = hashlib.sha256()
        contents = iter(hashes)
        for group in self.groups:
            for file in group.files:
                # fsencode, since a name need not be valid UTF-8; any system's separator is the same
                name = os.fsencode(file).replace(os.sep.encode(), b"/")
                digest.update(name + b"\0" + next(contents).encode())
            digest.update(b"\0held out\0")
        if self.given is not None:
            digest.update(repr((self.given.classes, self.given.places)).encode())
        return digest.hexdigest()[:16]


def list_samples(dataset: str, suffixes: AbstractSet[str], path: str, heldout: str = "") -> Listing:
    """Find the samples below `path`, and those below `heldout` if that is named.

    Args:
        dataset: what people name before the path, for errors.
        suffixes: of files that are taken, in lower case.
        path, heldout: folders.

    Raises:
        MissingData: no such folder, or no sample in it.
        UsageError: no path was given, it is a file, a folder cannot be read, one of the two folders
            lies in the other in the wrong way, or there is a held-out split and none to train on.
    """
    if not path:
        raise UsageError(f"{dataset} needs a folder", f"write it as {dataset}:PATH")
    root = _folder(dataset, path)
    left_out: Counter[str] = Counter()
    walk = _Walk(suffixes, left_out)
    files = _sorted(walk.files(os.fspath(root)))
    apart = None
    if heldout:
        apart = _apart(root, _folder(dataset, heldout), suffixes)
        files = _outside(root, apart.root, files)
    listing = arranged(dataset, root, files, left_out, apart)
    for group in listing.groups:
        if not group.files:
            found = ", ".join(f"{count} {what}" for what, count in left_out.most_common(3))
            known = " ".join(sorted(suffixes))
            beside = f", only {found}" if found else ""
            raise MissingData(
                f"{group.root} holds no {SAMPLES[dataset]}{beside}", f"known file types: {known}"
            )
    return listing


def arranged(
    dataset: str,
    root: Path,
    files: Sequence[str],
    left_out: Counter[str],
    apart: Group | None = None,
) -> Listing:
    """Splits and classes by the names of folders.

    Args:
        dataset: as in `list_samples`.
        root: folder, or archive.
        files: names of its samples, sorted.
        left_out: counts what is not used.
        apart: samples of another folder that are held out.

    Raises:
        UsageError: there is a held-out split and none to train on.
    """
    train, named = _splits(dataset, root, tuple(files), left_out, named_apart=apart is not None)
    held = apart or named
    groups = (train,) if held is None else (train, held)
    return Listing(
        root=root, train=train, heldout=held, classes=_classes(groups), left_out=left_out
    )


def _folder(dataset: str, path: str) -> Path:
    root = Path(path).expanduser().absolute()
    try:
        is_file, is_folder = root.is_file(), root.is_dir()
    except OSError as error:  # a folder above it is closed to us
        raise UsageError(f"cannot read {root}: {error.strerror}") from None
    if is_file:
        raise UsageError(
            f"{root} is a file, and {dataset} needs a folder",
            f"write it as {dataset}:{root.parent}",
        )
    if not is_folder:
        raise MissingData(f"there is no folder {root}")
    return root


def _apart(root: Path, heldout: Path, suffixes: AbstractSet[str]) -> Group:
    """The samples of a folder that is held out.

    Raises:
        UsageError: what is trained on lies in it.
    """
    if root.resolve().is_relative_to(heldout.resolve()):
        raise UsageError(
            f"all of {root} would be held out: it lies in {heldout}",
            "name the folder to train on, and beside or below it the one that is held out",
        )
    return Group(heldout, _sorted(_Walk(suffixes, Counter()).files(os.fspath(heldout))))


def _outside(root: Path, heldout: Path, files: tuple[str, ...]) -> tuple[str, ...]:
    """Those files below `root` that are not below `heldout`, by whatever link."""
    apart = heldout.resolve()
    folders = {os.path.dirname(file) for file in files}  # noqa: PTH120
    below = {one for one in folders if (root / one).resolve().is_relative_to(apart)}
    return tuple(file for file in files if os.path.dirname(file) not in below)  # noqa: PTH120


def _splits(
    dataset: str,
    root: Path,
    files: tuple[str, ...],
    left_out: Counter[str],
    *,
    named_apart: bool,
) -> tuple[Group, Group | None]:
    """Training and held-out samples by the names of folders; all and None where these tell nothing.

    Raises:
        UsageError: a held-out split has none to train on beside it.
    """
    firsts = sorted({_first(file) for file in files} - {""}, key=os.fsencode)
    train = _named(firsts, TRAIN)
    held = _named(firsts, HELD_OUT)
    loose = any(_first(file) == "" for file in files)
    if train is None:
        if held is not None and not loose and not named_apart and len(firsts) < 3:
            others = [one for one in firsts if one.casefold() not in HELD_OUT]
            if not others:
                raise UsageError(
                    f"{root} has {' and '.join(firsts)}, and no folder called train",
                    f"to train on one of them all the same, write {dataset}:{root / held}",
                )
        return Group(root, files), None
    if held is None and (loose or len(firsts) > 1):  # "train" is a class beside others
        return Group(root, files), None
    if named_apart:
        held = None
    for file in files:
        first = _first(file)
        if first not in (train, held):
            sample = SAMPLES[dataset].removesuffix("s")
            left_out[f"{sample} in {first}/" if first else f"{sample} beside the splits"] += 1
    return _below(root, train, files), None if held is None else _below(root, held, files)


def _named(folders: list[str], names: tuple[str, ...]) -> str | None:
    """The folder that has the first of these names, however it is spelt; None: none has one."""
    spelt = {one.casefold(): one for one in reversed(folders)}
    return next((spelt[name] for name in names if name in spelt), None)


def _below(root: Path, folder: str, files: tuple[str, ...]) -> Group:
    prefix = folder + os.sep
    return Group(
        root / folder,
        tuple(file.removeprefix(prefix) for file in files if file.startswith(prefix)),
    )


def _classes(groups: Iterable[Group]) -> tuple[str, ...]:
    """Names of the classes; none where an image of some group is in no folder."""
    folders = [group.folders for group in groups]
    if None in folders:
        return ()
    names = {name for found in folders if found is not None for name in found}
    return tuple(sorted(names, key=os.fsencode)) if len(names) > 1 else ()


def _first(file: str) -> str:
    """The first-level folder of a relative path; empty where it lies in none."""
    return file[: max(0, file.find(os.sep))]


def _sorted(files: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(files, key=os.fsencode))


@dataclass(frozen=True, slots=True)
class _Walk:
    """The way through a folder, and through what is linked into it.

    Args:
        suffixes: of files that are taken.
        left_out: counts what is not taken.
        linked: devices and inodes of folders that links have led to: each is walked once, so that
            links between many folders end soon.
    """

    suffixes: AbstractSet[str]
    left_out: Counter[str]
    linked: set[tuple[int, int]] = field(default_factory=set)

    def files(
        self, folder: str, prefix: str = "", above: frozenset[tuple[int, int]] = frozenset()
    ) -> Iterator[str]:
        """Names of files below a folder, each behind the prefix, in any order.

        As text, and without asking the system about each file: folders have 50,000 and more.

        Args:
            folder: its path.
            prefix: of the names.
            above: devices and inodes of the folders that lead here, which no link may lead back to.
        """
        try:
            with os.scandir(folder) as found:
                entries = [one for one in found if not one.name.startswith(".")]
            status = os.stat(folder)  # noqa: PTH116
        except OSError as error:
            raise UsageError(f"cannot read the folder {error.filename}: {error.strerror}") from None
        above = above | {(status.st_dev, status.st_ino)}
        # Of two links to one folder the first by name is followed, on every file system.
        for one in sorted(entries, key=lambda entry: os.fsencode(entry.name)):
            if one.is_dir():
                if not one.is_symlink() or self._leads_on(one, above):
                    yield from self.files(one.path, f"{prefix}{one.name}{os.sep}", above)
            elif one.is_file():
                suffix = os.path.splitext(one.name)[1].lower()  # noqa: PTH122
                if suffix in self.suffixes:
                    yield prefix + one.name
                else:
                    self.left_out[suffix or "file without a suffix"] += 1
            elif one.is_symlink():
                self.left_out[NOWHERE] += 1

    def _leads_on(self, link: os.DirEntry[str], above: frozenset[tuple[int, int]]) -> bool:
        """Whether a link to a folder is to be followed; if not, it is counted."""
        status = link.stat()
        identity = status.st_dev, status.st_ino
        if identity in above:
            self.left_out[FOLDER_ABOVE] += 1
        elif identity in self.linked:
            self.left_out[TWICE] += 1
        else:
            self.linked.add(identity)
            return True
        return False
