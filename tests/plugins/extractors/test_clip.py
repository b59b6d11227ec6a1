from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch_fidelity.feature_extractor_clip import MODEL_METADATA, MODEL_URLS, CLIPVisual

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.extractors.clip import TOWERS, Tower, build, ganbench_extractors

CPU = torch.device("cpu")
SMALL = Tower("ViT-B-32", 8, 32, 2, 128, 16)
PUBLISHED = {  # millions of parameters of the image towers, from the model profile of open_clip
    "RN50": 38.32,
    "RN101": 56.26,
    "RN50x4": 87.14,
    "RN50x16": 167.33,
    "RN50x64": 420.38,
    "ViT-B-32": 87.85,
    "ViT-B-16": 86.19,
    "ViT-L-14": 303.97,
    "ViT-L-14-336px": 304.29,
}


def graph(tower: Tower) -> nn.Module:
    with torch.device("meta"):
        return CLIPVisual(tower.d, tower.side, tower.layers, tower.width, tower.patch)


@pytest.fixture(scope="module")
def weights(
    random_weights: Callable[[nn.Module], dict[str, Tensor]],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    path = tmp_path_factory.mktemp("clip") / "small.pth"
    torch.save(random_weights(graph(SMALL)), path)
    return str(path)


def test_files_are_those_of_torch_fidelity() -> None:
    sources = [tower.source for tower in TOWERS]
    assert {source.name for source in sources} == MODEL_URLS.keys()
    for source in sources:
        assert source.url == MODEL_URLS[source.name]
        assert source.sha256 == MODEL_METADATA[source.name]["hash"]
        assert source.hub_path.name == f"{source.name}-{source.sha256}.pt"


@pytest.mark.parametrize("tower", TOWERS, ids=lambda tower: tower.file)
def test_sizes_are_the_published_ones(tower: Tower) -> None:
    count = sum(parameter.numel() for parameter in graph(tower).parameters())
    assert count / 1e6 == pytest.approx(PUBLISHED[tower.file], abs=0.006)


def test_features(weights: str) -> None:
    images = load_digits().heldout[:5]
    extractor = build(SMALL, load_digits(), CPU, weights=weights)
    assert re.fullmatch(r"clip-vit-b-32-custom@[0-9a-f]{8}", extractor.id)
    assert extractor.layer == "clip"
    features = extractor(images)
    assert (features.shape, features.dtype) == ((5, 8), torch.float32)
    assert torch.equal(features, extractor(images))
    assert torch.equal(features, extractor(images.repeat(1, 3, 1, 1)))
    assert extractor.id == build(SMALL, load_digits(), CPU, weights=weights).id


def test_what_does_not_fit_is_refused(
    weights: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="clip-vit-b-32 extractor works on grey or colour"):
        build(SMALL, load_ring(), CPU, weights=weights)
    with pytest.raises(UsageError, match="in clip-rn50 it has"):
        build(TOWERS[0], load_digits(), CPU, weights=weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MissingData, match=r"clip-vit-b-32\[download=true\]"):
        build(SMALL, load_digits(), CPU)


def test_code_in_its_file_is_not_run(evil: object, tmp_path: Path) -> None:
    torch.save({"visual.proj": evil}, tmp_path / "evil.pt")
    with pytest.raises(UsageError, match="cannot read weights"):
        build(SMALL, load_digits(), CPU, weights=str(tmp_path / "evil.pt"))
    assert not (tmp_path / "run").exists()


def test_every_tower_is_offered() -> None:
    specs = {spec.name: spec for spec in ganbench_extractors()}
    assert specs.keys() == MODEL_URLS.keys()
    assert specs["clip-rn50x64"].description == "1,024 features of CLIP's RN50x64, at 448 pixels"
    for tower in TOWERS:
        assert specs[tower.source.name].build.args == (tower,)
