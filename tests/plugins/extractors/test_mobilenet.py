from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torchvision.transforms.v2.functional as transforms
from torchvision.models import mobilenet_v2

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.datasets.torchvision import load as load_torchvision
from ganbench_plugins.datasets.torchvision_sources import DEBIAN_FASHION, SOURCES
from ganbench_plugins.extractors import mobilenet
from ganbench_plugins.extractors.weights import find

CPU = torch.device("cpu")
INSTALL = mobilenet.SOURCE.package.install
try:
    find(mobilenet.SOURCE, "", download=False)
    ABSENT = False
except MissingData:
    ABSENT = True


def test_features_are_those_of_torchvisions_blocks(tmp_path: Path) -> None:
    data = load_digits()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = mobilenet_v2().eval()
    path = tmp_path / "mine.pth"
    torch.save(network.state_dict(), path)
    before = torch.get_rng_state()
    extractor = mobilenet.build(data, CPU, weights=str(path))
    features = extractor(data.heldout[:5])
    assert torch.equal(torch.get_rng_state(), before)
    assert re.fullmatch(r"mobilenetv2-b13-custom@[0-9a-f]{8}", extractor.id)
    assert (features.shape, features.dtype) == ((5, 96), torch.float32)

    images = data.heldout[:5].repeat(1, 3, 1, 1).float() / 255
    images = transforms.resize(images, [64, 64], antialias=True)
    images = transforms.normalize(images, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    with torch.no_grad():
        wanted = network.features[:14](images).mean((2, 3))
    assert torch.allclose(features, wanted, rtol=1e-4, atol=1e-5)


def test_what_does_not_fit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="grey or colour images"):
        mobilenet.build(load_ring(), CPU)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(UsageError, match=r"MobileNetV2's weights from .*other\.pth"):
        mobilenet.build(load_digits(), CPU, weights=str(tmp_path / "other.pth"))
    for content in (b"", b"PK\x03\x04", b"\x80\x02}q\x00X\xff", b"nothing of the kind"):
        (tmp_path / "other.pth").write_bytes(content)
        with pytest.raises(UsageError, match=r"cannot read weights from .*other\.pth"):
            mobilenet.build(load_digits(), CPU, weights=str(tmp_path / "other.pth"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    package = replace(mobilenet.SOURCE.package, module="no_such_module")
    monkeypatch.setattr(mobilenet, "SOURCE", replace(mobilenet.SOURCE, package=package))
    with pytest.raises(MissingData, match=re.escape(INSTALL)):
        mobilenet.build(load_digits(), CPU)


@pytest.mark.slow
@pytest.mark.skipif(ABSENT, reason=f"needs: {INSTALL}")
def test_damage_to_digits_is_put_in_order(measure) -> None:
    digits = load_digits()
    assert digits.heldout_labels is not None
    found = measure(mobilenet.build(digits, CPU), digits.heldout, digits.heldout_labels)
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes / 3


@pytest.mark.slow
@pytest.mark.skipif(ABSENT, reason=f"needs: {INSTALL}")
@pytest.mark.skipif(
    not DEBIAN_FASHION.is_dir(), reason="needs: apt-get install dataset-fashion-mnist"
)
def test_damage_to_clothes_is_put_in_order(measure) -> None:
    fashion = load_torchvision(SOURCES[1], "", download=False)
    assert fashion.heldout_labels is not None
    extractor = mobilenet.build(fashion, CPU)
    assert re.fullmatch(r"mobilenetv2-b13@[0-9a-f]{8}", extractor.id)
    found = measure(extractor, fashion.heldout[:4000], fashion.heldout_labels[:4000])
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes / 10
