"""Words spoken by the synthetic voices of eSpeak NG, through ctypes.

Run as a module it says what it is told on stdin, in a process of its own: eSpeak's voices go on
from where they were (phases, flutter), so that a clip is the same only if those before it were.
"""

from __future__ import annotations

import ctypes
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RATE = 22_050
"""Samples per second that eSpeak's own voices have."""

# Of espeak-ng/speak_lib.h.
_SYNCHRONOUS, _CHARACTERS_UTF8, _SPEED, _PITCH = 2, 1, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What is said, and how.

    Args:
        text: to say.
        voice: language, `+`, and a voice of the package's folder `voices/!v`: ``en-us+f2``.
        speed: words per minute.
        pitch: 0 to 100.
    """

    text: str
    voice: str
    speed: int
    pitch: int


def voices() -> list[str]:
    """Names of the synthetic voices that the package has, in order, without those that breathe: the
    noise of breath is another one in every process."""
    import espeakng_loader

    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    files = sorted(folder.iterdir(), key=lambda path: path.name)
    return [path.name for path in files if b"breath" not in path.read_bytes()]


def say(utterances: Sequence[Utterance]) -> list[NDArray[np.int16]]:
    """Each utterance as (samples,) int16 at 22,050 Hz; the same in every process.

    Raises:
        RuntimeError: eSpeak fails.
    """
    import numpy as np

    told = json.dumps([asdict(one) for one in utterances]).encode()
    done = subprocess.run([sys.executable, "-m", __name__], input=told, capture_output=True)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"eSpeak NG failed: {done.stderr.decode(errors='replace').strip()}")
    with np.load(io.BytesIO(done.stdout)) as found:
        return np.split(found["samples"], found["ends"][:-1])


def _speak(utterances: Sequence[Utterance]) -> list[NDArray[np.int16]]:
    import espeakng_loader
    import numpy as np

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    parts: list[NDArray[np.int16]] = []

    def take(samples: ctypes._Pointer[ctypes.c_short], count: int, _: object) -> int:
        if samples and count > 0:
            parts.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        return 0

    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
    )
    callback = kind(take)  # kept alive by this name for as long as the library calls it
    data = str(espeakng_loader.get_data_path()).encode()
    if (rate := library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)) != RATE:
        raise RuntimeError(f"it speaks at {rate} Hz instead of {RATE}")
    library.espeak_SetSynthCallback(callback)

    def spoken(one: Utterance) -> NDArray[np.int16]:
        parts.clear()
        if library.espeak_SetVoiceByName(one.voice.encode()):
            raise RuntimeError(f"it has no voice {one.voice}")
        library.espeak_SetParameter(_SPEED, one.speed, 0)
        library.espeak_SetParameter(_PITCH, one.pitch, 0)
        text = one.text.encode() + b"\0"
        size = ctypes.c_size_t(len(text))
        if library.espeak_Synth(text, size, 0, 0, 0, _CHARACTERS_UTF8, None, None):
            raise RuntimeError(f"it cannot say {one.text!r}")
        return np.concatenate(parts)

    return [spoken(one) for one in utterances]


def main() -> None:
    """Say what stdin tells; write samples and ends of utterances to stdout."""
    import numpy as np

    clips = _speak([Utterance(**one) for one in json.load(sys.stdin)])
    stream = io.BytesIO()
    np.savez(stream, samples=np.concatenate(clips), ends=np.cumsum([len(clip) for clip in clips]))
    sys.stdout.buffer.write(stream.getvalue())


if __name__ == "__main__":
    main()
