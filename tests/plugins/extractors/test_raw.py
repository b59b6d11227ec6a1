from __future__ import annotations

import torch

from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.extractors.raw import build

CPU = torch.device("cpu")


def test_points_are_their_own_features() -> None:
    data = load_ring()
    extractor = build(data, CPU)
    assert torch.equal(extractor(data.train), data.train)
    assert (extractor.id, extractor.layer) == ("raw", "input")


def test_images_are_flattened() -> None:
    data = load_digits()
    features = build(data, CPU)(data.heldout)
    assert torch.equal(features, data.heldout.reshape(1000, 64).float())
