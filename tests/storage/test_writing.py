"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ganbench.api.errors import GanbenchError
from ganbench.storage import writing
from ganbench.storage.writing import (
    cannot_write,
    rename_aside,
    replace_all,
    replacing,
    set_aside,
    write_file,
    write_new,
)


def test_a_file_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "weights"
    target.write_text("old")
    with replacing(target, durable=True) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("before", [None, "old"])
def test_a_failure_leaves_all_as_it_was(tmp_path: Path, before: str | None) -> None:
    target = tmp_path / "weights"
    if before is not None:
        target.write_text(before)
    with pytest.raises(TypeError), replacing(target, durable=True) as temporary:
        temporary.write_bytes("not bytes")  # type: ignore[arg-type]
    assert [file.read_text() for file in tmp_path.iterdir()] == ([] if before is None else [before])


def test_others_may_read_what_the_umask_lets_them(tmp_path: Path) -> None:
    program = (
        "import os, pathlib; os.umask(0o027)\n"
        "from ganbench.storage.writing import write_file\n"
        "write_file(pathlib.Path('file'), b'content', durable=False)\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_to_write_a_file_changes_nothing_for_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The umask is the process's: what others made while it was another would have other rights."""
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("it is changed"))
    write_file(tmp_path / "file", b"content", durable=False)


@pytest.mark.parametrize("durable", [True, False])
def test_what_must_survive_a_power_cut_is_forced_to_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append((tmp_path / "file").exists()))
    write_file(tmp_path / "file", b"content", durable=durable)
    assert seen == ([False, True] if durable else [])  # the file, then its folder


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    target = tmp_path / "missing" / "file"
    with pytest.raises(FileNotFoundError):
        write_file(target, b"", durable=False)
    with pytest.raises(GanbenchError, match="cannot write"):
        write_new(target, b"")
    with pytest.raises(GanbenchError, match="cannot write"):
        replace_all({target: b""})


def test_a_new_file_never_replaces_another(tmp_path: Path) -> None:
    assert write_new(tmp_path / "file", b"first")
    assert not write_new(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def test_of_several_files_none_is_replaced_where_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(GanbenchError, match="cannot write"):
        replace_all({tmp_path / "a": b"new", tmp_path / "missing" / "b": b"new"})
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_what_killed_writers_have_left_goes_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".page.html.a1.tmp", tmp_path / ".page.html.b2.tmp"
    old.touch()
    young.touch()
    long_ago = old.stat().st_mtime - writing.ABANDONED_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    replace_all({tmp_path / "page.html": b"new"})
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", young.name}


def test_damaged_files_are_kept_under_free_names(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / "file").write_text(str(number))
        assert set_aside(tmp_path / "file") == f"kept as file.damaged-{number}"
    assert (tmp_path / "file.damaged-1").read_text() == "1"
    assert set_aside(tmp_path / "file") == "set aside"  # by another process
    (tmp_path / "folder").mkdir()
    assert rename_aside(tmp_path / "folder", "replaced") == "folder.replaced-1"


@pytest.mark.parametrize("below", ["", "more/folders"])
def test_a_file_in_a_folders_place_is_not_for_want_of_space(tmp_path: Path, below: str) -> None:
    place = tmp_path / "file"
    place.write_text("kept")
    with pytest.raises(OSError, match="file") as caught:
        (place / below).mkdir(parents=True)
    told = cannot_write(place, caught.value)
    assert "there is a file where a folder is needed" in str(told)
    assert "space" not in str(told)
    assert "move the file away" in str(told)


def test_what_cannot_be_renamed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(Path, "rename", refuse)
    (tmp_path / "file").touch()
    assert set_aside(tmp_path / "file") == "it cannot be renamed: Permission denied"
