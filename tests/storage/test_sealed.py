"""Sealed files: what is read is what was written, or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from ganbench.storage.sealed import content_hash, read_sealed, write_sealed

TENSORS = {
    "b": torch.arange(6.0).view(2, 3).T,
    "a": torch.tensor(5),
    "empty": torch.zeros(0, 3),
    "half": torch.ones(3, dtype=torch.bfloat16),
}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        a.dtype == other[name].dtype and torch.equal(a, other[name]) for name, a in one.items()
    )


@given(text=st.text())
def test_any_text_and_tensors_come_back(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("sealed") / "file"
    write_sealed(path, text, TENSORS, durable=False)
    found, tensors = read_sealed(path)
    assert found == text
    assert same(tensors, TENSORS)
    assert all(tensor.is_contiguous() for tensor in tensors.values())


def test_equal_content_gives_equal_files(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_sealed(tmp_path / name, "text", TENSORS, durable=True)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_two_names_of_one_tensor_are_two_tensors(tmp_path: Path) -> None:
    shared = torch.ones(4)
    write_sealed(tmp_path / "file", "", {"a": shared, "b": shared[1:]}, durable=False)
    assert same(read_sealed(tmp_path / "file")[1], {"a": torch.ones(4), "b": torch.ones(3)})


def test_files_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(FileNotFoundError):
        read_sealed(path)
    save_file({"a": torch.ones(2)}, path)
    with pytest.raises(ValueError, match="no checksum"):
        read_sealed(path)
    save_file({"a": torch.ones(2)}, path, {"ganbench": f"{content_hash({}, 'text')} text"})
    with pytest.raises(ValueError, match="does not match its checksum"):
        read_sealed(path)
    path.write_text("no tensors at all")
    with pytest.raises(ValueError, match="damaged"):
        read_sealed(path)


def test_the_hash_is_that_of_names_types_shapes_and_bytes() -> None:
    weight = torch.tensor([[1.0, 2.0]])
    known = hashlib.sha256(b"salt" + b"w torch.float32 (1, 2)" + weight.numpy().tobytes())
    assert content_hash({"w": weight}, "salt") == known.hexdigest()


def test_everything_that_differs_makes_another_hash() -> None:
    weights = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3])}
    others = [
        {**weights, "b": torch.tensor([4])},
        {**weights, "c": torch.tensor([3])},
        {"a": weights["a"].view(2, 1), "b": weights["b"]},
        {"a": weights["a"].double(), "b": weights["b"]},
        {"a": weights["b"], "b": weights["a"]},
    ]
    hashes = {content_hash(weights), content_hash(weights, salt="x"), *map(content_hash, others)}
    assert len(hashes) == 2 + len(others)
    assert content_hash(dict(reversed(weights.items()))) == content_hash(weights)
