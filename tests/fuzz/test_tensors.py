"""Checkpoints and cache files: damaged ones, and foreign ones with the right checksum."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench.storage import tensorcache
from ganbench.storage.sealed import write_sealed
from ganbench.storage.tensorcache import TensorCache
from ganbench.training.checkpoint import LATEST, load_checkpoint, save_checkpoint

from .harness import examples, in_time, profile
from .mutations import OBSTACLES, put_obstacle, spoiled_bytes, values

STATE = {"run_id": "a", "step": 3, "weights": torch.arange(6.0), "deep": [(1, None), {"b": 2.5}]}


def same(found: Any) -> bool:
    weights = found.pop("weights")
    rest = {key: value for key, value in STATE.items() if key != "weights"}
    return torch.equal(weights, STATE["weights"]) and found == rest


@pytest.mark.parametrize("number", profile(15, 300))
def test_spoiled_checkpoints(number: int) -> None:
    @examples(number)
    @given(st.data())
    def run(data: st.DataObject) -> None:
        with tempfile.TemporaryDirectory() as name, in_time():
            folder, remarks = Path(name), list[str]()
            save_checkpoint(folder, STATE)
            content = data.draw(spoiled_bytes((folder / LATEST).read_bytes()))
            (folder / LATEST).write_bytes(content)
            found = load_checkpoint(folder, remarks.append)
            if found is None:
                (kept,) = folder.iterdir()
                assert kept.read_bytes() == content
                assert kept.name in remarks[0]
            else:
                assert same(found)

    run()


def foreign(folder: Path, text: str) -> None:
    """A checkpoint with any text for its state, and the checksum that belongs to it."""
    write_sealed(folder / LATEST, text, {"0": torch.zeros(2)}, durable=False)


@pytest.mark.parametrize("number", profile(10, 200))
def test_foreign_checkpoints(number: int) -> None:
    kinds = st.sampled_from(["tensor", "array", "tuple", "items", "other"])

    @examples(number)
    @given(st.one_of(values, st.dictionaries(kinds, values, max_size=2)))
    def run(state: Any) -> None:
        with tempfile.TemporaryDirectory() as name, in_time():
            foreign(Path(name), json.dumps(state))
            found = load_checkpoint(Path(name), lambda _: None)
            assert found is None or isinstance(found, dict)

    run()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 900 + "]" * 900, '{"items": [["a"]]}', '{"tensor": "9"}', "", "1"]
)
def test_states_that_cannot_be(text: str, tmp_path: Path) -> None:
    remarks: list[str] = []
    foreign(tmp_path, text)
    assert load_checkpoint(tmp_path, remarks.append) is None
    assert "kept as latest.safetensors.damaged-1" in remarks[0]


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_other_things_in_the_place_of_a_checkpoint(obstacle: str, tmp_path: Path) -> None:
    put_obstacle(tmp_path / LATEST, obstacle)
    with in_time(10):
        assert load_checkpoint(tmp_path, lambda _: None) is None
        save_checkpoint(tmp_path, STATE)
    assert same(load_checkpoint(tmp_path, pytest.fail))


@pytest.mark.parametrize("number", profile(15, 300))
def test_spoiled_cache_files(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorcache, "LEAST_SECONDS", -1.0)
    wanted = (torch.arange(6.0), torch.ones(2, 2))

    @examples(number)
    @given(st.data(), st.sampled_from([None, *OBSTACLES]))
    def run(data: st.DataObject, obstacle: str | None) -> None:
        with tempfile.TemporaryDirectory() as name, in_time():
            monkeypatch.setenv("GANBENCH_CACHE", name)
            remarks: list[str] = []
            TensorCache(remarks.append).tensors({"a": 1}, lambda: wanted)
            (file,) = (Path(name) / "features").glob("*.safetensors")
            content = file.read_bytes()
            if obstacle is None:
                file.write_bytes(data.draw(spoiled_bytes(content)))
            else:
                put_obstacle(file, obstacle)
            found = TensorCache(remarks.append).tensors({"a": 1}, lambda: wanted)
            assert all(map(torch.equal, found, wanted))
            key = hashlib.sha256(json.dumps({"a": 1}).encode()).hexdigest()
            assert file.name.startswith(key)

    run()
