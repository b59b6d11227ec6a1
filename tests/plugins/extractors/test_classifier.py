from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganbench import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.storage import tensorcache
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.datasets.torchvision import load as load_torchvision
from ganbench_plugins.datasets.torchvision_sources import DEBIAN_FASHION, SOURCES
from ganbench_plugins.extractors import classifier_recipe
from ganbench_plugins.extractors.classifier import build, frozen_weights, width

CPU = torch.device("cpu")
needs_fashion = pytest.mark.skipif(
    not DEBIAN_FASHION.is_dir(), reason="needs: apt-get install dataset-fashion-mnist"
)


@pytest.fixture(scope="module")
def digits() -> Data:
    return load_digits()


@pytest.fixture(scope="module")
def fashion() -> Data:
    return load_torchvision(SOURCES[1], "", download=False)


def test_features_of_digits(digits: Data) -> None:
    extractor = build(digits, CPU)
    features = extractor(digits.heldout)
    assert (features.shape, features.dtype) == ((1000, 64), torch.float32)
    assert features.shape[1] <= len(digits.heldout) / 10
    assert not features.requires_grad
    name, _, digest = extractor.id.partition("@")
    assert (name, len(digest), extractor.layer) == ("classifier-digits", 8, "embedding")
    assert torch.allclose(features[:7], extractor(digits.heldout[:7]), rtol=1e-5, atol=1e-5)


def test_damage_to_digits_is_put_in_order(digits: Data, measure) -> None:
    found = measure(build(digits, CPU), digits.heldout, digits.heldout_labels)
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes / 4


def test_random_weights_hardly_see_lost_classes(digits: Data, measure) -> None:
    """The negative control: what training buys."""
    random = classifier_recipe.initial_weights(1, 8, classes=10, width=64)
    trained = measure(build(digits, CPU), digits.heldout, digits.heldout_labels)
    control = measure(
        lambda images: classifier_recipe.embed(random, images),
        digits.heldout,
        digits.heldout_labels,
    )
    seen = trained.half_of_classes / trained.real
    assert seen > 2 * control.half_of_classes / control.real


def test_second_build_trains_nothing(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(digits, CPU)

    def refuse(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(classifier_recipe, "train", refuse)
    assert build(digits, CPU).id == first.id


def test_damaged_cache_is_trained_again(
    digits: Data,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(classifier_recipe, "MIN_STEPS", 3)
    monkeypatch.setattr(classifier_recipe, "MAX_STEPS", 3)
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)  # three steps are not worth keeping
    first = build(digits, CPU).id
    (file,) = (tmp_path / "extractors").glob("*.safetensors")
    content = file.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    for number, damaged in enumerate((flipped, content[:100], b""), start=1):
        file.write_bytes(damaged)
        assert build(digits, CPU).id == first
        assert file.stat().st_size == len(content)
        kept = file.with_name(f"{file.name}.damaged-{number}")
        assert kept.read_bytes() == damaged
        assert f"kept as {kept.name}" in capsys.readouterr().out


def test_other_data_get_other_weights(digits: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier_recipe, "MIN_STEPS", 3)
    monkeypatch.setattr(classifier_recipe, "MAX_STEPS", 3)
    other = replace(digits, train=255 - digits.train, info=replace(digits.info, name="images:/a/b"))
    assert build(other, CPU).id.startswith("classifier-images@")
    inverted, plain = frozen_weights(other), frozen_weights(replace(other, train=digits.train))
    assert not torch.equal(inverted["head.weight"], plain["head.weight"])


def test_a_class_that_is_held_out_alone_is_one_more_class(
    digits: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier_recipe, "MIN_STEPS", 3)
    monkeypatch.setattr(classifier_recipe, "MAX_STEPS", 3)
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", 0)
    monkeypatch.setattr(tensorcache, "READING_SPEED", float("inf"))
    more = replace(digits, info=replace(digits.info, classes=11))
    assert [build(one, CPU).classes for one in (digits, more, digits)] == [10, 11, 10]


@pytest.mark.parametrize(("heldout", "expected"), [(0, 8), (200, 20), (1000, 64), (10_000, 64)])
def test_width_leaves_ten_samples_a_feature(digits: Data, heldout: int, expected: int) -> None:
    empty = torch.empty(heldout, 1, 8, 8, dtype=torch.uint8)
    assert width(replace(digits, heldout=empty)) == expected


def test_refuses_what_it_cannot_learn(digits: Data) -> None:
    with pytest.raises(UsageError, match="8 to 64 pixels"):
        build(load_ring(), CPU)
    large = DataInfo(name="large", modality="image", shape=(1, 65, 65), classes=10)
    with pytest.raises(UsageError, match="8 to 64 pixels"):
        build(replace(digits, info=large), CPU)
    unlabelled = replace(digits.info, classes=None)
    with pytest.raises(UsageError, match="needs labels"):
        build(replace(digits, info=unlabelled, train_labels=None), CPU)


@needs_fashion
def test_damage_to_clothes_is_put_in_order(
    fashion: Data, measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the steps is enough for the order."""
    monkeypatch.setattr(classifier_recipe, "MAX_STEPS", 150)
    monkeypatch.setattr(classifier_recipe, "MIN_STEPS", 150)
    assert fashion.train_labels is not None
    assert fashion.heldout_labels is not None
    small = replace(fashion, train=fashion.train[:4000], train_labels=fashion.train_labels[:4000])
    found = measure(build(small, CPU), fashion.heldout[:2000], fashion.heldout_labels[:2000])
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes / 4


@needs_fashion
@pytest.mark.slow
def test_damage_to_clothes_is_put_in_order_with_the_full_recipe(fashion: Data, measure) -> None:
    assert fashion.heldout_labels is not None
    found = measure(build(fashion, CPU), fashion.heldout, fashion.heldout_labels)
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes / 20
