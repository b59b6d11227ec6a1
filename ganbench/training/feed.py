"""Real batches and latents, drawn on the device from seeded generators."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from ganbench.api.data import Data
from ganbench.api.errors import UsageError
from ganbench.api.networks import Latent
from ganbench.modalities import modality_of
from ganbench.training.seeds import stream_seed


class RealFeed:
    """Shuffled epochs over a training set that lies on the device as it is stored: images as bytes.

    Args:
        data: its `train` split is fed; an epoch's incomplete last batch is dropped.
        device: where the data is kept.
        seed: of the order.
        weights: (N,) how often each sample is drawn, relative to others; then every draw is one of
            all samples, and there are no epochs. None: all alike.
        sampling: as of `Training`. An epoch of balanced samples is as long as one of all, and has
            of each class as many as of any other, within one.

    Raises:
        UsageError: balanced samples of data without classes, or of a loss that weighs samples.
    """

    def __init__(
        self,
        data: Data,
        device: torch.device,
        seed: int,
        weights: Tensor | None = None,
        sampling: str = "uniform",
    ) -> None:
        if weights is not None and sampling != "uniform":
            raise UsageError(
                f"{sampling} sampling does not go with a loss or technique that weighs samples",
                "leave one of them out",
            )
        self._weights = None if weights is None else weights.to(device)
        self._places = None if sampling == "uniform" else _by_class(data)
        self._samples = data.train.to(device)
        self._labels = None if data.train_labels is None else data.train_labels.to(device)
        self.info = data.info
        """What networks see of a sample."""
        self.shape = data.info.shape
        """Of one sample, as networks see it."""
        self._encode = modality_of(data.info).encode
        self._seed = seed
        self._begin(seed)

    def _begin(self, seed: int) -> None:
        device = self._samples.device
        self._random = torch.Generator(device).manual_seed(seed)
        self._order = torch.empty(0, dtype=torch.int64, device=device)
        self._next = 0

    def beside(self, name: str) -> RealFeed:
        """A feed of the same samples in an order of its own, which moves this one by nothing.

        Args:
            name: of that order's random stream.
        """
        other = copy.copy(self)
        other._begin(stream_seed(self._seed, name))
        return other

    def draw(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The next real samples (count, *shape) as networks see them; labels (count,) or None."""
        if self._next + count > len(self._order):
            self._order, self._next = self._shuffled(count), 0
        chosen = self._order[self._next : self._next + count]
        self._next += count
        labels = None if self._labels is None else self._labels.index_select(0, chosen)
        return self._encode(self._samples.index_select(0, chosen), self.info), labels

    def of_classes(self, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Real samples (B, *shape) of the classes (B,) wanted, any of a class by its weight.

        With their own classes (B,), which are others only where a class has no sample.
        """
        order, classes, ends = self._in_order_of_classes
        first = ends[torch.searchsorted(classes, wanted)]
        last = ends[torch.searchsorted(classes, wanted, right=True)]
        drawn = torch.rand(len(wanted), generator=self._random, device=order.device)
        places = torch.searchsorted(ends, torch.lerp(first, last, drawn.double()), right=True) - 1
        places = places.clamp_max(len(order) - 1)
        samples = self._samples.index_select(0, order[places])
        return self._encode(samples, self.info), classes[places]

    @cached_property
    def _in_order_of_classes(self) -> tuple[Tensor, Tensor, Tensor]:
        """Places of all samples, their classes, and where each one's weight begins and ends."""
        assert self._labels is not None
        classes, order = self._labels.sort(stable=True)
        weights = torch.ones_like(order) if self._weights is None else self._weights[order]
        return order, classes, pad(weights.double().cumsum(0), (1, 0))

    def first(self, count: int) -> tuple[Tensor, Tensor | None]:
        """The first samples, as `draw` gives them, for those who only look; nothing moves on."""
        labels = None if self._labels is None else self._labels[:count]
        return self._encode(self._samples[:count], self.info), labels

    def everything(self) -> Tensor:
        """All real samples (N, *shape) as networks see them; nothing moves on."""
        return self._encode(self._samples, self.info)

    def state(self) -> dict[str, Any]:
        """Where in the order of which epoch it is."""
        return {"random": self._random.get_state(), "order": self._order, "next": self._next}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.set_state(state["random"])
        self._order = state["order"].to(self._samples.device)
        self._next = state["next"]

    def _shuffled(self, count: int) -> Tensor:
        """A permutation, several in a row where one batch is larger than the data set; or as many
        independent draws."""
        size = len(self._samples)
        if self._weights is not None:
            return torch.multinomial(
                self._weights, max(count, size), replacement=True, generator=self._random
            )
        epochs = [self._epoch(size) for _ in range(-(-count // size))]
        return epochs[0] if len(epochs) == 1 else torch.cat(epochs)

    def _epoch(self, size: int) -> Tensor:
        if self._places is None:
            return self._permuted(size)
        classes = len(self._places)
        counts = torch.full((classes,), size // classes)
        counts[self._permuted(classes)[: size % classes].cpu()] += 1
        chosen = zip(self._places, counts.tolist(), strict=True)
        balanced = torch.cat([self._repeated(places, count) for places, count in chosen])
        return balanced[self._permuted(size)]

    def _repeated(self, places: Tensor, count: int) -> Tensor:
        """So many of those places: each of them before any of them again."""
        rounds = [self._permuted(len(places)) for _ in range(max(1, -(-count // len(places))))]
        return places.to(self._samples.device)[torch.cat(rounds)[:count]]

    def _permuted(self, size: int) -> Tensor:
        return torch.randperm(size, generator=self._random, device=self._samples.device)


def _by_class(data: Data) -> list[Tensor]:
    """The places of each class's samples."""
    labels, classes = data.train_labels, data.info.classes
    if labels is None or not classes:
        raise UsageError(
            f"{data.info.name} has no classes to draw equally often",
            "leave out balanced sampling",
        )
    found = [(labels == one).nonzero().flatten() for one in range(classes)]
    return [places for places in found if len(places)]


class LatentFeed:
    """Latents, drawn on the device.

    Args:
        law: size and distribution; of several parts, one behind the other.
        device: where they are drawn.
        seed: of the stream.
    """

    def __init__(self, law: Latent | Sequence[Latent], device: torch.device, seed: int) -> None:
        self._laws = (law,) if isinstance(law, Latent) else tuple(law)
        self._device = device
        self._random = torch.Generator(device).manual_seed(seed)

    def draw(self, count: int) -> Tensor:
        """(count, size of all parts) float32 latents."""
        parts = [self._part(law, count) for law in self._laws]
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)

    def _part(self, law: Latent, count: int) -> Tensor:
        shape = (count, law.size)
        if law.law == "normal":
            return torch.randn(shape, generator=self._random, device=self._device)
        if law.law == "categorical":
            chosen = torch.randint(law.size, (count,), generator=self._random, device=self._device)
            return one_hot(chosen, law.size).to(torch.float32)
        uniform = torch.rand(shape, generator=self._random, device=self._device)
        return uniform.mul_(2).sub_(1)

    def state(self) -> dict[str, Any]:
        """Where in its stream it is."""
        return {"random": self._random.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.set_state(state["random"])


class LabelFeed:
    """Classes that fakes are made for, drawn on the device.

    Args:
        shares: (K,) probability of each class.
        device: where they are drawn.
        seed: of the stream.
    """

    def __init__(self, shares: Tensor, device: torch.device, seed: int) -> None:
        self._shares = shares.to(device)
        self._random = torch.Generator(device).manual_seed(seed)

    def draw(self, count: int) -> Tensor:
        """(count,) int64 classes."""
        return torch.multinomial(self._shares, count, replacement=True, generator=self._random)

    def state(self) -> dict[str, Any]:
        """Where in its stream it is."""
        return {"random": self._random.get_state()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self._random.set_state(state["random"])


def class_shares(data: Data, law: str) -> Tensor | None:
    """(K,) float32 shares of the classes that fakes are made for; None where there are no classes.

    Args:
        data: the data set.
        law: `train`: as in the train split; `balanced`: all alike.
    """
    classes, labels = data.info.classes, data.train_labels
    if classes is None or labels is None:
        return None
    if law == "balanced":
        return torch.full((classes,), 1 / classes)
    return torch.bincount(labels, minlength=classes).to(torch.float32) / len(labels)
