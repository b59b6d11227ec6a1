"""The frames of a run, one at every evaluation: the same latents, becoming something.

A frame is a file or two of a few kilobytes each, pictures in the size of their samples: whoever
shows them enlarges them. Its name is the number of its evaluation, so that an evaluation that is
done again replaces its own frame, and a run that goes on from a checkpoint has each of them once.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from ganbench.api.data import DataInfo
from ganbench.modalities import modality_of
from ganbench.results.media import FRAMES_FOLDER, frame_file, frame_files
from ganbench.storage.reading import read_file
from ganbench.storage.writing import write_file


class Filmstrip:
    """The frames of one run.

    Args:
        folder: of the run; the frames have a folder in it.
        remark: takes lines for the run's log.
    """

    def __init__(self, folder: Path, remark: Callable[[str], None]) -> None:
        self._run = folder
        self._folder = folder / FRAMES_FOLDER
        self._remark = remark

    def rewind(self, count: int) -> None:
        """Remove all frames but the first `count`: what a lost try has drawn after them."""
        frames = frame_files(self._run).items()
        kept = {path for index, files in frames if index < count for path in files}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path not in kept:
                    path.unlink(missing_ok=True)

    def take(self, origin: Path, kept: list[int]) -> None:
        """Copy frames of another run.

        Args:
            origin: folder of that run.
            kept: which of its evaluations this run has, in order.
        """
        frames = frame_files(origin)
        for index, before in enumerate(kept):
            for place, path in enumerate(frames.get(before, [])):
                self._write(frame_file(index, place, path.suffix), read_file(path))

    def add(self, index: int, fakes: Tensor, real: Tensor, info: DataInfo) -> None:
        """Draw the frame of one evaluation. One that cannot be written is not worth a run.

        Args:
            index: of the evaluation, from 0.
            fakes, real: stored samples of the data that `info` describes.
            info: what the samples are.
        """
        drawn = modality_of(info).frame(fakes, real, info)
        try:
            for place, media in enumerate(drawn):
                self._write(frame_file(index, place, media.suffix), media.content)
        except OSError as error:
            self._remark(f"a frame of samples is left out: {error}")

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(exist_ok=True)
        # Not durable: that takes longer than drawing, and a page can do without one frame.
        write_file(self._folder / name, content, durable=False)
