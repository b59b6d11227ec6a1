"""What is scored, and against what: data sets, files, arrays and runs, as they are named."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.api.errors import UsageError, one_line
from ganbench.api.parameters import located
from ganbench.api.specs import DatasetSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.inference.archives import as_images, is_folder
from ganbench.inference.kept import KeptRun, find_kept
from ganbench.inference.programs import PROGRAM, Program, read_program
from ganbench.modalities.arrays import Channels, arranged, describe
from ganbench.planning.chosen import choose_data
from ganbench.planning.datasets import choose_dataset
from ganbench.planning.references import parse_reference, split_alternatives
from ganbench.results.record import RECORD_FILE
from ganbench.results.store import GENERATOR_FILE
from ganbench.running.contracts import check_data, made, require
from ganbench.running.task import load_data

Split = Literal["heldout", "train", "all"]
"""Which samples of a data set: of its splits, or both together, the train split first."""

Source = Data | Tensor | KeptRun | Program
"""What can be scored."""

ARRAYS = (".npy", ".npz")
"""Suffixes of files that hold arrays."""

READERS = {".csv": "csv", ".txt": "text"}
"""Suffix -> data set that reads such files."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """How sources are opened.

    Args:
        catalogue: where names are looked up.
        runs: folder of the runs.
        device: where generators and extractors compute.
        channels: where they stand in arrays.
        fake_split: which samples of data sets are fakes.
        remark: takes lines of talk.
    """

    catalogue: Catalogue
    runs: Path
    device: torch.device
    channels: Channels
    fake_split: Split
    remark: Callable[[str], None]


def open_source(source: object, opening: Opening, *, fake: bool = False) -> Source:
    """A data set, an array, a program or a run, whichever it names or is.

    Args:
        source: a tensor or array, the path of a `.npy` or `.npz` file, of an exported program
            (`.pt2`), of a run's generator, of a folder or zip archive of images, a reference to a
            data set, or a run's folder, its id or the beginning of it.
        opening: how.
        fake: whether it is what somebody has generated: of that all is scored, also what a data set
            would leave out of its splits.

    Raises:
        UsageError: it is none of these.
        MissingData: the data set is not on this machine.
        InvalidResults, PluginNotUsable: as `find_kept`.
    """
    if isinstance(source, Tensor):
        return _plain_tensor(source)
    if hasattr(source, "columns"):
        raise UsageError(
            "a frame's columns have names, by which those of tables are compared",
            "write it with to_csv(FILE, index=False) and score csv:FILE; or give .to_numpy(), of "
            "which columns count by their places",
        )
    if hasattr(source, "__array__"):
        return torch.from_numpy(_plain_array(source, "the array"))
    if not isinstance(source, str | Path):
        raise UsageError(
            f"{type(source).__name__} is nothing to score",
            "give a tensor, an array, or the name of a data set, a file or a run",
        )
    text = str(source)
    if Path(text).suffix in ARRAYS:
        return read_array(Path(text))
    if Path(text).suffix == PROGRAM:
        return read_program(Path(text))
    if Path(text).name == GENERATOR_FILE:
        folder = Path(text).absolute().parent
        if not (folder / RECORD_FILE).is_file():
            raise UsageError(
                f"{text} does not lie in a run's folder: weights alone are no generator",
                f"score the program that was exported beside it: {Path(text).with_suffix(PROGRAM)}",
            )
        return find_kept(folder.name, folder.parent, opening.catalogue, opening.remark)
    folder = Path(text).expanduser().absolute()
    # Before folders of images: a run's pictures show samples, and are none.
    if is_folder(folder) and (folder / RECORD_FILE).is_file():
        return find_kept(folder.name, folder.parent, opening.catalogue, opening.remark)
    text = as_images(text)
    if _names_dataset(text, opening.catalogue):
        if fake and opening.fake_split == "all" and (found := _all_of(text, opening)):
            return found
        chosen = choose_data(text, opening.catalogue)
        for note in chosen.survey.notes:
            opening.remark(note)
        return load_data(chosen, opening.catalogue)
    try:
        return find_kept(text, opening.runs, opening.catalogue, opening.remark)
    except UsageError as error:
        if (reader := READERS.get(Path(text).suffix)) and folder.is_file():
            raise UsageError(f"{text} is a file: say of what", f"{reader}:{text}") from None
        raise type(error)(
            f"{text} is no data set, folder or file of samples; as a run: {error.message}",
            error.hint,
        ) from None


def _names_dataset(text: str, catalogue: Catalogue) -> bool:
    first, *_ = split_alternatives(text)  # of a mixture
    return parse_reference(first).name in catalogue.names(DatasetSpec.kind)


def _all_of(text: str, opening: Opening) -> Data | None:
    """What `DatasetSpec.samples` gives; None of a data set whose splits leave nothing out."""
    spec, parameters = choose_dataset(text, opening.catalogue)
    if spec.samples is None:
        return None

    def check(name: str, found: object) -> Data:
        return check_data(name, found, require(f"samples of {name}", found, Data).info)

    arguments = located(spec.parameters, parameters, "")
    return made(opening.catalogue, check, spec, spec.samples, opening.remark, **arguments)


def read_array(path: Path) -> Tensor:
    """The samples of a file: of an archive, its only array of more than one axis.

    Raises:
        UsageError: there is no such file, or it is no file of one array; nothing in it is run.
    """
    import numpy as np

    try:
        found: Any = np.load(path, allow_pickle=False)
        if not isinstance(found, np.ndarray):
            with found:
                arrays = {name: found[name] for name in found.files}
            several = [name for name, one in arrays.items() if one.ndim > 1]
            if len(several) != 1:
                raise UsageError(
                    f"{path} holds {len(several)} arrays of samples: {', '.join(several)}",
                    "save the one that is meant with numpy.save as a .npy file",
                )
            found = arrays[several[0]]
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or one_line(error)}") from None
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no file of numbers: {one_line(error)}") from None
    return torch.from_numpy(_plain_array(found, str(path)))


def _plain_tensor(source: Tensor) -> Tensor:
    """A dense tensor of real numbers on the CPU.

    Raises:
        UsageError: it is another one.
    """
    if source.layout != torch.strided or source.is_complex() or source.dtype == torch.bool:
        what = "" if source.layout == torch.strided else f" as {source.layout}"
        raise UsageError(f"the tensor holds {source.dtype}{what}, which are no numbers of samples")
    return source.detach().cpu()


def _plain_array(source: object, name: str) -> Any:
    """An array of numbers that torch can take: in this machine's order of bytes, its own memory."""
    import numpy as np

    if np.ma.is_masked(source):
        raise UsageError(f"{name} has masked values", "leave out the samples that they are in")
    found = np.asarray(source)
    if found.dtype.kind not in "fiu" or found.dtype.itemsize > 8:
        raise UsageError(f"{name} holds {found.dtype}, which are no numbers of samples")
    return np.array(found, dtype=found.dtype.newbyteorder("="))


def real_data(source: Source, name: str, split: str, opening: Opening) -> Data:
    """The reference; an array has one split alone, `train`.

    Raises:
        UsageError: it is no kind of sample.
    """
    if isinstance(source, KeptRun | Program):
        raise UsageError(f"{name} is a generator: it cannot be what others are compared with")
    if isinstance(source, Tensor):
        info = describe(source, name, opening.channels)
        samples, note = arranged(source, info, name, opening.channels)
        if note:
            opening.remark(note)
        return Data(info=info, train=samples, heldout=samples[:0])
    return together(source) if split == "all" else source


def together(data: Data) -> Data:
    """All samples as one split."""
    labels = data.train_labels
    if labels is not None and data.heldout_labels is not None:
        labels = torch.cat([labels, data.heldout_labels])
    return replace(
        data,
        train=torch.cat([data.train, data.heldout]),
        heldout=data.heldout[:0],
        train_labels=labels,
        heldout_labels=None if labels is None else labels[:0],
    )
