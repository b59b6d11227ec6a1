"""The cache as plugins see it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import ganbench
from ganbench import cache
from ganbench.storage import tensorcache


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    return tmp_path / "cache"


def test_tensors_are_computed_once_for_each_key(root: Path) -> None:
    def kept(key: dict[str, object], value: float) -> float:
        made = torch.full((2,), value)
        (found,) = cache.tensors("datasets", key, lambda: (made,), what="numbers")
        return float(found[0])

    assert kept({"of": "a"}, 1.0) == kept({"of": "a"}, 2.0) == 1.0
    assert kept({"of": "b"}, 2.0) == 2.0
    assert len(list((root / "datasets").iterdir())) == 2


def test_a_damaged_file_is_told_and_made_anew(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        cache.tensors("extractors", {"n": 1}, lambda: (torch.ones(2),), what="weights")
        (file,) = (root / "extractors").glob("*.safetensors")
        file.write_bytes(b"damaged")
    assert f"cache file {file.name} is not used" in capsys.readouterr().out


def test_folder_and_lock(root: Path) -> None:
    assert cache.folder("datasets") == root / "datasets"
    with cache.locked(root / "datasets" / "file"):
        assert (root / "datasets" / ".file.lock").exists()
    with (
        pytest.raises(ganbench.UsageError, match="cannot write to") as caught,
        cache.locked(root / "missing" / "file"),
    ):
        pass
    assert "GANBENCH_CACHE" in (caught.value.hint or "")


def test_the_error_of_what_is_locked_stays_its_own(root: Path) -> None:
    with pytest.raises(FileNotFoundError), cache.locked(cache.folder("datasets") / "file"):
        (root / "nothing").read_bytes()


def test_hashes() -> None:
    weights = {"w": torch.ones(2)}
    assert cache.content_hash(weights) == cache.content_hash({"w": torch.ones(2)})
    assert cache.content_hash(weights, "salt") != cache.content_hash(weights)
