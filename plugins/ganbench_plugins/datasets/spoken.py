"""Digits spoken by synthetic voices: sounds with classes that a package makes without a download.

SC09, which WaveGAN is measured on, is a download. These are the same ten words of about 90
voices that no human being has: eSpeak NG's, in three accents, at many pitches and speeds.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, DatasetSpec, MissingData, Survey, cache, hookimpl
from ganbench_plugins.datasets import espeak
from ganbench_plugins.datasets.clips import fitted, pcm, resampled, trimmed
from ganbench_plugins.datasets.split import stratified_heldout

if TYPE_CHECKING:
    from torch import Tensor

RATE, SAMPLES = 8_000, 4_096
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ACCENTS = ("en", "en-us", "en-gb-scotland")
"""As eSpeak names them: British, American, Scottish."""

EACH = 500
N_HELDOUT = 1_000
SEED = 20181
SPEEDS, PITCHES = (160, 241), (30, 71)
"""Words per minute, and eSpeak's pitch of 0 to 100: from the first up to, without, the second."""

INFO = DataInfo(name="spoken-digits", modality="audio", shape=(1, SAMPLES), classes=10, rate=RATE)
SURVEY = Survey(info=INFO, train=len(WORDS) * EACH - N_HELDOUT, heldout=N_HELDOUT)


def check() -> str:
    """The version of espeakng-loader.

    Raises:
        MissingData: it is not installed.
    """
    try:
        return version("espeakng-loader")
    except PackageNotFoundError:
        raise MissingData(
            "spoken-digits is made by the package espeakng-loader, which is not installed",
            "run: pip install 'ganbench[speech]' (eSpeak NG is under the GPL-3)",
        ) from None


def load() -> Data:
    """500 clips of every digit: 4,000 train, 1,000 held out, the same share of each digit.

    Both splits have all voices, so that they are of one law; no clip is in both.

    Raises:
        MissingData: espeakng-loader is not installed.
    """
    import torch

    # Spoken once: several seconds. Resampling filters are scipy's, so its release counts.
    key = {"what": "spoken-digits", "espeakng-loader": check(), "scipy": version("scipy")}
    recipe = {"seed": SEED, "each": EACH, "speeds": SPEEDS, "pitches": PITCHES}
    clips, labels = cache.tensors("datasets", key | recipe, _spoken, what="spoken digits")
    heldout = torch.from_numpy(stratified_heldout(labels.numpy(), N_HELDOUT))
    return Data(
        info=INFO,
        train=clips[~heldout],
        heldout=clips[heldout],
        train_labels=labels[~heldout],
        heldout_labels=labels[heldout],
    )


def utterances() -> list[espeak.Utterance]:
    """All that is said, digit by digit: voices in turn, everything else drawn."""
    import numpy as np

    rng = np.random.RandomState(SEED)  # a stream that numpy promises for ever
    names = espeak.voices()
    return [
        espeak.Utterance(
            text=word,
            voice=f"{ACCENTS[rng.randint(len(ACCENTS))]}+{names[place % len(names)]}",
            speed=int(rng.randint(*SPEEDS)),
            pitch=int(rng.randint(*PITCHES)),
        )
        for word in WORDS
        for place in range(EACH)
    ]


def _spoken() -> tuple[Tensor, Tensor]:
    import numpy as np
    import torch

    sounds = [clip[None] / 32_768 for clip in espeak.say(utterances())]
    slower = [trimmed(resampled(sound, espeak.RATE, RATE)) for sound in sounds]
    clips = np.stack([pcm(fitted(sound, SAMPLES, RATE)) for sound in slower])
    labels = torch.arange(len(WORDS)).repeat_interleave(EACH)
    return torch.from_numpy(clips), labels


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """The spoken digits."""
    return [
        DatasetSpec(
            name="spoken-digits",
            description="5,000 digits spoken by synthetic voices (eSpeak NG), 8 kHz; 4,000 train",
            paper="eSpeak NG, https://github.com/espeak-ng/espeak-ng; after SC09, "
            "Warden 2018, Speech Commands, arXiv:1804.03209",
            licence="none claimed on what it says; eSpeak NG itself: GPL-3.0-or-later",
            modalities=("audio",),
            describe=lambda: SURVEY,
            check=check,
            load=load,
        )
    ]
