"""How every extractor runs: frozen, in batches of a fixed size, in full float32."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from ganbench import DataInfo


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """No gradients, no TF32, no autocast, no search for the fastest kernel; restored afterwards.

    `cudnn.allow_tf32` is True by default: ten bits of mantissa, enough to move a Fréchet distance.
    """
    matmul = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn.flags(
        enabled=torch.backends.cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=False
    )
    with torch.no_grad(), torch.autocast(device.type, enabled=False), cudnn:
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(matmul)


def short_name(info: DataInfo) -> str:
    """A data set's name without its parameters, as a word for an extractor's id."""
    return re.sub(r"\W+", "-", info.name.partition("[")[0].partition(":")[0])


class FrozenExtractor:
    """Satisfies `ganbench.Extractor` with any function of a batch.

    Args:
        id: name and content hash.
        layer: which layer the features are.
        features: maps a batch (B, ...) on `device`, as it is stored, to (B, d).
        device: where the features are computed, and returned.
        batch: samples in one batch.
    """

    def __init__(
        self,
        id: str,  # noqa: A002
        layer: str,
        features: Callable[[Tensor], Tensor],
        device: torch.device,
        batch: int,
    ) -> None:
        self.id = id
        self.layer = layer
        self._features = features
        self._device = device
        self._batch = batch

    def __call__(self, samples: Tensor) -> Tensor:
        """Features (N, d) float32, on the extractor's device, of samples (N, ...)."""
        with full_precision(self._device):
            batches = torch.split(samples, self._batch)
            return torch.cat([self._features(batch.to(self._device)).float() for batch in batches])


class FrozenClassifier(FrozenExtractor):
    """Satisfies `ganbench.Classifier`: an extractor whose features tell the class.

    Args:
        classes: how many there are.
        channels: of how many independent parts a class is made up.
        classify: maps features (N, d) to classes (N,).
        extractor: the arguments of `FrozenExtractor`.
    """

    def __init__(
        self, classes: int, channels: int, classify: Callable[[Tensor], Tensor], **extractor: Any
    ) -> None:
        super().__init__(**extractor)
        self.classes = classes
        self.channels = channels
        self._classify = classify

    def classify(self, features: Tensor) -> Tensor:
        """(N,) int64 class of features (N, d)."""
        with full_precision(self._device):
            return self._classify(features.to(self._device))
