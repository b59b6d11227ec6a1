"""What kinds of data there are: one object each, and the only place that knows which is which.

Whoever has data asks its modality: how it is stored, whether it is in order, what networks see of
it, what a generator's output means, how it is shown. Nobody else compares names of modalities or
types of numbers; a test counts.

A modality is no kind of plugin. `decode` decides what every published number means: rounding pixels
to bytes is part of the Fréchet distance's definition, as taking the likeliest token is of every
score of texts. So it stands under the protocol number, and is the same for everybody. A seventh is
one more file here, one name in `ModalityName`, and a line in the changelog's Protocol section.

Nothing here imports torch, numpy or Pillow before a sample is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ganbench.api.data import DataInfo, ModalityName
from ganbench.modalities.modality import Modality
from ganbench.modalities.pair import PAIR, SINGLES
from ganbench.modalities.spectrogram import SPECTROGRAM

if TYPE_CHECKING:
    from torch import Tensor, nn

MODALITIES: Mapping[ModalityName, Modality] = {**SINGLES, PAIR.name: PAIR}


def modality_of(info: DataInfo) -> Modality:
    """The modality of a data set; of sounds that networks see as images, what becomes of these."""
    return SPECTROGRAM if info.spectrogram is not None else MODALITIES[info.modality]


def output_layer(data: DataInfo) -> nn.Module:
    """The last layer of a generator: from any numbers (B, *shape) into the range of the data.

    A tanh for images and sounds, a softmax over tokens and categories, nothing for points. It has
    no weights.
    """
    return modality_of(data).output_layer(data)


def encode(samples: Tensor, data: DataInfo) -> Tensor:
    """(N, *shape) float32, as networks see samples (N, ...) that are in their stored form."""
    return modality_of(data).encode(samples, data)


def decode(raw: Tensor, data: DataInfo) -> Tensor:
    """(N, ...) in their stored form, of what a generator emits (N, *shape), if that is finite."""
    return modality_of(data).decode(raw, data)
