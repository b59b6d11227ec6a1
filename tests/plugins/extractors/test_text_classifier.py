"""The classifier of texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganbench import Data, split_pair
from ganbench.api.errors import UsageError
from ganbench.storage import tensorcache
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.pairs import DIGIT_NAMES, LENGTH, LETTERS, NAMES, WRITTEN, load_names
from ganbench_plugins.extractors import classifier_recipe
from ganbench_plugins.extractors.text_classifier import build

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def names() -> Data:
    pairs = load_names()
    return replace(
        pairs,
        info=WRITTEN,
        train=split_pair(pairs.train, DIGIT_NAMES)[1],
        heldout=split_pair(pairs.heldout, DIGIT_NAMES)[1],
    )


def read(words: list[str]) -> torch.Tensor:
    return torch.tensor([LETTERS.numbers(word, LENGTH) for word in words])


def test_names_are_read(names: Data) -> None:
    extractor = build(names, CPU)
    features = extractor(names.heldout)
    assert (features.shape, features.dtype) == ((1000, 64), torch.float32)
    assert names.heldout_labels is not None
    assert torch.equal(extractor.classify(features), names.heldout_labels)
    assert extractor.id.startswith("text-classifier-names@")


def test_misspelled_names_are_read_as_what_they_are_next_to(names: Data) -> None:
    extractor = build(names, CPU)
    words = ["seren", "threo", "eigwt", "zeso"]
    found = extractor.classify(extractor(read(words))).tolist()
    assert [NAMES[one] for one in found] == ["seven", "three", "eight", "zero"]


def test_graded_damage_is_put_in_order(names: Data) -> None:
    """Shares of letters that are drawn anew: the features are farther and farther away."""
    extractor, random = build(names, CPU), torch.Generator().manual_seed(0)
    texts, distances = names.heldout, []
    for share in (0.0, 0.1, 0.3, 1.0):
        other = torch.randint(len(LETTERS), texts.shape, generator=random)
        damaged = torch.where(torch.rand(texts.shape, generator=random) < share, other, texts)
        distances.append((extractor(damaged) - extractor(texts)).square().sum(dim=1).mean().item())
    assert distances == sorted(distances)
    assert distances[0] == 0 < distances[1]


def test_a_second_build_trains_nothing(
    names: Data, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)  # however quick a machine trains it
    first = build(names, CPU).id

    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(classifier_recipe, "fit", refuse)
    assert build(names, CPU).id == first


def test_what_cannot_be_learnt_is_refused(names: Data) -> None:
    with pytest.raises(UsageError, match="reads texts, digits has image"):
        build(load_digits(), CPU)
    with pytest.raises(UsageError, match="names has none"):
        build(replace(names, info=replace(WRITTEN, classes=None)), CPU)
