"""Image sets of the Hugging Face Hub, read from their Parquet files: ``hf:ORG/NAME``.

No code of a repository is run: of its files only those in Parquet are fetched, from the branch that
the Hub converts every data set to, and only their columns of images and classes are read. The same
files may lie in a folder: ``hf:PATH``. Which commit of a repository it is, is part of the setting
as soon as `revision` says so; what the files hold is part of it in any case.

Traps avoided: data sets that exist as scripts alone are refused by what is missing, a Parquet file;
files of several configurations are not read as one data set, nor one split of each; a column of
classes that is named and not there is an error, and no set without classes.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench import (
    Data,
    DataInfo,
    DatasetSpec,
    MissingData,
    Parameter,
    Survey,
    UsageError,
    cache,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

GANBENCH_API_VERSION = 2

CONVERTED = "refs/convert/parquet"
INSTALL = "run: pip install 'ganbench[hub]'"
LABEL, NO_LABEL = "label", "none"

PARAMETERS = {
    "name": Parameter(
        default="", path="if there", help="ORG/NAME on the Hub, or a folder of Parquet files"
    ),
    "side": Parameter(default=32, help="height and width in pixels", minimum=8, maximum=512),
    "grey": Parameter(default=False, help="one grey channel instead of colour"),
    "config": Parameter(default="", help="configuration, where a data set has several"),
    "split": Parameter(default="train", help="what is trained on"),
    "heldout": Parameter(default="test", help="the split that is held out"),
    "column": Parameter(default="image", help="of the images"),
    "label": Parameter(default=LABEL, help="column of the classes; none: no classes"),
    "revision": Parameter(default=CONVERTED, help="branch or commit on the Hub"),
    "download": Parameter(default=False, help="fetch what is not there"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The parameters of `hf`, as `PARAMETERS` declares them."""

    name: str
    side: int = 32
    grey: bool = False
    config: str = ""
    split: str = "train"
    heldout: str = "test"
    column: str = "image"
    label: str = LABEL
    revision: str = CONVERTED
    download: bool = False


def describe(**settings: Any) -> Survey:
    """Shape, counts and classes, from the files' footers and their columns of classes.

    Raises:
        MissingData: the files or the libraries are not here.
        UsageError: they hold no such images.
    """
    options = Options(**settings)
    train, heldout = _splits(options)
    counts = [sum(_rows(file, options) for file in files) for files in (train, heldout)]
    classes, lacking = _classes(options, (*train, *heldout))
    told = f"no classes ({lacking})" if lacking else f"{len(classes)} classes"
    split = f"{counts[0]:,} to train on, {counts[1]:,} held out"
    return Survey(
        info=_info(options, classes),
        fingerprint=_fingerprint((*train, *heldout)),
        train=counts[0],
        heldout=counts[1],
        notes=(f"{options.name}: {told}, {split}",),
    )


def load(**settings: Any) -> Data:
    """Both splits, decoded once.

    Raises:
        MissingData, UsageError: as `describe`; or an image cannot be decoded.
    """
    options = Options(**settings)
    train, heldout = _splits(options)
    classes, _ = _classes(options, (*train, *heldout))
    return Data(
        info=_info(options, classes),
        train=_pixels(options, train),
        heldout=_pixels(options, heldout),
        train_labels=_labels(options, train, classes),
        heldout_labels=_labels(options, heldout, classes),
    )


def _info(options: Options, classes: Sequence[object]) -> DataInfo:
    channels = 1 if options.grey else 3
    return DataInfo(
        name=f"hf:{options.name}",
        modality="image",
        shape=(channels, options.side, options.side),
        classes=len(classes) if len(classes) > 1 else None,
    )


def _splits(options: Options) -> tuple[list[Path], list[Path]]:
    """The Parquet files of both splits.

    Raises:
        UsageError: they are of several configurations.
    """
    root = _root(options)
    splits = options.split, options.heldout
    train, heldout = (_files(options, root, split) for split in splits)
    # What lies below a split's folder are parts of it.
    configs = {
        tuple(itertools.takewhile(lambda part: part not in splits, _parents(file, root)))[:1]
        for file in (*train, *heldout)
    }
    if len(configs) > 1:
        names = sorted("/".join(one) or "none" for one in configs)
        named = next(name for name in names if name != "none")
        raise UsageError(
            f"{options.name} has several configurations: {', '.join(names)}",
            f"name one: [config={named}]",
        )
    return train, heldout


def _files(options: Options, root: Path, split: str) -> list[Path]:
    """The Parquet files of a split, which is named by their folder or by how their names begin."""
    found = [
        file
        for file in sorted(root.rglob("*.parquet"))
        if _is_of(file.relative_to(root), split) and options.config in ("", *_parents(file, root))
    ]
    if not found:
        raise MissingData(
            f"{options.name} has no Parquet file of split {split!r} in {root}",
            "name another one with [split=NAME] or [heldout=NAME], or fetch it with "
            "[download=true]; data sets that exist as scripts alone cannot be read",
        )
    return found


def _parents(file: Path, root: Path) -> tuple[str, ...]:
    """Folders between the root and a file."""
    return file.relative_to(root).parts[:-1]


def _is_of(file: Path, split: str) -> bool:
    stem = file.stem.removeprefix(f"{file.parent.name}-")
    return split in file.parts[:-1] or stem == split or stem.startswith(f"{split}-")


