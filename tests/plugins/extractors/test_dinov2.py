from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_fidelity.feature_extractor_dinov2 import MODEL_METADATA

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.extractors.dinov2 import SHAPES, build, ganbench_extractors
from ganbench_plugins.extractors.vit import VisionTransformer

CPU = torch.device("cpu")
SMALLEST, GIANT = SHAPES[0], SHAPES[-1]


@pytest.fixture(scope="module")
def weights(
    random_weights: Callable[[nn.Module], dict[str, Tensor]],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    path = tmp_path_factory.mktemp("dinov2") / "smallest.pth"
    with torch.device("meta"):
        empty = VisionTransformer(SMALLEST)
    torch.save(random_weights(empty), path)
    return str(path)


def test_files_are_those_of_torch_fidelitys_hub() -> None:
    for shape in SHAPES:
        model = MODEL_METADATA[shape.source.name]
        assert shape.source.url.endswith(f"/dinov2/{model}/{model}_pretrain.pth")
        assert shape.source.hub_path.name == f"{model}_pretrain.pth"
        assert len(shape.source.sha256) == 64
    assert {shape.source.name for shape in SHAPES} == MODEL_METADATA.keys()


def test_features_of_the_published_size(weights: str) -> None:
    images = load_digits().heldout[:3]
    before = torch.get_rng_state()
    extractor = build(SMALLEST, load_digits(), CPU, weights=weights)
    features = extractor(images)
    assert torch.equal(torch.get_rng_state(), before)
    assert re.fullmatch(r"dinov2-vit-s-14-custom@[0-9a-f]{8}", extractor.id)
    assert extractor.layer == "dinov2"
    assert (features.shape, features.dtype) == ((3, 384), torch.float32)
    assert features.std() > 0.1
    assert not features.requires_grad
    assert torch.equal(features, extractor(images.repeat(1, 3, 1, 1)))
    assert not torch.allclose(features[0], features[1], atol=1e-2)


def test_what_does_not_fit_is_refused(
    weights: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="dinov2-vit-s-14 extractor works on grey or colour"):
        build(SMALLEST, load_ring(), CPU, weights=weights)
    with pytest.raises(UsageError, match="in dinov2-vit-b-14 it has"):
        build(SHAPES[1], load_digits(), CPU, weights=weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MissingData, match=r"dinov2-vit-g-14\[download=true\]"):
        build(GIANT, load_digits(), CPU)


def test_code_in_its_file_is_not_run(evil: object, tmp_path: Path) -> None:
    torch.save({"cls_token": evil}, tmp_path / "evil.pth")
    with pytest.raises(UsageError, match="cannot read weights"):
        build(SMALLEST, load_digits(), CPU, weights=str(tmp_path / "evil.pth"))
    assert not (tmp_path / "run").exists()


def test_every_size_is_offered() -> None:
    specs = {spec.name: spec for spec in ganbench_extractors()}
    assert specs.keys() == MODEL_METADATA.keys()
    assert "1,536 features of DINOv2's ViT-g/14" in specs["dinov2-vit-g-14"].description
    for shape in SHAPES:
        assert specs[shape.source.name].build.args == (shape,)
