"""Coverage class by class, against a computation of all pairs, and what only it sees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from ganbench import Data, DataInfo, Measurement
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores.distances import frechet
from ganbench_plugins.scores.tail import class_recall, thirds

CPU = torch.device("cpu")
K, D = 10, 4
TRAIN = [500, 299, 179, 107, 64, 38, 23, 13, 8, 5]
"""An exponential tail of ratio 100."""


def samples(counts: list[int], seed: int) -> tuple[Tensor, Tensor]:
    """K clusters that touch each other."""
    rng = np.random.RandomState(seed)
    centres = 3 * np.random.RandomState(0).standard_normal((K, D))
    labels = np.repeat(np.arange(K), counts)
    points = centres[labels] + rng.standard_normal((len(labels), D))
    return torch.from_numpy(points.astype(np.float32)), torch.from_numpy(labels)


def data_of(train: list[int] = TRAIN, **changes: Any) -> Data:
    (train_points, train_labels), (points, labels) = samples(train, 1), samples([60] * K, 2)
    fields = {
        "info": DataInfo(name="clusters", modality="points", shape=(D,), classes=K),
        "train": train_points,
        "heldout": points,
        "train_labels": train_labels,
        "heldout_labels": labels,
    }
    return Data(**{**fields, **changes})


def snapshot(data: Data, fakes: Tensor) -> Snapshot:
    return Snapshot(RealSide(data, "heldout", CPU, lambda name: raw(data, CPU)), fakes)


def values(measured: list[Measurement]) -> dict[str, float]:
    return {one.label: one.value for one in measured}


def by_all_pairs(real: Tensor, labels: Tensor, fakes: Tensor) -> list[float]:
    """Share of each class's samples with a fake nearer than the fifth other real sample."""
    radius = np.sort(cdist(real.double(), real.double()), axis=1)[:, 5]
    covered = cdist(real.double(), fakes.double()).min(axis=1) < radius
    return [float(covered[labels.numpy() == one].mean()) for one in range(K)]


def test_every_class_is_what_all_pairs_say() -> None:
    data = data_of()
    fakes, _ = samples([40, 60, 30, 5, 3, 0, 20, 0, 1, 2], 3)
    found = values(class_recall(snapshot(data, fakes), extractor="raw", each=True))
    assert data.heldout_labels is not None
    exact = by_all_pairs(data.heldout, data.heldout_labels, fakes)
    assert [found[f"recall of {one}"] for one in range(K)] == pytest.approx(exact)
    parts = {"head": exact[:3], "medium": exact[3:6], "tail": exact[6:]}
    for name, part in parts.items():
        assert found[f"{name} recall"] == pytest.approx(np.mean(part))
    assert found["least recall"] == pytest.approx(min(exact))
    assert 0 < min(parts["head"]) > max(exact[5], exact[7])


def test_classes_are_ranked_by_training_whatever_their_numbers() -> None:
    data, fakes = data_of(TRAIN[::-1]), samples([60] * 5 + [0] * 5, 3)[0]
    found = values(class_recall(snapshot(data, fakes), extractor="raw", each=False))
    assert found["tail recall"] > 0.5 > found["head recall"]
    assert set(found) == {"head recall", "medium recall", "tail recall", "least recall"}
    assert [part.tolist() for part in thirds(torch.tensor([5, 9, 5, 1, 7, 8, 2]))] == [
        [1, 5],
        [4, 0],
        [2, 6, 3],
    ]


def test_a_generator_of_the_held_out_law_has_the_null() -> None:
    data = data_of()
    measured = class_recall(snapshot(data, samples([60] * K, 5)[0]), extractor="raw", each=False)
    for one in measured[:3]:
        assert one.null is not None
        assert one.value == pytest.approx(one.null, abs=4 * 0.2 / np.sqrt(180))


def test_a_forgotten_tail_is_seen_here_and_hardly_by_a_distance() -> None:
    """Against the train law, of which the four rarest classes are 4 %."""
    whole, _ = samples(TRAIN, 6)
    forgetful, _ = samples([*TRAIN[:6], 0, 0, 0, 0], 6)
    train, labels = samples(TRAIN, 7)
    judged = data_of(heldout=train, heldout_labels=labels)  # as unbalanced as training
    fd = [frechet(snapshot(judged, fakes), extractor="raw")[0] for fakes in (whole, forgetful)]
    assert fd[0].cap is not None
    assert abs(fd[1].value - fd[0].value) < 0.03 * fd[0].cap
    recalls = [
        values(class_recall(snapshot(data_of(), fakes), extractor="raw", each=False))
        for fakes in (whole, forgetful)
    ]
    assert recalls[1]["tail recall"] < 0.35 * recalls[0]["tail recall"]
    assert recalls[1]["head recall"] == pytest.approx(recalls[0]["head recall"], abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"info": DataInfo(name="p", modality="points", shape=(D,))}, "three classes or more"),
        ({"heldout_labels": None}, "needs labels of both splits"),
        ({"heldout_labels": torch.zeros(600, dtype=torch.int64)}, "no real sample of class 1"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    data = data_of(**changes)
    with pytest.raises(UsageError) as caught:
        class_recall(snapshot(data, data.train), extractor="raw", each=False)
    assert message in str(caught.value)
