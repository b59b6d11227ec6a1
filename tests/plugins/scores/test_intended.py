"""Whether fakes are of the class they were made for: by hand, and at the ends of the scale."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.frozen import FrozenClassifier
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores.intended import intended

CPU = torch.device("cpu")
K = 4


def images(labels: Tensor) -> Tensor:
    """Eight pixels on a side, as bright as the class."""
    return labels.to(torch.uint8)[:, None, None, None].expand(-1, 1, 8, 8).contiguous()


def data_of(**changes: Any) -> Data:
    labels = torch.arange(40) % K
    fields = {
        "info": DataInfo(name="steps", modality="image", shape=(1, 8, 8), classes=K),
        "train": images(labels),
        "heldout": images(labels),
        "train_labels": labels,
        "heldout_labels": labels,
    }
    return Data(**{**fields, **changes})


def judge(off_by: int = 0) -> FrozenClassifier:
    return FrozenClassifier(
        classes=K,
        channels=1,
        classify=lambda features: (features[:, 0].round().long() + off_by) % K,
        id="judge",
        layer="pixels",
        features=lambda batch: batch.flatten(1).float(),
        device=CPU,
        batch=16,
    )


def score(data: Data, fakes: Tensor, labels: Tensor | None, off_by: int = 0) -> Any:
    side = RealSide(data, "heldout", CPU, lambda name: judge(off_by))
    return intended(Snapshot(side, fakes, labels), extractor="judge")


def test_by_hand() -> None:
    asked = torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])
    drawn = torch.tensor([0, 1, 2, 3, 1, 2, 3, 3])
    (found,) = score(data_of(), images(drawn), asked)
    assert found.value == 5 / 8
    assert found.null == 1.0
    assert found.direction == "higher"


def test_the_ceiling_is_of_the_split_that_is_real_here() -> None:
    """The classes of the train split stand in another order."""
    labels = (torch.arange(40) % K).flip(0)
    data = data_of(heldout=images(labels), heldout_labels=labels)
    (found,) = score(data, images(labels), labels)
    assert (found.value, found.null) == (1.0, 1.0)


def test_the_ceiling_is_what_the_classifier_sees_in_real_samples() -> None:
    (found,) = score(data_of(), images(torch.arange(8) % K), torch.arange(8) % K, off_by=1)
    assert (found.value, found.null) == (0.0, 0.0)


def test_unconditional_generators_intend_nothing() -> None:
    with pytest.raises(UsageError, match="told a class"):
        score(data_of(), images(torch.arange(8) % K), None)


def test_needs_a_classifier() -> None:
    data = data_of()
    side = RealSide(data, "heldout", CPU, lambda name: raw(data, CPU))
    with pytest.raises(UsageError, match="needs a classifier"):
        intended(Snapshot(side, data.heldout, data.heldout_labels), extractor="raw")


def test_needs_the_classes_of_the_real_side() -> None:
    unlabelled = data_of(heldout_labels=None, train_labels=None)
    with pytest.raises(UsageError, match="needs the classes of steps"):
        score(unlabelled, images(torch.arange(4)), torch.arange(4))
