"""One evaluation of a generator: samples drawn once, features extracted once, scores shared."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.networks import Latent, Networks
from ganbench.api.recipe import Training
from ganbench.api.scores import Extractor, Measurement, NonFiniteSamples
from ganbench.scoring.realcache import RealCache
from ganbench.storage.sealed import content_hash
from ganbench.storage.tensorcache import Tensors

T = TypeVar("T")


class NotThereError(Exception):
    """A score asks a contestant for what it does not have: of a kept run the generator alone is
    there, and a control has no discriminator."""


class RealSide:
    """What all evaluations of a run share: real samples, extractors and everything cached.

    Args:
        data: the data set.
        split: `heldout` or `train`: which samples are the reference.
        device: where features are computed.
        build_extractor: makes the extractor of a reference such as ``classifier``.
        cache: what runs share; None: everything is computed here.
    """

    def __init__(
        self,
        data: Data,
        split: str,
        device: torch.device,
        build_extractor: Callable[[str], Extractor],
        cache: RealCache | None = None,
    ) -> None:
        self.data = data
        self.split = split if len(data.heldout) or split == "train" else "train"
        self.real = (data.heldout if self.split == "heldout" else data.train).to(device)
        self.labels = data.heldout_labels if self.split == "heldout" else data.train_labels
        self._build_extractor = build_extractor
        self._shared = cache
        self._cache: dict[str, object] = {}

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, computed at the first call with that key."""
        if key not in self._cache:
            self._cache[key] = compute()
        return cast("T", self._cache[key])

    def extractor(self, name: str) -> Extractor:
        """The extractor of that reference."""
        return self.once(f"extractor/{name}", lambda: self._build_extractor(name))

    def features(self, name: str) -> Tensor:
        """(N, d) features of the real samples."""
        return self.once(f"features/{name}", lambda: self._extracted(name, self.split, self.real))

    def train_features(self, name: str) -> Tensor:
        """(T, d) features of the train split."""
        if self.split == "train":
            return self.features(name)
        return self.once(
            f"train-features/{name}", lambda: self._extracted(name, "train", self.data.train)
        )

    def fake_features(self, name: str, fakes: Tensor) -> Tensor:
        """(M, d) features of fakes that others may score again: shared as those of real ones."""
        extractor = self.extractor(name)
        if self._shared is None:
            return extractor(fakes)
        return self._shared.features(name, extractor, "fakes", fakes, content_hash({"": fakes}))

    def cached(
        self, name: str, inputs: Sequence[Tensor], compute: Callable[[], Tensors]
    ) -> Tensors:
        """See `ganbench.api.scores.Evaluation.cached`."""
        return self._shared.cached(name, inputs, compute) if self._shared else compute()

    def _extracted(self, name: str, split: str, samples: Tensor) -> Tensor:
        extractor = self.extractor(name)
        if self._shared is None:
            return extractor(samples)
        digest = self.once(f"digest/{split}", lambda: content_hash({"": samples}))
        return self._shared.features(name, extractor, split, samples, digest)


