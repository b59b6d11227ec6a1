"""The cache's place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.api.errors import UsageError
from ganbench.storage.cache import cache_dir, cache_root


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
