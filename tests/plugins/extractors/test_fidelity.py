from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

from ganbench import MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.datasets.torchvision import load as load_torchvision
from ganbench_plugins.datasets.torchvision_sources import DEBIAN_FASHION, SOURCES
from ganbench_plugins.extractors import fidelity
from ganbench_plugins.extractors.inception import _Graph, load_inception
from ganbench_plugins.extractors.weights import find
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics

CPU = torch.device("cpu")
INSTALL = fidelity.SOURCE.package.install
try:
    find(fidelity.SOURCE, "", download=False)
    ABSENT = False
except MissingData:
    ABSENT = True
needs_weights = pytest.mark.skipif(ABSENT, reason=f"needs: {INSTALL}")


def test_absent_weights_name_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    package = replace(fidelity.SOURCE.package, module="no_such_module")
    monkeypatch.setattr(fidelity, "SOURCE", replace(fidelity.SOURCE, package=package))
    with pytest.raises(MissingData, match=re.escape(INSTALL)):
        fidelity.build(load_digits(), CPU)


def test_points_are_refused() -> None:
    with pytest.raises(UsageError, match="grey or colour images"):
        fidelity.build(load_ring(), CPU)


def test_weights_trained_at_home_are_not_called_inception(tmp_path: Path) -> None:
    data = load_digits()
    with torch.random.fork_rng(devices=[]):
        empty = BytesIO()
        torch.save({}, empty)
        empty.seek(0)
        graph = _Graph("x", ["2048"], feature_extractor_weights_path=empty)
    torch.save(graph.state_dict(), tmp_path / "mine.pth")
    extractor = fidelity.build(data, CPU, weights=str(tmp_path / "mine.pth"))
    assert extractor.id.startswith("inception-v3-compat-custom@")
    features = extractor(data.heldout[:2])
    assert (features.shape, features.dtype) == ((2, 2048), torch.float32)
    assert extractor.layer == "2048"


@needs_weights
def test_real_weights_give_the_reserved_name() -> None:
    data = load_digits()
    extractor = fidelity.build(data, CPU)
    assert re.fullmatch(r"inception-v3-compat@[0-9a-f]{8}", extractor.id)
    grey, colour = data.heldout[:2], data.heldout[:2].repeat(1, 3, 1, 1)
    assert torch.equal(extractor(grey), extractor(colour))


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@needs_weights
@pytest.mark.parametrize("name", ["digits", "fashion-mnist"])
def test_damage_is_put_in_order(measure, name: str) -> None:
    """On few images, since a CPU sees one to five a second: the floor is high, the order holds."""
    if name == "fashion-mnist" and not DEBIAN_FASHION.is_dir():
        pytest.skip("needs: apt-get install dataset-fashion-mnist")
    data = load_digits() if name == "digits" else load_torchvision(SOURCES[1], "", download=False)
    assert data.heldout_labels is not None
    extractor = fidelity.build(data, CPU)
    found = measure(extractor, data.heldout[:200], data.heldout_labels[:200])
    assert found.real < found.blur[0] < found.blur[1] < found.blur[2]
    assert found.real < found.noise[0] < found.noise[1] < found.noise[2]
    assert found.real < found.half_of_classes


@pytest.mark.slow
@needs_weights
def test_known_answer_of_torchmetrics() -> None:
    """The example in the documentation of torchmetrics' `FrechetInceptionDistance`: 12.6388.

    Its images are drawn after the network's initial weights from one seed, so those are drawn too.
    """
    empty = BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        assert isinstance(
            _Graph("x", ["64"], feature_extractor_weights_path=empty), FeatureExtractorInceptionV3
        )
        first = torch.randint(0, 200, (100, 3, 299, 299), dtype=torch.uint8)
        second = torch.randint(100, 255, (100, 3, 299, 299), dtype=torch.uint8)
    path, _ = find(fidelity.SOURCE, "", download=False)
    network = load_inception(path, "64")
    with torch.no_grad():
        real, fake = (
            torch.cat([network(batch)[0] for batch in images.split(25)])
            for images in (first, second)
        )
    found = float(frechet_distance(gaussian_statistics(real), fake))
    assert found == pytest.approx(12.6388, abs=2e-4)