def _root(options: Options) -> Path:
    """The folder of the files: a local one, or that of the Hub's cache."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingData("data sets of the Hub are read with pyarrow, which is absent", INSTALL)
    local = Path(os.path.expanduser(options.name))  # noqa: PTH111 (which has no words for ~nobody)
    if local.is_dir():
        return local
    if importlib.util.find_spec("huggingface_hub") is None:
        raise MissingData(
            f"there is no folder {options.name}, and the package huggingface_hub, which would "
            "look for it on the Hub, is absent",
            INSTALL,
        )
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                options.name,
                repo_type="dataset",
                revision=options.revision,
                allow_patterns="*.parquet",
                local_files_only=not options.download,
            )
        )
    except Exception as error:  # its errors are many, and none of them is ganbench's
        reason = " ".join(str(error).split())
        raise MissingData(
            f"{options.name} is not in the Hub's cache on this machine: {reason}",
            f"fetch it with hf:{options.name}[download=true]",
        ) from None


def _rows(file: Path, options: Options) -> int:
    from pyarrow import ArrowException, parquet

    try:
        found = parquet.ParquetFile(file)
    except (ArrowException, OSError) as error:
        raise UsageError(f"cannot read {file}: {error}", "fetch it again") from None
    if options.column not in found.schema_arrow.names:
        raise UsageError(
            f"{file} has no column {options.column!r}",
            f"name one of its columns with [column=...]: {', '.join(found.schema_arrow.names)}",
        )
    return int(found.metadata.num_rows)


def _column(file: Path, name: str) -> list[Any]:
    from pyarrow import ArrowException, parquet

    try:
        values: list[Any] = parquet.read_table(file, columns=[name])[name].to_pylist()
    except (ArrowException, OSError) as error:
        raise UsageError(f"cannot read {file}: {error}", "fetch it again") from None
    return values


def _classes(options: Options, files: Sequence[Path]) -> tuple[list[Any], str]:
    """The values of the label column, in order; or none, and why.

    Raises:
        UsageError: somebody has named a column that is not in every file, or holds no classes.
    """
    label = options.label
    if label == NO_LABEL:
        return [], "none asked for"
    values, reason = _values(label, files)
    if reason and label != LABEL:
        hint = "name another column with [label=...]; [label=none]: no classes"
        raise UsageError(f"{options.name}: {reason}", hint)
    if reason:
        return [], reason
    if missing := sum(one in (None, -1) for one in values):
        return [], f"column {label!r} has none for {missing:,} of {len(values):,} images"
    found = sorted(set(values))
    return found, "" if len(found) > 1 else f"one value in column {label!r}"


def _values(label: str, files: Sequence[Path]) -> tuple[list[Any], str]:
    """All of a column; or none, and why its values are no classes."""
    from pyarrow import parquet

    columns = [parquet.read_schema(file).names for file in files]
    if not all(label in own for own in columns):
        return [], f"no column {label!r} in every file ({', '.join(columns[0])})"
    values = [value for file in files for value in _column(file, label)]
    kinds = {_kind(value) for value in values} - {""}
    if len(kinds) > 1 or not kinds <= {"text", "whole number"}:
        return [], f"column {label!r} holds {' and '.join(sorted(kinds))}, no classes"
    return values, ""


def _kind(label: object) -> str:
    """What a label is; empty where it says nothing."""
    if label is None:
        return ""
    whole = isinstance(label, int) or (isinstance(label, float) and label.is_integer())
    return "whole number" if whole else "text" if isinstance(label, str) else type(label).__name__


def _labels(options: Options, files: Sequence[Path], classes: Sequence[object]) -> Tensor | None:
    import torch

    if len(classes) < 2:
        return None
    places = {value: place for place, value in enumerate(classes)}
    return torch.tensor([places[one] for file in files for one in _column(file, options.label)])


def _pixels(options: Options, files: Sequence[Path]) -> Tensor:
    import PIL
    import torch

    from ganbench_plugins.datasets.decode import Form, Undecodable, decode

    form = Form(side=options.side, grey=options.grey)

    def decoded() -> tuple[Tensor, ...]:
        images = (one for file in files for one in _column(file, options.column))
        try:
            return (torch.stack([decode(io.BytesIO(_content(one)), form) for one in images]),)
        except Undecodable as error:
            raise UsageError(f"an image of {options.name} cannot be decoded: {error}") from None

    made = {"side": options.side, "grey": options.grey, "column": options.column}
    key = {"what": "hub", **made, "pillow": PIL.__version__, "content": _fingerprint(files)}
    (pixels,) = cache.tensors("datasets", key, decoded, what=f"images of {options.name}")
    return pixels


def _content(image: Any) -> bytes:
    """Encoded images are bytes, or bytes beside the name of the file that they came from."""
    found = image.get("bytes") if isinstance(image, dict) else image
    if not isinstance(found, bytes):
        raise UsageError(f"the column holds {type(found).__name__}, no encoded images")
    return found


def _fingerprint(files: Sequence[Path]) -> str:
    folders = {file.parent for file in files}
    names = {folder: [one.name for one in files if one.parent == folder] for folder in folders}
    known = {
        folder / name: content
        for folder, own in names.items()
        for name, content in zip(own, cache.file_hashes(folder, own), strict=True)
    }
    hashes = [known[file] for file in files]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()[:16]


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Image sets of the Hub."""
    return [
        DatasetSpec(
            name="hf",
            description="images of the Hugging Face Hub, as hf:ORG/NAME, or a folder of Parquet",
            modalities=("image",),
            parameters=PARAMETERS,
            describe=describe,
            load=load,
            argument="name",
        )
    ]