class Snapshot:
    """Implements `ganbench.api.scores.Evaluation` for one set of fakes.

    Args:
        side: the real side.
        fakes: (M, ...), as they would be stored.
        fake_labels: (M,) classes that they were made for, or None.
        steps: generator steps taken so far.
        generator: that made them, if there is one.
        latents: the parts of its input.
        extra: further modules of its model.
        logits: what the discriminator thinks of samples.
        training: how the generator was trained.
        rehearse: takes one step of that training on other networks.
        seen: the description of what networks see; None: that of the data.
        lasting: whether the fakes are likely to be scored again, by another process.
    """

    def __init__(
        self,
        side: RealSide,
        fakes: Tensor,
        fake_labels: Tensor | None = None,
        *,
        steps: int = 0,
        generator: nn.Module | None = None,
        latents: tuple[Latent, ...] = (),
        extra: Mapping[str, nn.Module] | None = None,
        logits: Callable[..., Tensor] | None = None,
        training: Training | None = None,
        rehearse: Callable[[Networks, Data, int], bool] | None = None,
        seen: DataInfo | None = None,
        lasting: bool = False,
    ) -> None:
        self._side = side
        self.fakes = fakes
        self.fake_labels = fake_labels
        self.steps = steps
        self.generator = generator
        self.latents = latents
        self.extra = {} if extra is None else extra
        self.training = training
        self.seen = side.data.info if seen is None else seen
        self._logits = logits
        self._rehearse = rehearse
        self._lasting = lasting
        self._features: dict[str, Tensor] = {}
        self._whole: tuple[Snapshot, Tensor] | None = None

    def part(self, chosen: Tensor) -> Snapshot:
        """Some of the fakes, by their places; their features are those of the whole, as extractors
        look at each sample alone."""
        part = copy.copy(self)
        part.fakes = self.fakes[chosen.to(self.fakes.device)]
        if self.fake_labels is not None:
            part.fake_labels = self.fake_labels[chosen.to(self.fake_labels.device)]
        part._features, part._whole = {}, (self, chosen)
        return part

    @property
    def data(self) -> Data:
        """The data set."""
        return self._side.data

    @property
    def real(self) -> Tensor:
        """(N, ...) reference samples, as they are stored."""
        return self._side.real

    @property
    def split(self) -> str:
        """Which split the reference is."""
        return self._side.split

    def extractor(self, name: str) -> Extractor:
        """The extractor of that reference."""
        return self._side.extractor(name)

    def real_features(self, extractor: str) -> Tensor:
        """(N, d) features of the reference, computed once per run."""
        return self._side.features(extractor)

    def train_features(self, extractor: str) -> Tensor:
        """(T, d) features of the train split, computed once per run."""
        return self._side.train_features(extractor)

    def logits(self, samples: Tensor, labels: Tensor | None = None) -> Tensor:
        """(J,) logits of the discriminator.

        Raises:
            UsageError: there is none here.
        """
        if self._logits is None:
            raise UsageError(
                "these samples come without a discriminator",
                "leave the score out, or name it in a suite's final_scores",
            )
        return self._logits(samples, labels)

    def rehearse(self, networks: Networks, data: Data, number: int = 0) -> bool:
        """Take one step of the run's training on other networks; tell whether it has a
        memory of its own.

        Raises:
            UsageError: there is no training here.
        """
        if self._rehearse is None:
            raise UsageError(
                "these samples come without a training",
                "leave the score out, or name it in a suite's final_scores",
            )
        return self._rehearse(networks, data, number)

    def fake_features(self, extractor: str) -> Tensor:
        """(M, d) features of the fakes, computed once per evaluation.

        Raises:
            NonFiniteSamples: a feature is not finite.
        """
        if extractor not in self._features and self._whole is not None:
            whole, chosen = self._whole
            features = whole.fake_features(extractor)
            self._features[extractor] = features[chosen.to(features.device)]
        if extractor not in self._features:
            features = (
                self._side.fake_features(extractor, self.fakes)
                if self._lasting
                else self.extractor(extractor)(self.fakes)
            )
            if not bool(torch.isfinite(features).all()):
                raise NonFiniteSamples(f"features of {extractor} are not finite")
            self._features[extractor] = features
        return self._features[extractor]

    def once(self, key: str, compute: Callable[[], T]) -> T:
        """The result of `compute`, a function of the real side alone."""
        return self._side.once(key, compute)

    def cached(
        self, name: str, inputs: Sequence[Tensor], compute: Callable[[], Tensors]
    ) -> Tensors:
        """The result of `compute`, a function of name and inputs alone."""
        return self._side.cached(name, inputs, compute)


def measure(
    snapshot: Snapshot,
    scores: Sequence[tuple[Callable[..., list[Measurement]], Mapping[str, object]]],
) -> list[list[Measurement]]:
    """The measurements of each score.

    Args:
        snapshot: the fakes and the real side.
        scores: compute functions with their parameters.

    Raises:
        NonFiniteSamples: a score came out non-finite: that is a status, not a number.
        UsageError: two measurements claim the same column.
    """
    measured = [compute(snapshot, **parameters) for compute, parameters in scores]
    check_columns(measured)
    return measured


def check_columns(measured: Sequence[Sequence[Measurement]]) -> None:
    """Hold what several scores have measured to what a record can keep.

    Raises:
        NonFiniteSamples: a value is not finite.
        UsageError: two measurements claim the same column, or what a number is held against (null,
            floor, cap) is not finite.
    """
    seen: set[str] = set()
    for one in (result for results in measured for result in results):
        if one.key in seen:
            raise UsageError(f"two scores of this task measure the same column {one.key}")
        if not math.isfinite(one.value):
            raise NonFiniteSamples(f"{one.label} is {one.value}")
        for name in ("null", "floor", "measured_floor", "cap"):
            if not math.isfinite(getattr(one, name) or 0.0):
                reason = f"the {name.replace('_', ' ')} of {one.label} is {getattr(one, name)}"
                raise UsageError(reason, "look at the data, or leave the score out")
        seen.add(one.key)
