"""What a data set tells about itself, and the samples it hands over."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ganbench.api.checked import check_fields
from ganbench.api.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

Modality = Literal["points", "image", "audio", "text", "tabular"]
MODALITIES: tuple[Modality, ...] = ("points", "image", "audio", "text", "tabular")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataInfo:
    """The shape of a data set, known without loading it.

    Args:
        name: the data set with its parameters as the user names it, e.g. ``digits``.
        modality: what one sample is.
        shape: shape of one sample: ``(channels, side, side)`` of an image, ``(d,)`` of a point.
        classes: number of classes, or None where samples carry no labels.

    Raises:
        TypeError: a field is of another type.
    """

    name: str
    modality: Modality
    shape: tuple[int, ...]
    classes: int | None = None

    def __post_init__(self) -> None:
        check_fields("DataInfo", self)

    @property
    def features(self) -> int:
        """Numbers in one sample."""
        return math.prod(self.shape)

    @property
    def channels(self) -> int:
        """Colour channels of an image.

        Raises:
            UsageError: the samples are not images.
        """
        self._require_image()
        return self.shape[0]

    @property
    def side(self) -> int:
        """Height and width of an image, in pixels.

        Raises:
            UsageError: the samples are not square images.
        """
        self._require_image()
        return self.shape[1]

    def _require_image(self) -> None:
        if self.modality != "image" or len(self.shape) != 3 or self.shape[1] != self.shape[2]:
            raise UsageError(f"{self.name} holds no square images: {self.modality} {self.shape}")


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
    """A loaded data set, on the CPU.

    Args:
        info: its shape; must agree with the tensors.
        train: what generators learn from. Images: (N, C, H, W) uint8. Anything else: (N, ...)
            float32.
        heldout: samples of the same law that no generator, discriminator or extractor ever sees
            in training; may be empty (0 rows) where a data set has none.
        train_labels, heldout_labels: (N,) int64 class of each sample, or None.
        modes: the true modes, where they are known.
        channels_of: the labelled data set of which every channel is an independent sample, for
            stacked data. The class of a sample then has the classes of its channels as digits.
    """

    info: DataInfo
    train: Tensor
    heldout: Tensor
    train_labels: Tensor | None = None
    heldout_labels: Tensor | None = None
    modes: KnownModes | None = None
    channels_of: Data | None = None
