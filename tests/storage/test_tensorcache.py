"""Cached tensors come back bit by bit, or are computed anew: nothing else may ever come back."""

from __future__ import annotations

import errno
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from ganbench.storage import tensorcache
from ganbench.storage.sealed import content_hash
from ganbench.storage.tensorcache import TensorCache, Tensors, pays, read_tensors

KEY = {"what": "features", "n": 3}


class Work:
    """Something to compute, which counts how often it is."""

    def __init__(self, *tensors: Tensor) -> None:
        self.tensors = tensors or (torch.arange(12.0).reshape(3, 4).T, torch.tensor(5))
        self.times = 0

    def __call__(self) -> Tensors:
        self.times += 1
        return self.tensors


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where files go. Everything pays here."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tensorcache, "pays", lambda seconds, size: True)
    return tmp_path / "cache" / "features"


@pytest.fixture
def remarks() -> list[str]:
    return []


@pytest.fixture
def cache(remarks: list[str]) -> TensorCache:
    return TensorCache(remarks.append)


def same(one: Tensors, other: Tensors) -> bool:
    return len(one) == len(other) and all(
        a.dtype == b.dtype
        and a.stride() == b.stride()
        and content_hash({"": a}) == content_hash({"": b})
        for a, b in zip(one, other, strict=True)
    )


def test_is_computed_once(cache: TensorCache, remarks: list[str], folder: Path) -> None:
    work = Work()
    cold = cache.tensors(KEY, work)
    warm = TensorCache(remarks.append).tensors(KEY, work)
    assert work.times == 1
    assert same(cold, warm)
    assert torch.equal(warm[0], work.tensors[0])
    assert [file.suffix for file in folder.iterdir()] == [".safetensors"]
    assert remarks == []


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(math.nan, dtype=torch.float64),
        torch.tensor([-0.0, math.inf, 1e-320], dtype=torch.float64),
        torch.empty(0, 3),
        torch.tensor([True, False]),
        torch.arange(4, dtype=torch.bfloat16)[::2],
        torch.ones(3, requires_grad=True),
        torch.ones(1, 2).expand(3, 2),
    ],
    ids=str,
)
def test_any_tensor_comes_back_bit_by_bit(cache: TensorCache, tensor: Tensor) -> None:
    cold = cache.tensors(KEY, Work(tensor, tensor))
    warm = cache.tensors(KEY, pytest.fail)
    assert same(cold, warm)
    assert content_hash({"": warm[0]}) == content_hash({"": tensor})
    assert warm[0].shape == tensor.shape


def test_what_is_read_lies_in_memory_as_what_is_computed(cache: TensorCache) -> None:
    # Products of the same numbers at other places in memory may round differently.
    for tensors in (cache.tensors(KEY, Work()), cache.tensors(KEY, pytest.fail)):
        assert all(one.is_contiguous() and one.data_ptr() % 64 == 0 for one in tensors)


def test_every_part_of_a_key_counts(cache: TensorCache) -> None:
    work = Work()
    keys: list[dict[str, Any]] = [
        *({"n": 3}, {"n": 4}, {"n": "3"}, {"n": [3]}, {"n": 3, "m": None}, {"m": 3}),
        {"n": {"a": 1, "b": 2}},
    ]
    for key in keys:
        cache.tensors(key, work)
    assert work.times == len(keys)
    cache.tensors({"n": {"b": 2, "a": 1}}, work)
    assert work.times == len(keys)


def test_what_fails_leaves_nothing(cache: TensorCache, folder: Path) -> None:
    def fail() -> Tensors:
        raise RuntimeError("no features")

    with pytest.raises(RuntimeError, match="no features"):
        cache.tensors(KEY, fail)
    assert list(folder.iterdir()) == []
    work = Work()
    cache.tensors(KEY, work)
    assert work.times == 1


