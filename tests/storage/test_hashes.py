"""Hashes of files: those of their content, always, and read from the disk only if need be."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ganbench.storage import hashes
from ganbench.storage import kept as kept_tables
from ganbench.storage.hashes import hash_files

FILES = ["a.png", "class/b.png", "class/\udcff.png", "empty.png"]


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A few files, and an empty cache that keeps the hashes of files however new they are."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(hashes, "SETTLED_NANOSECONDS", -(10**18))
    root = tmp_path / "root"
    (root / "class").mkdir(parents=True)
    for number, name in enumerate(FILES):
        (root / name).write_bytes(bytes(number) * 300 if name != "empty.png" else b"")
    return root


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of files whose content is read."""
    names: list[str] = []
    hash_one = hashes._hash

    def counted(path: str) -> object:
        names.append(os.path.basename(path))  # noqa: PTH119
        return hash_one(path)

    monkeypatch.setattr(hashes, "_hash", counted)
    return names


def refuse(line: str) -> None:
    raise AssertionError(line)


def expected(root: Path, names: list[str] = FILES) -> list[str]:
    return [hashlib.sha256((root / name).read_bytes()).hexdigest() for name in names]


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "hashes").glob("*"))


def test_every_file_is_read_once(root: Path, read: list[str]) -> None:
    assert hash_files(root, FILES, refuse) == expected(root)
    assert len(read) == len(FILES)
    assert hash_files(root, FILES, refuse) == expected(root)
    assert len(read) == len(FILES)
    assert hash_files(root, FILES[1:3], refuse) == expected(root, FILES[1:3])
    assert len(read) == len(FILES)


def test_only_what_has_changed_is_read_again(root: Path, read: list[str]) -> None:
    hash_files(root, FILES, refuse)
    read.clear()
    (root / "a.png").write_bytes(b"longer than before" * 100)
    (root / "c.png").write_bytes(b"new")
    assert hash_files(root, [*FILES, "c.png"], refuse) == expected(root, [*FILES, "c.png"])
    assert sorted(read) == ["a.png", "c.png"]


def test_the_same_size_and_time_of_change_do_not_deceive(root: Path, read: list[str]) -> None:
    hash_files(root, FILES, refuse)
    file, content = root / "class" / "b.png", (root / "class" / "b.png").read_bytes()
    before = file.stat()
    file.write_bytes(content[:-1] + b"\1")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert hash_files(root, FILES, refuse) == expected(root)


def test_a_file_that_may_still_change_is_not_kept(
    root: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its times are counted in steps, and a second change within one of them would not be seen."""
    monkeypatch.setattr(hashes, "SETTLED_NANOSECONDS", 10**18)
    for _ in range(2):
        assert hash_files(root, FILES, refuse) == expected(root)
    assert len(read) == 2 * len(FILES)


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"nonsense\n[]", "cut", "flipped"])
def test_a_damaged_cache_is_set_aside_and_told_once(
    root: Path, tmp_path: Path, damage: bytes | str
) -> None:
    hash_files(root, FILES, refuse)
    (file,) = kept(tmp_path)
    content = file.read_bytes()
    file.write_bytes(
        damage
        if isinstance(damage, bytes)
        else content[:-40]
        if damage == "cut"
        else content.replace(b"a.png", b"x.png")
    )
    remarks: list[str] = []
    assert hash_files(root, FILES, remarks.append) == expected(root)
    assert len(remarks) == 1
    assert "is not used: it is damaged; kept as" in remarks[0]
    assert [path.name for path in kept(tmp_path)] == [file.name, f"{file.name}.damaged-1"]
    assert hash_files(root, FILES, refuse) == expected(root)


def make_a_file_of(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize(
    "obstruct",
    [lambda cache: make_a_file_of(cache / "hashes"), lambda cache: make_a_file_of(cache)],
    ids=["no folder of hashes", "no cache at all"],
)
def test_without_a_cache_everything_is_read_and_told_once(
    root: Path, tmp_path: Path, read: list[str], obstruct: Callable[[Path], None]
) -> None:
    obstruct(tmp_path / "cache")
    remarks: list[str] = []
    assert hash_files(root, FILES, remarks.append) == expected(root)
    assert len(remarks) == 1
    assert remarks[0].startswith("hashes of files are computed and not kept: ")
    assert len(read) == len(FILES)


def test_a_cache_that_cannot_be_written_to(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write anywhere, so the system refuses in its place."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    remarks: list[str] = []
    for name in ("write_file", "locked"):
        with monkeypatch.context() as patch:
            patch.setattr(kept_tables, name, full)
            assert hash_files(root, FILES, remarks.append) == expected(root)
    assert len(remarks) == 2
    assert all("No space left on device" in line for line in remarks)
    assert kept(tmp_path) == []


def test_a_file_that_cannot_be_read_is_named(root: Path) -> None:
    with pytest.raises(OSError, match="No such file") as error:
        hash_files(root, [*FILES, "gone.png"], refuse)
    assert error.value.filename == str(root / "gone.png")


SCRIPT = """
import json, sys
from pathlib import Path
from ganbench.storage import hashes
hashes.SETTLED_NANOSECONDS = -10**18
root, files = json.loads(sys.argv[1])
print(json.dumps(hashes.hash_files(Path(root), files, lambda line: sys.exit(line))))
"""


def test_parallel_commands_agree(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, json.dumps([str(root), FILES])]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    answers = [process.communicate()[0] for process in processes]
    assert [json.loads(answer) for answer in answers] == [expected(root)] * 4
    (file,) = kept(tmp_path)  # no lock and no temporary file is left
    assert file.suffix == ".json"


def test_files_of_a_folder_are_known_though_they_are_asked_for_one_by_one(
    root: Path, read: list[str]
) -> None:
    for _ in range(2):
        for name in FILES:
            assert hash_files(root, [name], refuse) == expected(root, [name])
    assert len(read) == len(FILES)


def test_files_that_are_gone_are_forgotten(root: Path, read: list[str]) -> None:
    hash_files(root, FILES[:1], refuse)
    (root / FILES[0]).unlink()
    assert hash_files(root, FILES[1:], refuse) == expected(root, FILES[1:])
