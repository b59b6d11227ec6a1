"""What distances by class cannot be had of, and where that is told."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganbench import Data, DataInfo, EvaluationInfo
from ganbench.api.errors import UsageError
from ganbench_plugins.scores import requirements

from .classed import EACH, K, data_of, measured, nearest, samples, snapshot

# What is refused.


def size(**changes: Any) -> EvaluationInfo:
    info = DataInfo(name="p", modality="image", shape=(1, 8, 8), classes=changes.pop("classes", 10))
    known = {"split": "heldout", "real": 1000, "train": 1000, "fakes": 1000}
    return EvaluationInfo(**{"data": info, **known, **changes})


@pytest.mark.parametrize(
    ("about", "distance", "message", "hint"),
    [
        (size(classes=None), "kid", "needs samples with classes, p has none", "leave the score"),
        (
            size(features={"wide": 2048}),
            "fd",
            "needs an extractor of 96 features or fewer, wide has 2048",
            "use class-distance[extractor=wide]",
        ),
        (
            size(real=600, features={"wide": 64}),
            "fd",
            "needs 65 real samples of each of 10 classes, and there are 600 of all",
            "use more real samples, or ask for [distance=kid]",
        ),
        (
            size(fakes=19),
            "kid",
            "needs 2 generated samples of each of 10 classes, and there are 19 of all",
            "take more fakes: 20",
        ),
    ],
)
def test_what_a_plan_can_know_is_refused_there(
    about: EvaluationInfo, distance: str, message: str, hint: str
) -> None:
    asked = {"extractor": "wide", "judge": "j", "each": False}
    with pytest.raises(UsageError) as caught:
        requirements.class_distance(about, distance=distance, **asked)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(("features", "least"), [(96, 97), (3, 4), (None, 2)])
def test_as_many_features_as_are_allowed(features: int | None, least: int) -> None:
    about = size(features={} if features is None else {"e": features})
    asked = {"extractor": "e", "judge": "j", "each": True}
    assert requirements.class_distance(about, distance="fd", **asked) == least
    assert requirements.class_distance(about, distance="kid", **asked) == 2


def test_more_features_than_a_plan_knew_of_are_refused_before_training() -> None:
    info = DataInfo(name="wide", modality="points", shape=(97,), classes=1)
    points, labels = torch.randn(200, 97), torch.zeros(200, dtype=torch.int64)
    data = Data(info=info, train=points, heldout=points, train_labels=labels, heldout_labels=labels)
    with pytest.raises(UsageError, match="96 features or fewer, raw has 97"):
        measured(snapshot(data, points, labels), "fd")
    assert measured(snapshot(data, points, labels), "kid")["class"].value < 0


@pytest.mark.parametrize(
    ("real", "fakes", "distance", "message", "hint"),
    [
        ([60, 1, 60, 60, 60], 300, "kid", "of class 1 heldout of clusters has 1", "more real"),
        ([60, 4, 60, 60, 60], 300, "fd", "needs 5 samples of each class", "ask for [distance=kid]"),
        ([60, 6, 60, 60, 60], 60, "kid", "there would be 1 among 60", "take more fakes: 82"),
    ],
)
def test_a_class_with_too_few_real_samples_is_named(
    real: list[int], fakes: int, distance: str, message: str, hint: str
) -> None:
    points, labels = samples([fakes // K] * K, 3)
    with pytest.raises(UsageError) as caught:
        measured(snapshot(data_of(real), points, labels), distance)
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


def test_a_class_that_the_judge_never_sees_in_real_samples_is_named() -> None:
    data, (fakes, _) = data_of([EACH] * K), samples([EACH] * K, 3)
    blind = snapshot(data, fakes, classify=lambda features: nearest(features) % 3)
    with pytest.raises(UsageError, match="by centres, and of class 3 heldout of clusters has 0"):
        measured(blind)


def test_judges_that_are_none() -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    with pytest.raises(UsageError, match="must be a classifier, raw tells no classes"):
        measured(snapshot(data, fakes), judge="raw")
    with pytest.raises(UsageError, match=f"tells 7 classes, centres, and clusters has {K}"):
        measured(snapshot(data, fakes, classes=7))
    unlabelled = data_of([EACH] * K, heldout_labels=None)
    with pytest.raises(UsageError, match="needs the classes of clusters"):
        measured(snapshot(unlabelled, fakes, labels))
    assert measured(snapshot(unlabelled, fakes))["class"].label.endswith("judged by centres]")
