"""Real batches and latents, drawn on the device from seeded generators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.api.networks import Latent
from ganbench.modalities import modality_of


class RealFeed:
    """Shuffled epochs over a training set that lies on the device as it is stored: images as bytes.

    Args:
        data: its `train` split is fed; an epoch's incomplete last batch is dropped.
        device: where the data is kept.
        seed: of the order.
    """

    def __init__(self, data: Data, device: torch.device, seed: int) -> None:
        self._samples = data.train.to(device)
        self._labels = None if data.train_labels is None else data.train_labels.to(device)
        self._random = torch.Generator(device).manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.int64, device=device)
        self._next = 0
        self._info, self._encode = data.info, modality_of(data.info).encode
        self.shape = data.info.shape
        """Of one sample, as networks see it."""

    def draw(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The next real samples (count, *shape) as networks see them; labels (count,) or None."""
        if self._next + count > len(self._order):
            self._order, self._next = self._shuffled(count), 0
        chosen = self._order[self._next : self._next + count]
        self._next += count
        labels = None if self._labels is None else self._labels.index_select(0, chosen)
        return self._encode(self._samples.index_select(0, chosen), self._info), labels

    def state(self) -> dict[str, Any]:
        """Where in the order of which epoch it is."""
        return {"random": self._random.get_state(), "order": self._order, "next": self._next}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.set_state(state["random"])
        self._order = state["order"].to(self._samples.device)
        self._next = state["next"]

    def _shuffled(self, count: int) -> Tensor:
        """A permutation; several in a row where one batch is larger than the data set."""
        size, device = len(self._samples), self._samples.device
        epochs = [
            torch.randperm(size, generator=self._random, device=device)
            for _ in range(-(-count // size))
        ]
        return epochs[0] if len(epochs) == 1 else torch.cat(epochs)


class LatentFeed:
    """Latents of one law, drawn on the device.

    Args:
        law: size and distribution.
        device: where they are drawn.
        seed: of the stream.
    """

    def __init__(self, law: Latent, device: torch.device, seed: int) -> None:
        self._law = law
        self._device = device
        self._random = torch.Generator(device).manual_seed(seed)

    def draw(self, count: int) -> Tensor:
        """(count, size) float32 latents."""
        shape = (count, self._law.size)
        if self._law.law == "normal":
            return torch.randn(shape, generator=self._random, device=self._device)
        uniform = torch.rand(shape, generator=self._random, device=self._device)
        return uniform.mul_(2).sub_(1)

    def state(self) -> dict[str, Any]:
        """Where in its stream it is."""
        return {"random": self._random.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.set_state(state["random"])
