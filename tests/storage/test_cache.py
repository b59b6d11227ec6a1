"""The cache's place, and writing there whole or not at all."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import pytest

from ganbench.api.errors import UsageError
from ganbench.storage.cache import atomic_path, cache_dir, cache_root, locked


@pytest.mark.parametrize(
    ("chosen", "xdg", "root"),
    [
        ("/chosen", "/xdg", "/chosen"),
        ("~/chosen", "", "/home/me/chosen"),
        ("", "/xdg", "/xdg/ganbench"),
        ("", "relative", "/home/me/.cache/ganbench"),
        ("", "", "/home/me/.cache/ganbench"),
    ],
)
def test_root(monkeypatch: pytest.MonkeyPatch, chosen: str, xdg: str, root: str) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("GANBENCH_CACHE", chosen)
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    assert cache_root() == Path(root)


def test_a_relative_choice_does_not_depend_on_later_changes_of_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANBENCH_CACHE", "here")
    assert cache_root() == tmp_path / "here"


def test_folders_are_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    assert cache_dir("a", "b") == tmp_path / "cache" / "a" / "b"
    assert cache_dir("a", "b").is_dir()


def test_a_cache_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="cannot create the cache directory") as caught:
        cache_dir("a")
    assert caught.value.hint is not None
    assert "GANBENCH_CACHE" in caught.value.hint


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    target.write_text("old")
    with atomic_path(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("before", [None, "old"])
def test_a_failure_leaves_all_as_it_was(tmp_path: Path, before: str | None) -> None:
    target = tmp_path / "weights"
    if before is not None:
        target.write_text(before)
    with pytest.raises(TypeError), atomic_path(target) as temporary:
        temporary.write_bytes("not bytes")  # type: ignore[arg-type]
    assert [file.read_text() for file in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "weights"
    with pytest.raises(UsageError, match="cannot write to"), atomic_path(target):
        pass
    with pytest.raises(UsageError, match="cannot write to"), locked(target):
        pass


def test_a_lock_is_held_inside_and_free_afterwards(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    with (tmp_path / ".weights.lock").open("w") as other:
        with locked(target), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_lock_keeps_others_out(tmp_path: Path) -> None:
    inside, together, kept_out = 0, [], []

    def is_free() -> bool:
        with (tmp_path / ".file.lock").open("w") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def work() -> None:
        nonlocal inside
        for _ in range(20):  # those who come back meet a lock that was removed meanwhile
            with locked(tmp_path / "file"):
                inside += 1
                kept_out.append(not is_free())
                together.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1] * 100
    assert kept_out == [True] * 100
    assert list(tmp_path.iterdir()) == []
