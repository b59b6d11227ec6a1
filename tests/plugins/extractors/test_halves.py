"""The halves of pairs, seen by classifiers of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganbench import Data, DataInfo, join_pair, split_pair
from ganbench.api.errors import UsageError
from ganbench.modalities.pair import PAIR
from ganbench_plugins.datasets import digits
from ganbench_plugins.datasets.pairs import load_names
from ganbench_plugins.extractors import classifier
from ganbench_plugins.extractors.halves import build, check

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pairs() -> Data:
    return load_names()


def test_a_half_is_seen_as_it_would_be_alone(pairs: Data) -> None:
    alone, half = classifier.build(digits.load(), CPU), build(pairs, CPU, of="first")
    features = half(pairs.heldout)
    assert torch.equal(features, alone(digits.load().heldout))
    assert torch.equal(half.classify(features), alone.classify(features))
    assert half.id == alone.id.replace("classifier-", "first-half-")


@pytest.mark.parametrize(("of", "other"), [("first", 1), ("second", 0)])
def test_a_half_sees_nothing_of_the_other(pairs: Data, of: str, other: int) -> None:
    halves = list(split_pair(pairs.heldout, pairs.info))
    halves[other] = halves[other].flip(0)
    extractor = build(pairs, CPU, of=of)
    assert torch.equal(extractor(join_pair(*halves)), extractor(pairs.heldout))


def test_both_see_what_each_sees(pairs: Data) -> None:
    both = build(pairs, CPU, of="both")
    first, second = build(pairs, CPU, of="first"), build(pairs, CPU, of="second")
    features = both(pairs.heldout)
    own = [half(pairs.heldout) for half in (first, second)]
    for part, alone in zip(torch.split(features, 64, dim=1), own, strict=True):
        (scale,) = {*(part / alone)[alone != 0].tolist()}  # one, and no bit is lost
        assert torch.equal(part / scale, alone)
        assert 0.5 < float(part.var(dim=0).sum()) < 2  # a half of either modality weighs the same
    classes = [half.classify(one) for half, one in zip((first, second), own, strict=True)]
    assert torch.equal(both.classify(features), 10 * classes[0] + classes[1])
    assert (both.classes, both.channels) == (100, 2)
    assert len({both.id, first.id, second.id}) == 3


def test_what_it_cannot_see_is_refused(pairs: Data) -> None:
    with pytest.raises(UsageError, match="sees pairs, digits has image"):
        check(digits.INFO, of="both")
    with pytest.raises(UsageError, match="needs labels"):
        check(replace(pairs.info, classes=None), of="both")
    points = DataInfo(name="places", modality="points", shape=(2,))
    first, _ = pairs.info.halves or ()
    strange = replace(pairs.info, shape=(66,), halves=(first, points))
    PAIR.check_info(strange)
    with pytest.raises(UsageError, match="no classifier of points, of which the second half"):
        check(strange, of="both")
    check(strange, of="first")
