from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganbench import Data, Extractor, MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.datasets.digits import load as load_digits
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.extractors.pretrained import pretrained
from ganbench_plugins.extractors.weights import Source

CPU = torch.device("cpu")
CONTENT = b"2.5"
SOURCE = Source(
    name="net",
    url="https://example.invalid/net.pth",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    file="renamed-net.pth",
)


class Sums(nn.Module):
    """Twice the sum of each channel, or whatever factor the file holds."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor), requires_grad=False)

    def forward(self, images: Tensor) -> tuple[Tensor]:
        assert images.dtype == torch.uint8
        assert images.shape[1] == 3
        return (images.sum((2, 3)).double() * self.factor,)


def load(path: Path) -> nn.Module:
    return Sums(float(path.read_text()))


def build(data: Data, weights: str = "", download: bool = False) -> Extractor:
    return pretrained(SOURCE, "sums", 4, load, data, CPU, weights, download)


@pytest.fixture(scope="module")
def digits() -> Data:
    return load_digits()


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of torch's downloads."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    return tmp_path / "hub" / "checkpoints"


def test_known_weights_give_the_plain_name(digits: Data, hub: Path) -> None:
    (hub / "renamed-net.pth").write_bytes(CONTENT)
    extractor = build(digits)
    name, _, content = extractor.id.partition("@")
    assert (name, len(content), extractor.layer) == ("net", 8, "sums")
    images = digits.heldout[:9]
    wanted = images.sum((2, 3)).float().expand(-1, 3) * 2.5
    assert torch.equal(extractor(images), wanted)
    assert torch.equal(extractor(images.expand(-1, 3, -1, -1)), wanted)
    assert extractor(images).dtype == torch.float32


def test_other_weights_give_another_name_and_hash(digits: Data, tmp_path: Path) -> None:
    ids = set()
    for factor in ("2.5", "2", "3"):
        path = tmp_path / "given.pth"
        path.write_text(factor)
        ids.add(build(digits, weights=str(path)).id)
    assert len({identity.partition("@")[2] for identity in ids}) == 3
    assert sorted(i.partition("@")[0] for i in ids) == ["net", "net-custom", "net-custom"]


def test_a_download_is_kept_under_its_name_in_the_cache(
    digits: Data, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingData, match=r"net\[download=true\]"):
        build(digits)
    asked = []

    def fetch(url: str, target: str, hash_prefix: str, progress: bool) -> None:
        asked.append((url, hash_prefix))
        Path(target).write_bytes(CONTENT)

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    first = build(digits, download=True).id
    assert build(digits, download=True).id == build(digits).id == first
    assert asked == [(SOURCE.url, SOURCE.sha256)]
    assert [path.name for path in hub.iterdir()] == ["renamed-net.pth"]


def test_what_does_not_fit_is_refused(digits: Data, hub: Path) -> None:
    with pytest.raises(UsageError, match="net extractor works on grey or colour images"):
        build(load_ring())
    four = replace(digits, info=replace(digits.info, shape=(4, 8, 8)))
    with pytest.raises(UsageError, match="grey or colour images"):
        build(four)
    (hub / "renamed-net.pth").write_bytes(b"2")
    with pytest.raises(UsageError, match="is damaged"):
        build(digits)
