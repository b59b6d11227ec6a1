"""The sheet of a run: what its generator makes in the end, for people."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.modalities import modality_of
from ganbench.results.media import sheet_file
from ganbench.storage.writing import write_file


def write_sheet(fakes: Tensor, real: Tensor, title: str, info: DataInfo, folder: Path) -> None:
    """Write the files of a sheet; of some samples there is nothing to see.

    Args:
        fakes, real: stored samples of the data that `info` describes.
        title: of the sheet, where it has one.
        info: what the samples are.
        folder: of the run.
    """
    for place, media in enumerate(modality_of(info).sheet(fakes, real, title, info)):
        # Made again from the generator, if a power cut takes it.
        write_file(folder / sheet_file(place, media.suffix), media.content, durable=False)
