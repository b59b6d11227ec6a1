"""A snapshot of fakes and its parts: what is computed once for all of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.scoring.evaluation import RealSide, Snapshot

CPU = torch.device("cpu")


class Counting:
    """An extractor that counts the samples it has looked at."""

    id = layer = "counting"

    def __init__(self) -> None:
        self.seen = 0

    def __call__(self, samples: Tensor) -> Tensor:
        self.seen += len(samples)
        return 2 * samples


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def snapshot(counting: Counting) -> Snapshot:
    info = DataInfo(name="points", modality="points", shape=(2,))
    points = torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    data = Data(info=info, train=points[:20], heldout=points[20:])
    side = RealSide(data, "heldout", CPU, lambda name: counting)
    return Snapshot(side, points + 1, torch.arange(40) % 3)


def test_a_part_has_the_features_of_the_whole(snapshot: Snapshot, counting: Counting) -> None:
    chosen = torch.tensor([7, 3, 11])
    for part in (snapshot.part(chosen), snapshot.part(chosen)):
        assert part.fakes.equal(snapshot.fakes[chosen])
        assert part.fake_labels is not None
        assert part.fake_labels.tolist() == [1, 0, 2]
        assert part.fake_features("any").equal(2 * snapshot.fakes[chosen])
    assert counting.seen == 40
    assert snapshot.fake_features("any").equal(2 * snapshot.fakes)
    assert counting.seen == 40


def test_a_part_of_a_part(snapshot: Snapshot) -> None:
    part = snapshot.part(torch.tensor([7, 3, 11])).part(torch.tensor([2, 0]))
    assert part.fake_features("any").equal(2 * snapshot.fakes[[11, 7]])
