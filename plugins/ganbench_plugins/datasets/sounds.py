"""Files of sounds: WAV by SciPy, anything else by the optional package soundfile."""

from __future__ import annotations

import os
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench import MissingData, UsageError
from ganbench_plugins.datasets.looks import is_passing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = frozenset(
    {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".caf"}
)
WAV = (b"RIFF", b"RIFX", b"RF64")
"""How a WAV file begins; names do not tell: sounds are named .wav that are none."""

UNKNOWN = 0xFFFFFFFF
"""What stands for the size of samples, where a file was written to a pipe."""


class Unreadable(Exception):
    """A file holds no sound that can be read; the reason is its text."""


def require_reader(paths: list[str]) -> None:
    """Make sure that what files need to be read is installed. Nothing reads a file without a byte.

    Raises:
        MissingData: there are others than WAV, and soundfile is not installed.
    """
    if find_spec("soundfile") is not None:
        return
    others = [path for path in paths if not _is_wav(path) and Path(path).stat().st_size]
    if others:
        raise MissingData(
            f"{others[0]} is no WAV file{_more(len(others) - 1)}, and the package that reads "
            "others is not installed",
            "run: pip install 'ganbench[audio]'",
        )


def _more(count: int) -> str:
    return f", nor are {count:,} more" if count else ""


def read(path: str) -> tuple[NDArray[np.float64], int]:
    """A sound (channels, samples) in [-1, 1], and its samples per second.

    Raises:
        Unreadable: the file is damaged, empty, or of another format.
        UsageError: it cannot be read now, which says nothing of what it holds.
    """
    import numpy as np

    if not Path(path).stat().st_size:
        raise Unreadable("is empty")
    try:
        samples, rate = _wav(path) if _is_wav(path) else _other(path)
    except Unreadable:
        raise
    except UnboundLocalError:  # how scipy says that a chunk which it needs is not there
        raise Unreadable("has no description of its samples, or no samples") from None
    except Exception as error:  # scipy and soundfile raise whatever the bytes lead them to
        if isinstance(error, OSError) and is_passing(error):
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        if is_passing(error):
            raise
        raise Unreadable(f"cannot be read: {type(error).__name__}: {error}") from None
    if not samples.size:
        raise Unreadable("holds no samples")
    if not np.isfinite(samples).all():
        raise Unreadable("holds NaN or infinite numbers")
    if rate < 1:
        raise Unreadable(f"tells {rate} samples per second")
    return samples, rate


def _is_wav(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(4) in WAV


def _wav(path: str) -> tuple[NDArray[np.float64], int]:
    import numpy as np
    from scipy.io import wavfile

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", wavfile.WavFileWarning)  # of chunks that are no sound, too
        rate, found = wavfile.read(path)
    if any("prematurely" in str(one.message) for one in told) and not _is_stream(path):
        raise Unreadable("is cut off")
    samples = np.atleast_2d(found.T)
    if samples.dtype == np.uint8:
        return (samples.astype(np.float64) - 128) / 128, rate
    if samples.dtype.kind == "i":  # 24 bits come in the upper three bytes of 32
        return samples / float(-int(np.iinfo(samples.dtype).min)), rate
    return samples.astype(np.float64), rate


def _is_stream(path: str) -> bool:
    """Whether it was written to a pipe, by whom nothing could be said of its length: all there is
    are its samples."""
    with Path(path).open("rb") as file:
        file.seek(12)
        while len(head := file.read(8)) == 8:
            name, size = head[:4], int.from_bytes(head[4:], "little")
            if name == b"data":
                return size == UNKNOWN
            file.seek(size + size % 2, os.SEEK_CUR)
    return False


def _other(path: str) -> tuple[NDArray[np.float64], int]:
    import soundfile

    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    return samples.T, rate
