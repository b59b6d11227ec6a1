"""Checkpoints come back exactly as they were written, or not at all."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from ganbench.training.checkpoint import (
    LATEST,
    PREVIOUS,
    UnstorableState,
    is_storable,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)


def state(step: int = 7) -> dict[str, Any]:
    weight = torch.arange(12.0).reshape(3, 4)
    return {
        "step": step,
        "names": ["a", "b"],
        "random": (3, (1, 2, 3), None),
        "optimiser": {0: {"step": torch.tensor(5.0), "mean": weight.T}, 1: {}},
        "flags": {"on": True, "rate": 1e-4, "empty": []},
        "order": torch.randperm(10),
        "bytes": torch.get_rng_state(),
        "half": weight.bfloat16(),
        "key": np.arange(6, dtype=np.uint32),
        "none": torch.empty(0, 3),
        "a/b": torch.ones(1),
        "a": {"b": torch.zeros(1)},
    }


def same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or (one != one and other != other)


def load(folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    remarks: list[str] = []
    return load_checkpoint(folder, remarks.append), remarks


def test_a_state_comes_back_as_it_was(tmp_path: Path) -> None:
    written = state()
    save_checkpoint(tmp_path / "new" / "folder", written)
    found, remarks = load(tmp_path / "new" / "folder")
    assert same(found, written)
    assert remarks == []


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(plain=PLAIN)
def test_any_plain_state_comes_back(plain: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("state")
    save_checkpoint(folder, {"value": plain})
    found, _ = load(folder)
    assert found is not None
    assert same(found["value"], plain)


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    assert load(tmp_path / "none") == (None, [])


def test_the_last_but_one_is_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save_checkpoint(tmp_path, state(step))
    assert read_checkpoint(tmp_path / LATEST)["step"] == 3
    assert read_checkpoint(tmp_path / PREVIOUS)["step"] == 2


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "foreign", "text", "pickle"])
def test_a_damaged_file_is_set_aside_and_the_one_before_is_used(
    tmp_path: Path, damage: str
) -> None:
    save_checkpoint(tmp_path, state(1))
    save_checkpoint(tmp_path, state(2))
    path = tmp_path / LATEST
    content = path.read_bytes()
    match damage:
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "flip":
            middle = len(content) - 9
            path.write_bytes(
                content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            )
        case "empty":
            path.write_bytes(b"")
        case "foreign":
            save_file({"weight": torch.ones(2)}, path)
        case "text":
            path.write_text("this is no checkpoint")
        case "pickle":
            torch.save({"step": 9}, path)
    damaged = path.read_bytes()
    found, remarks = load(tmp_path)
    assert found is not None
    assert found["step"] == 1
    (remark,) = remarks
    assert f"checkpoint {LATEST} is not used" in remark
    assert (tmp_path / f"{LATEST}.damaged-1").read_bytes() == damaged


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_is_ever_read_as_another_state(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    written = {"step": 3, "weight": torch.arange(4.0), "list": [1.5, None]}
    save_checkpoint(folder, written)
    path = folder / LATEST
    content = bytearray(path.read_bytes())
    content[math.floor(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    try:
        found = read_checkpoint(path)
    except ValueError:
        return
    assert same(found, written)  # a bit that means nothing, such as padding


def test_what_cannot_be_written_leaves_the_last_one(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, state(1))
    with pytest.raises(UnstorableState, match="/loss/function is a builtin_function"):
        save_checkpoint(tmp_path, {"loss": {"function": print}})
    assert read_checkpoint(tmp_path / LATEST)["step"] == 1
    assert [one.name for one in tmp_path.iterdir()] == [LATEST]


class Level(IntEnum):
    LOW = 1


class Named(NamedTuple):
    mean: float


@pytest.mark.parametrize(
    "value",
    [
        np.arange(4).reshape(2, 2).T,
        np.array(2.5),
        np.float32(0.1),
        np.float64(0.1),
        np.bool_(True),
        {3, "a", (1, 2)},
        frozenset({1}),
        torch.Size([2, 3]),
        OrderedDict(b=1, a=[2]),
        True,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_accepted_comes_back_as_it_was(value: Any, tmp_path: Path) -> None:
    save_checkpoint(tmp_path, {"value": [value]})
    (found,) = read_checkpoint(tmp_path / LATEST)["value"]
    assert type(found) is type(value)
    if isinstance(value, np.ndarray | np.generic):
        assert (found.shape, found.dtype) == (value.shape, value.dtype)
        assert np.array_equal(found, value)
    else:
        assert found == value


@pytest.mark.parametrize(
    "value",
    [
        defaultdict(float),
        Counter("ab"),
        Named(1.0),
        Level.LOW,
        np.array(["a", "b"]),
        np.array([None]),
        np.arange(3).astype(">i4"),
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.str_("a"),
        {Level.LOW: 1},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_would_come_back_as_something_else_is_refused(value: Any, tmp_path: Path) -> None:
    assert not is_storable(value)
    with pytest.raises(UnstorableState, match="/value"):
        save_checkpoint(tmp_path, {"value": value})


def test_storable() -> None:
    assert is_storable({"a": [1, (2.0, torch.ones(1))]})
    assert not is_storable({"a": object()})
    assert not is_storable({(1, 2): 3})