def test_only_what_takes_long_is_kept(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    now = [0.0]
    monkeypatch.setattr(tensorcache, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    monkeypatch.setattr(tensorcache, "pays", pays)
    cache, work = TensorCache(pytest.fail), Work()
    first, second = (cache.tensors(KEY, work) for _ in range(2))
    assert work.times == 2
    assert same(first, second)
    assert list(folder.iterdir()) == []

    def slow() -> Tensors:
        now[0] += 0.25
        return work()

    cache.tensors(KEY, slow)
    cache.tensors(KEY, slow)
    assert work.times == 3


def test_large_tensors_must_be_worth_reading() -> None:
    assert pays(0.3, 1_000)
    assert not pays(0.1, 1_000)
    assert not pays(1, 10**9)
    assert pays(3600, 10**9)


# Damage


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in its header": lambda content: content[:20],
    "cut in its content": lambda content: content[:-1],
    "flipped in its header": lambda content: flip(content, 40),
    "flipped in its content": lambda content: flip(content, len(content) - 3),
    "longer": lambda content: content + b"\0",
    "text": lambda content: b"no tensors at all",
}


def damaged_file(cache: TensorCache, folder: Path) -> Path:
    cache.tensors(KEY, Work())
    (path,) = folder.glob("*.safetensors")
    return path


def expect_recomputation(cache: TensorCache, remarks: list[str], path: Path) -> None:
    """Of the file at `path`, with one line about it; and the new file is used afterwards."""
    found, work = path.read_bytes(), Work()
    assert same(cache.tensors(KEY, work), cache.tensors(KEY, pytest.fail))
    assert work.times == 1
    (remark,) = remarks
    assert "\n" not in remark
    assert f"cache file {path.name} is not used: it" in remark
    number = len(list(path.parent.glob("*.damaged-*")))
    kept = path.with_name(f"{path.name}.damaged-{number}")
    assert remark.endswith(f"kept as {kept.name}")
    assert kept.read_bytes() == found
    remarks.clear()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_computed_anew(
    cache: TensorCache, remarks: list[str], folder: Path, damage: str
) -> None:
    path = damaged_file(cache, folder)
    for _ in range(2):  # the second one finds the name of the first one taken
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
        expect_recomputation(cache, remarks, path)


def test_the_file_of_another_key_is_not_used(
    cache: TensorCache, remarks: list[str], folder: Path
) -> None:
    path = damaged_file(cache, folder)
    cache.tensors({**KEY, "n": 4}, Work(torch.zeros(3, 4), torch.tensor(0)))
    (other,) = set(folder.glob("*.safetensors")) - {path}
    path.write_bytes(other.read_bytes())
    expect_recomputation(cache, remarks, path)


def test_a_foreign_file_is_not_used(cache: TensorCache, remarks: list[str], folder: Path) -> None:
    path = damaged_file(cache, folder)
    save_file({"0": torch.zeros(4, 3), "1": torch.tensor(5)}, path)
    expect_recomputation(cache, remarks, path)


def test_a_link_is_followed_and_only_the_link_is_renamed(
    cache: TensorCache, remarks: list[str], folder: Path, tmp_path: Path
) -> None:
    path = damaged_file(cache, folder)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    cache.tensors(KEY, pytest.fail)
    (tmp_path / "elsewhere").write_bytes(b"damaged")
    expect_recomputation(cache, remarks, path)
    assert (tmp_path / "elsewhere").read_bytes() == b"damaged"


@settings(max_examples=200, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_is_ever_read_as_other_tensors(
    place: float, bit: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("flip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANBENCH_CACHE", str(folder))
        written = TensorCache(pytest.fail).tensors(KEY, Work())
    (path,) = folder.rglob("*.safetensors")
    content = bytearray(path.read_bytes())
    content[math.floor(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    try:
        found = read_tensors(path, '{"n": 3, "what": "features"}')
    except ValueError:
        return
    assert same(found, written)  # a bit that means nothing


# Caches that cannot be used


def expect_computation(cache: TensorCache, remarks: list[str], reason: str) -> None:
    """Of everything, told once."""
    for key in (KEY, {"n": 4}):
        work = Work()
        assert torch.equal(cache.tensors(key, work)[0], work.tensors[0])
        assert work.times == 1
    (remark,) = remarks
    assert remark.startswith("real features are computed and not kept: ")
    assert reason in remark
    assert "\n" not in remark


def test_a_folder_that_cannot_be_made(cache: TensorCache, remarks: list[str], folder: Path) -> None:
    folder.parent.write_text("in the way")
    expect_computation(cache, remarks, "cannot create the cache directory")


def test_a_folder_that_cannot_be_written_to(
    monkeypatch: pytest.MonkeyPatch, cache: TensorCache, remarks: list[str], folder: Path
) -> None:
    cache.tensors({"n": 0}, Work())

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    opened = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, flags, *mode: refuse() if flags & os.O_CREAT else opened(path, flags, *mode),
    )
    cache.tensors({"n": 0}, pytest.fail)  # what is there is read
    expect_computation(cache, remarks, "Read-only file system")
    assert len(list(folder.iterdir())) == 1


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process can grow beyond a megabyte."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk(cache: TensorCache, remarks: list[str], folder: Path) -> None:
    work = Work(torch.zeros(1_000_000))
    for _ in range(2):
        assert torch.equal(cache.tensors(KEY, work)[0], work.tensors[0])
    assert work.times == 2
    (remark,) = remarks
    assert remark.startswith("real features are computed and not kept: ")
    assert list(folder.iterdir()) == []


def test_what_may_not_be_opened_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, cache: TensorCache, remarks: list[str], folder: Path
) -> None:
    path = damaged_file(cache, folder)
    before, opened = path.stat(), Path.open

    def refuse(path: Path, mode: str) -> Any:
        if "r" in mode:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(path, mode)

    monkeypatch.setattr(Path, "open", refuse)
    expect_computation(cache, remarks, "Permission denied")
    assert path.stat().st_ino == before.st_ino


def test_a_damaged_file_that_cannot_be_renamed_stays(
    monkeypatch: pytest.MonkeyPatch, cache: TensorCache, remarks: list[str], folder: Path
) -> None:
    path = damaged_file(cache, folder)
    path.write_bytes(b"damaged")

    def refuse(*_paths: Path) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    work = Work()
    assert torch.equal(cache.tensors(KEY, work)[0], work.tensors[0])
    assert path.read_bytes() == b"damaged"
    assert len(remarks) == 1


SCRIPT = """
import multiprocessing, os
from pathlib import Path
import torch
from ganbench.storage import tensorcache
from ganbench.storage.sealed import content_hash
from ganbench.storage.tensorcache import TensorCache

tensorcache.pays = lambda seconds, size: True
context = multiprocessing.get_context("fork")
begun, asking = context.Event(), context.Barrier(6)

def compute(number):
    Path(f"computed-{number}").touch()
    if number == 0:  # dies holding the lock, with the others on their way to it
        begun.set()
        asking.wait()
        os._exit(9)
    return (torch.full((100, 10), float(number)), torch.tensor(number))

def use(number):
    if number:
        asking.wait()
    values = TensorCache(print).tensors({"n": 3}, lambda: compute(number))
    os.write(1, f"{content_hash({'': values[0]})} {int(values[1])}\\n".encode())

processes = [context.Process(target=use, args=(number,)) for number in range(6)]
processes[0].start()
begun.wait()
for process in processes[1:]:
    process.start()
for process in processes:
    process.join()
assert [process.exitcode for process in processes] == [9, 0, 0, 0, 0, 0]
"""


def test_one_process_computes_what_all_read(tmp_path: Path, folder: Path) -> None:
    # The first one dies over it; of the five that wait, one takes its place.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert len(set(lines)) == 1
    number = lines[0].split()[1]
    assert {file.name for file in tmp_path.glob("computed-*")} == {
        *("computed-0", f"computed-{number}")
    }
    assert len(list(folder.iterdir())) == 1
