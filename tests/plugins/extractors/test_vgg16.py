from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.models import VGG16_Weights

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.extractors import graphs, vgg16

CPU = torch.device("cpu")


def test_its_weights_are_torch_fidelitys() -> None:
    """torch-fidelity takes torchvision's first ImageNet weights."""
    assert vgg16.SOURCE.url == VGG16_Weights.IMAGENET1K_V1.url
    prefix = vgg16.SOURCE.url.rpartition("-")[2].removesuffix(".pth")
    assert vgg16.SOURCE.sha256.startswith(prefix)
    assert len(vgg16.SOURCE.sha256) == 64
    assert vgg16.SOURCE.hub_path.name == "vgg16-397923af.pth"


def test_absent_weights_say_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MissingData) as error:
        vgg16.build(load_digits(), CPU)
    for way in ("vgg16[download=true]", "vgg16[weights=FILE]", vgg16.SOURCE.url):
        assert way in str(error.value)


def test_code_in_its_file_is_not_run(evil: object, tmp_path: Path) -> None:
    torch.save({"features.0.weight": evil}, tmp_path / "evil.pth")
    with pytest.raises(UsageError, match="cannot read weights"):
        vgg16.build(load_digits(), CPU, weights=str(tmp_path / "evil.pth"))
    assert not (tmp_path / "run").exists()


def test_its_features_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the network computes is tested with the graphs: it has half a gigabyte."""

    class Stub(nn.Module):
        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
            return (images.flatten(1).float(),)

    (tmp_path / "mine.pth").write_bytes(b"mine")
    monkeypatch.setattr(graphs, "load_vgg16", lambda path: Stub())
    extractor = vgg16.build(load_digits(), CPU, weights=str(tmp_path / "mine.pth"))
    assert re.fullmatch(r"vgg16-custom@[0-9a-f]{8}", extractor.id)
    assert extractor.layer == "fc2_relu"
    assert extractor(load_digits().heldout[:3]).shape == (3, 3 * 64)


def test_it_says_whose_weights_they_are() -> None:
    (spec,) = vgg16.ganbench_extractors()
    assert spec.name == "vgg16"
    assert "torchvision" in spec.description
    assert spec.modalities == ("image",)
