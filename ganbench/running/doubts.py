"""What a run's log says of its data before it trains: degenerate ones are allowed, and named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.modalities import modality_of
from ganbench.wording import counted

FEW_DIFFERENT = 0.5
"""Share of different samples below which copies are worth a word: some are usual."""

MOST_NAMED = 8
"""Classes that are named before the rest is counted."""

SPLITS: tuple[Literal["train"], Literal["heldout"]] = ("train", "heldout")


def doubts_of(data: Data) -> list[str]:
    """One line for whatever makes samples less than they seem; nothing for usual data.

    Samples that are all the same or mostly copies, what their modality doubts, and classes that a
    split has no sample of.
    """
    return [
        f"{split}: {doubt}"
        for split in SPLITS
        if len(getattr(data, split))
        for doubt in _of(data, split)
    ]


def _of(data: Data, split: Literal["train", "heldout"]) -> Iterator[str]:
    samples = data.train if split == "train" else data.heldout
    labels = data.train_labels if split == "train" else data.heldout_labels
    different, count = count_different(samples), counted(len(samples), "sample")
    if different == 1:
        yield f"{count}, all the same"
    elif different < FEW_DIFFERENT * len(samples):
        yield f"{count}, of which {different:,} differ: the rest are copies"
    if doubt := modality_of(data.info).doubt(samples, data.info):
        yield f"samples {doubt}"
    if labels is not None and data.info.classes is not None:
        found = set(labels.tolist())
        missing = [one for one in range(data.info.classes) if one not in found]
        if missing:
            named = ", ".join(map(str, missing[:MOST_NAMED]))
            more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
            yield f"no sample of class {named}{more} (of {data.info.classes})"


def count_different(samples: Tensor) -> int:
    """How many of the samples (N, ...) on the CPU differ from all before them, bit for bit."""
    rows = samples.flatten(1).contiguous().view(torch.uint8).numpy()
    return len({hash(row.tobytes()) for row in rows})  # 64 bits each, and not the samples again
