"""What a data set tells about itself, and the samples it hands over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError
from ganbench.api.schema import Categorical, Numeric, Spectrogram, Vocabulary

if TYPE_CHECKING:
    from torch import Tensor

ModalityName = Literal["points", "image", "audio", "text", "tabular", "pair"]
MODALITY_NAMES: tuple[ModalityName, ...] = get_args(ModalityName)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataInfo:
    """The shape of a data set, known without loading it.

    What it may hold is for its modality to say, when a data set describes itself:

    | modality | `shape`, as networks see a sample | has also |
    |---|---|---|
    | `points` | `(coordinates,)` | |
    | `image` | `(channels, height, width)` | |
    | `audio` | `(channels, samples)` | `rate` |
    | `text` | `(positions, tokens)`, one-hot | `vocabulary` |
    | `tabular` | `(features,)`: its columns' widths, added up | `schema` |
    | `pair` | `(features,)`: those of both halves, flattened | `halves` |

    Args:
        name: the data set with its parameters as the user names it, e.g. ``digits``.
        modality: what one sample is.
        shape: of one sample as networks see it. What is stored may have another one: see `Data`.
        classes: number of classes, or None where samples carry no labels.
        rate: samples per second of a sound.
        vocabulary: the tokens of texts.
        schema: the columns of a table, in order.
        halves: what the two halves of a pair are.
        spectrogram: the sounds that an image stands for, where a technique has networks see sounds
            so. No data set describes itself by it: what is stored and scored are the sounds.

    Raises:
        TypeError: a field is of another type.
    """

    name: str
    modality: ModalityName
    shape: tuple[int, ...]
    classes: int | None = None
    rate: int | None = None
    vocabulary: Vocabulary | None = None
    schema: tuple[Numeric | Categorical, ...] | None = None
    halves: tuple[DataInfo, DataInfo] | None = None
    spectrogram: Spectrogram | None = None

    def __post_init__(self) -> None:
        check_fields("DataInfo", self)
        for name in ("shape", "schema", "halves"):  # lists pass, but equal no tuple
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else tuple(value))

    @property
    def features(self) -> int:
        """Numbers in one sample, as networks see it."""
        return math.prod(self.shape)

    @property
    def channels(self) -> int:
        """Colour channels of an image.

        Raises:
            UsageError: the samples are no images.
        """
        return self._image()[0]

    @property
    def height(self) -> int:
        """Height of an image, in pixels.

        Raises:
            UsageError: the samples are no images.
        """
        return self._image()[1]

    @property
    def width(self) -> int:
        """Width of an image, in pixels.

        Raises:
            UsageError: the samples are no images.
        """
        return self._image()[2]

    @property
    def side(self) -> int:
        """Height and width of a square image, in pixels.

        Raises:
            UsageError: the samples are no square images.
        """
        _, height, width = self._image()
        if height != width:
            raise UsageError(f"{self.name} holds no square images: {self.modality} {self.shape}")
        return height

    def _image(self) -> tuple[int, int, int]:
        if len(self.shape) != 3:
            raise UsageError(f"{self.name} holds no images: {self.modality} {self.shape}")
        channels, height, width = self.shape
        return channels, height, width


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What one look at a data set's files tells, without loading them.

    Args:
        info: its shape.
        fingerprint: of the content of files that are not the plugin's own and may change (a user's
            folder), for which it is a part of a run's identity; empty where there are none.
        train, heldout: how many samples each split has, where that is known.
        notes: lines for whoever plans to train on it: what was found, and what was left out.

    Raises:
        TypeError: a field is of another type.
    """

    info: DataInfo
    fingerprint: str = ""
    train: int | None = None
    heldout: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields("Survey", self)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownModes:
    """The true modes of a mixture of isotropic Gaussians.

    Args:
        centres: (K, d) float tensor.
        sigma: standard deviation of every mode.
    """

    centres: Tensor
    sigma: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A loaded data set, on the CPU, in the form in which its modality is stored:

    | modality | one sample |
    |---|---|
    | `points` | float32 `(coordinates,)` |
    | `image` | uint8 `(channels, height, width)`, 0 to 255 |
    | `audio` | int16 `(channels, samples)`: linear PCM |
    | `text` | int64 `(positions,)`: places in the vocabulary |
    | `tabular` | float32 `(columns,)`: numbers, and places of categories |
    | `pair` | float32 `(values,)`: both halves as they are stored, as `join_pair` puts them |

    Scores and extractors get samples in this form, too; networks see and emit what `DataInfo` says.

    Args:
        info: its shape; must agree with the tensors.
        train: what generators learn from, (N, ...).
        heldout: samples of the same law that no generator, discriminator or extractor ever sees
            in training, (M, ...); may be empty (0 rows) where a data set has none.
        train_labels, heldout_labels: (N,) int64 class of each sample, or None.
        modes: the true modes, where they are known.
        channels_of: the labelled data set of which every channel is an independent sample, for
            stacked data. The class of a sample then has the classes of its channels as digits.
        exchangeable: whether the order of its samples tells nothing about them, as of draws from
            one law. Files are often sorted by class, folder or value.
    """

    info: DataInfo
    train: Tensor
    heldout: Tensor
    train_labels: Tensor | None = None
    heldout_labels: Tensor | None = None
    modes: KnownModes | None = None
    channels_of: Data | None = None
    exchangeable: bool = False

    def some(self, samples: Tensor, n: int) -> Tensor:
        """Those n that stand for all, where a score takes fewer: the first ones if the order tells
        nothing, else drawn, the same ones at every call.

        Args:
            samples: (N, ...) of a split, or what was computed of each, in that order.
            n: how many; all are taken where there are no more.
        """
        if self.exchangeable or n >= len(samples):
            return samples[:n]
        import numpy as np

        # Of RandomState, since numpy promises its stream for ever.
        return samples[np.random.RandomState(0).permutation(len(samples))[:n]]
