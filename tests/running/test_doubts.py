"""Degenerate samples are named before they are trained on; usual ones are not talked about."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.running.doubts import count_different, doubts_of
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring

POINTS = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))


def doubts(train: Tensor, labels: list[int] | None = None, classes: int | None = None) -> list[str]:
    info = DataInfo(name="mine", modality="points", shape=(train.shape[1],), classes=classes)
    own = None if labels is None else torch.tensor(labels)
    none = None if labels is None else torch.empty(0, dtype=torch.int64)
    nothing = train[:0]
    return doubts_of(
        Data(info=info, train=train, heldout=nothing, train_labels=own, heldout_labels=none)
    )


def test_usual_data_are_not_talked_about() -> None:
    assert doubts(POINTS, [0, 1] * 10, 2) == []
    assert doubts_of(load_digits()) == []
    assert doubts_of(load_ring()) == []


@pytest.mark.parametrize(
    ("train", "told"),
    [
        (POINTS[:1].repeat(20, 1), "train: 20 samples, all the same"),
        (POINTS[:2].repeat(10, 1), "train: 20 samples, of which 2 differ: the rest are copies"),
        (POINTS * torch.eye(2)[0], "train: samples never change in coordinate 1 (of 0 to 1)"),
    ],
)  # fmt: skip
def test_samples_that_do_not_vary_are_named(train: Tensor, told: str) -> None:
    assert doubts(train) == [told]


def test_classes_without_samples_are_named() -> None:
    assert doubts(POINTS, [3] * 20, 4) == ["train: no sample of class 0, 1, 2 (of 4)"]
    (many,) = doubts(POINTS, [0] * 20, 12)
    assert many == "train: no sample of class 1, 2, 3, 4, 5, 6, 7, 8 and 3 more (of 12)"


@pytest.mark.parametrize("kind", [torch.uint8, torch.int16, torch.int64, torch.float32])
def test_different_samples_are_counted_bit_for_bit(kind: torch.dtype) -> None:
    samples = torch.arange(6).to(kind).reshape(3, 2, 1)
    assert count_different(samples) == 3
    assert count_different(samples[[0, 1, 0, 2, 2]]) == 3
