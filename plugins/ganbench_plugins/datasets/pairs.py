"""Digits with their names, written and spoken: pairs of which either half alone tells the class.

A pair's halves are drawn of one class and are otherwise independent: all that one half tells of the
other is the class. Each split pairs its own samples, so that no image and no sound is in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ganbench import Data, DataInfo, DatasetSpec, Parameter, Survey, Vocabulary, hookimpl, join_pair
from ganbench_plugins.datasets import digits, spoken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

SEED = 1998
NAMES = spoken.WORDS
LENGTH = 1 + max(map(len, NAMES))  # every name has an end
LETTERS = Vocabulary(tokens=("", *sorted({letter for name in NAMES for letter in name})))
WRITTEN = DataInfo(
    name="names", modality="text", shape=(LENGTH, len(LETTERS)), classes=10, vocabulary=LETTERS
)


def pair_info(name: str, first: DataInfo, second: DataInfo) -> DataInfo:
    """What pairs of two labelled kinds of samples are."""
    return DataInfo(
        name=name,
        modality="pair",
        shape=(first.features + second.features,),
        classes=first.classes,
        halves=(first, second),
    )


DIGIT_NAMES = pair_info("digit-names", digits.INFO, WRITTEN)
DIGIT_VOICES = pair_info("digit-voices", digits.INFO, spoken.INFO)


def load_names() -> Data:
    """1,797 images of 8x8, each with the English name of its digit."""
    import torch

    base = digits.load()
    assert base.train_labels is not None
    assert base.heldout_labels is not None
    names = torch.tensor([LETTERS.numbers(name, LENGTH) for name in NAMES])
    return Data(
        info=DIGIT_NAMES,
        train=join_pair(base.train, names[base.train_labels]),
        heldout=join_pair(base.heldout, names[base.heldout_labels]),
        train_labels=base.train_labels,
        heldout_labels=base.heldout_labels,
    )


def load_voices(pairings: int) -> Data:
    """1,797 images of 8x8, each with sounds of its digit: `pairings` in training, one held out.

    Raises:
        MissingData: espeakng-loader is not installed.
    """
    images, sounds = digits.load(), spoken.load()
    train, train_labels = _paired(
        (images.train, images.train_labels), (sounds.train, sounds.train_labels), pairings
    )
    heldout, heldout_labels = _paired(
        (images.heldout, images.heldout_labels), (sounds.heldout, sounds.heldout_labels), 1
    )
    return Data(
        info=DIGIT_VOICES,
        train=train,
        heldout=heldout,
        train_labels=train_labels,
        heldout_labels=heldout_labels,
    )


def _paired(
    first: tuple[Tensor, Tensor | None], second: tuple[Tensor, Tensor | None], each: int
) -> tuple[Tensor, Tensor]:
    """Pairs of labelled samples, and their labels."""
    import torch

    (firsts, labels), (seconds, others) = first, second
    assert labels is not None
    assert others is not None
    places, partners = map(torch.from_numpy, pairing(labels.numpy(), others.numpy(), each))
    return join_pair(firsts[places], seconds[partners]), labels[places]


def pairing(
    firsts: NDArray[np.int64], seconds: NDArray[np.int64], each: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which samples make pairs: every first one with `each` second ones of its class.

    Those of a class are taken in turn, in a random order: as often as each other, within one. No
    pair is made twice where a class has `each` second ones.

    Args:
        firsts, seconds: classes of the samples to pair.
        each: partners of every first one.

    Returns:
        Two arrays of len(firsts) * each places, the same on every machine.
    """
    import numpy as np

    rng = np.random.RandomState(SEED)  # a stream that numpy promises to keep
    places = np.repeat(np.arange(len(firsts)), each)
    partners = np.empty_like(places)
    for one in np.unique(firsts):
        own = firsts[places] == one
        partners[own] = np.resize(rng.permutation(np.flatnonzero(seconds == one)), own.sum())
    return places, partners


def _describe_voices(pairings: int) -> Survey:
    base = digits.SURVEY
    assert base.train is not None
    return Survey(info=DIGIT_VOICES, train=base.train * pairings, heldout=base.heldout)


@hookimpl
def ganbench_datasets() -> list[DatasetSpec]:
    """Digits and their names."""
    names = Survey(info=DIGIT_NAMES, train=digits.SURVEY.train, heldout=digits.SURVEY.heldout)
    return [
        DatasetSpec(
            name="digit-names",
            description="scikit-learn's digits of 8x8, each with its English name; 797 train",
            paper="Alpaydin & Kaynak 1998, https://doi.org/10.24432/C50P49",
            modalities=("pair",),
            describe=lambda: names,
            load=load_names,
            licence="CC BY 4.0 (UCI machine learning repository)",
        ),
        DatasetSpec(
            name="digit-voices",
            description="scikit-learn's digits of 8x8, each spoken by synthetic voices; 8 kHz",
            paper="Alpaydin & Kaynak 1998, https://doi.org/10.24432/C50P49; "
            "eSpeak NG, https://github.com/espeak-ng/espeak-ng",
            modalities=("pair",),
            parameters={
                "pairings": Parameter(
                    default=4, minimum=1, maximum=50, help="sounds for each training image"
                )
            },
            describe=_describe_voices,
            check=lambda pairings: spoken.check(),
            load=load_voices,
            licence="digits: CC BY 4.0; none claimed on sounds; eSpeak NG itself: GPL-3.0-or-later",
        ),
    ]
