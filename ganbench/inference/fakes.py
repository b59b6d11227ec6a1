"""The fakes of a source: drawn, translated to what the real samples are, and shown to scores."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import InvalidResults, UsageError
from ganbench.inference.kept import KeptRun
from ganbench.inference.programs import Program
from ganbench.inference.sources import Opening, Source, together
from ganbench.modalities import modality_of
from ganbench.modalities.arrays import Channels, arranged
from ganbench.running.contestant import Contestant
from ganbench.running.evaluator import EVALUATION_SEED
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.training.sampling import is_finite
from ganbench.training.seeds import stream_seed

GENERATED = 2_500
"""Samples of a program where nobody says how many."""


@dataclass(frozen=True, kw_only=True)
class Fakes:
    """Stored samples that are to be scored.

    Args:
        samples: (M, *stored shape).
        labels: (M,) classes that they were made for, or None.
        contestant: the generator that made them, if it is at hand.
        steps: generator steps that it had taken.
    """

    samples: Tensor
    labels: Tensor | None = None
    contestant: Contestant | None = None
    steps: int = 0

    def snapshot(self, side: RealSide) -> Snapshot:
        """What scores see of them."""
        samples = self.samples.to(side.real.device)
        if self.contestant is None:
            return Snapshot(side, samples, self.labels, lasting=True)
        return self.contestant.snapshot(side, samples, self.labels, self.steps)


def fakes_of(
    source: Source, name: str, info: DataInfo, count: int | None, opening: Opening
) -> Fakes:
    """What is scored.

    Args:
        source: as `open_source` gives it.
        name: of it.
        info: what samples must be to be compared with the real ones.
        count: how many are taken of it, drawn once and for all; None: all, of a run as many as
            its task generates, and of a program `GENERATED`.
        opening: how.

    Raises:
        UsageError: other samples than the real ones, or too few.
        InvalidResults: as `KeptRun.contestant`.
    """
    if isinstance(source, KeptRun):
        return _generated(source, info, count, opening)
    if isinstance(source, Program):
        samples, labels = source.generate(count or GENERATED, EVALUATION_SEED, info)
        same = info.classes in (None, source.card["input"]["classes"])
        return Fakes(samples=samples, labels=_those_of(info, labels, opening, same=same))
    if isinstance(source, Data):
        own = replace(source.info, name=name)
        everything = together(source).train
        source = {"all": everything, "train": source.train, "heldout": source.heldout}[
            opening.fake_split
        ]
        source = modality_of(info).translated(source, own, info)
        channels: Channels = "first"
    else:
        channels = opening.channels
    samples, note = arranged(source, info, name, channels)
    if note:
        opening.remark(note)
    if count is not None and count > len(samples):
        raise UsageError(f"{name} holds {len(samples)} samples, {count} are wanted")
    # Files may be sorted, and a score that takes fewer takes the first ones.
    drawn = torch.Generator().manual_seed(stream_seed(0, "fakes"))
    return Fakes(samples=samples[torch.randperm(len(samples), generator=drawn)[:count]])


def _generated(kept: KeptRun, info: DataInfo, count: int | None, opening: Opening) -> Fakes:
    own, modality = replace(kept.data.info, name=f"run {kept.run_id}"), modality_of(info)
    modality.require_kin(own, info)
    contestant = kept.contestant(opening.device)
    samples, labels = generated(kept, contestant, count or kept.spec.task.fakes, EVALUATION_SEED)
    samples = modality.translated(samples, own, info)
    labels = _those_of(info, labels, opening, same=info.classes in (None, own.classes))
    if modality.apart(own, info):  # what it emits means something else than there
        return Fakes(samples=samples, labels=labels)
    steps = kept.record["used"]["steps"]
    return Fakes(samples=samples, labels=labels, contestant=contestant, steps=steps)


def _those_of(
    info: DataInfo, labels: Tensor | None, opening: Opening, *, same: bool
) -> Tensor | None:
    """The classes that samples were made for, if they are those of the real ones."""
    if labels is None or same:
        return labels
    opening.remark(f"its classes are not those of {info.name}: what it was told is left out")
    return None


def generated(
    kept: KeptRun, contestant: Contestant, count: int, seed: int
) -> tuple[Tensor, Tensor | None]:
    """(count, *stored shape) samples of a run's generator, and their classes (count,), if any.

    Raises:
        InvalidResults: its output is not finite.
    """
    raw, labels = contestant.sample(count, seed)
    if not is_finite(raw):
        raise InvalidResults(f"the output of the generator of {kept.run_id} is not finite")
    return contestant.as_stored(raw), labels
