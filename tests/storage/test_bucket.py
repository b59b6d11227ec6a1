"""Objects: whole, listed, created once; and what is said where a store cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.storage import bucket as module
from ganbench.storage.bucket import Bucket, Entry, checked_url, is_url

from ..stores import s3_environment

LARGE = module.SMALL_BYTES + 1


@pytest.fixture
def bucket(store_url: str) -> Bucket:
    return Bucket(store_url)


def test_an_empty_bucket_lists_nothing(bucket: Bucket) -> None:
    assert bucket.listing() == {}
    assert bucket.read("a/b") is None


def test_an_object_is_created_once(bucket: Bucket) -> None:
    assert bucket.create("a/record.json", b"first")
    assert not bucket.create("a/record.json", b"second")
    assert bucket.read("a/record.json") == b"first"


def test_who_asks_once_more_since_the_answer_was_lost_has_created_it(bucket: Bucket) -> None:
    assert bucket.create("a", b"mine")
    assert bucket.create("a", b"mine")


def test_of_many_who_create_it_one_has(bucket: Bucket) -> None:
    contents = [f"{number}".encode() for number in range(8)]
    with ThreadPoolExecutor(len(contents)) as pool:
        created = list(pool.map(lambda one: bucket.create("a", one), contents))
    assert sum(created) == 1
    assert bucket.read("a") == contents[created.index(True)]


def test_the_store_is_asked_whether_it_creates_once(bucket: Bucket) -> None:
    bucket.require_create()
    assert bucket.listing() == {}


def test_a_server_that_overwrites_is_refused(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_create", lambda key, content: True)
    with pytest.raises(GanbenchError, match=r"If-None-Match.*ganbench merge"):
        bucket.require_create()


def test_files_are_put_and_fetched(bucket: Bucket, tmp_path: Path) -> None:
    contents = {"r/small": b"s", "r/deep/er": b"", "r/large": os.urandom(LARGE), "q/x": b"x"}
    for key, content in contents.items():
        (file := tmp_path / "file").write_bytes(content)
        assert bucket.put(file, key)
    listed = bucket.listing()
    assert {key: entry.size for key, entry in listed.items()} == {
        key: len(content) for key, content in contents.items()
    }
    assert bucket.listing("q") == {"q/x": listed["q/x"]}
    assert bucket.fetch(listed, tmp_path / "here") == list(listed)
    found = {key: (tmp_path / "here" / key).read_bytes() for key in contents}
    assert found == contents
    assert sorted(path.name for path in tmp_path.iterdir() if "lab" not in path.name) == [
        "file",
        "here",
    ]


def test_many_files_come_in_their_order(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    monkeypatch.setattr(module, "SMALL_BYTES", 4)
    for number in range(10):
        assert bucket.create(f"r/{number}", b"." * number)
    keys = [f"r/{number}" for number in (3, 9, 1, 0, 2, 4, 8, 7)]
    listed = bucket.listing()
    assert bucket.fetch({key: listed[key] for key in keys}, tmp_path / "here") == keys


def test_what_has_gone_since_it_was_listed_is_passed_over(bucket: Bucket, tmp_path: Path) -> None:
    assert bucket.create("r/a", b"a")
    listed = {**bucket.listing(), "r/b": Entry(1, ""), "r/c": Entry(LARGE, "")}
    assert bucket.fetch(listed, tmp_path) == ["r/a"]
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["a"]
    assert bucket.fetch({"r/b": Entry(1, ""), "r/c": Entry(LARGE, "")}, tmp_path) == []


def test_a_token_tells_that_an_object_was_written_again(bucket: Bucket, tmp_path: Path) -> None:
    tokens = []
    for content in (b"one", b"two"):
        (file := tmp_path / "file").write_bytes(content)
        assert bucket.put(file, "r/a")
        tokens.append(bucket.listing()["r/a"].token)
        assert tokens[-1] == bucket.listing("r")["r/a"].token
    assert len({*tokens}) == 2


def test_a_file_that_has_gone_is_not_put(bucket: Bucket, tmp_path: Path) -> None:
    assert not bucket.put(tmp_path / "gone", "r/a")
    assert bucket.listing() == {}


def test_removing_is_done_once_or_twice(bucket: Bucket) -> None:
    assert bucket.create("r/a", b"a")
    assert bucket.create("r/b", b"b")
    bucket.remove(["r/a", "r/a"])
    assert list(bucket.listing()) == ["r/b"]


def test_another_place_that_begins_alike_is_another(store_url: str) -> None:
    another = f"{store_url}-2"
    if another.startswith("file://"):
        Path(another.removeprefix("file://")).mkdir()
    assert Bucket(another).create("r/a", b"a")
    assert Bucket(store_url).listing() == {}


def test_keys_that_lead_out_of_a_folder_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write to a bucket must not write to the machines of those who read it."""
    bucket = Bucket("memory://lab/evil")
    keys = [
        "r/../../../etc/cron",
        "..",
        "r/.bashrc",
        "r//x",
        "/etc/passwd",
        "r/a\\b",
        "r/a\0",
        "ok",
    ]
    found = {f"{bucket._root}/{key}": {"size": 1, "created": 1} for key in keys}
    monkeypatch.setattr(bucket, "_fs", SimpleNamespace(find=lambda path, detail: found))
    assert list(bucket.listing()) == ["ok"]


class Broken:
    """A connection that ends after so many bytes of a file."""

    def __init__(self, fs: Any) -> None:
        self._fs = fs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fs, name)

    def put_file(self, *_: object) -> None:
        raise ConnectionResetError("reset by peer")


def test_a_put_that_is_cut_off_leaves_what_was_there(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket.create("r/a", b"before")
    (file := tmp_path / "file").write_bytes(b"x" * LARGE)

    def cut_off(source: Any, target: Any) -> None:
        Path(target).write_bytes(b"xx")
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(bucket, "_fs", Broken(bucket._fs))
    monkeypatch.setattr(module.shutil, "copyfile", cut_off)
    with pytest.raises(GanbenchError, match=r"reset by peer.*the same command"):
        bucket.put(file, "r/a")
    assert bucket.read("r/a") == b"before"
    assert list(bucket.listing()) == ["r/a"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("s3://lab/runs", True), ("memory://x", True), ("runs", False), ("a/b:c", False), (7, False)],
)
def test_urls_are_told_from_paths(text: object, found: bool) -> None:
    assert is_url(text) == found


@pytest.mark.parametrize("url", ["ftp://lab/runs", "https://lab/runs", "gs://lab/runs"])
def test_stores_that_are_not_known_to_create_once_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match=r"creates an object only where there is none.*s3://"):
        Bucket(url)


@pytest.mark.parametrize("url", ["s3://", "s3:///", "file://runs", "memory://"])
def test_a_url_names_a_place(url: str) -> None:
    with pytest.raises(UsageError, match="names no place for runs; write it as"):
        Bucket(url)


def test_slashes_at_the_end_say_nothing() -> None:
    assert checked_url("s3://lab/runs//") == checked_url("s3://lab/runs") == "s3://lab/runs"


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import _registry

    monkeypatch.setitem(sys.modules, "s3fs", None)
    for name in ("s3", "s3a"):
        monkeypatch.delitem(_registry, name, raising=False)
    with pytest.raises(UsageError, match=r"s3:// needs.*pip install 'ganbench\[bucket\]'"):
        Bucket("s3://lab/runs")


def said(url: str, **environment: str) -> str:
    """What is said of a bucket in a process of its own: clients remember keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    script = (
        "from ganbench.storage.bucket import Bucket\n"
        "from ganbench.api.errors import UsageError\n"
        f"try: Bucket({url!r}).listing()\n"
        "except UsageError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**kept, **environment},
    )
    return done.stdout


def test_a_missing_bucket_is_said_to_be_missing() -> None:
    found = said("s3://nobodys/runs", **s3_environment())
    assert "s3://nobodys/runs: there is no bucket of that name" in found
    assert "create it" in found


def test_missing_keys_are_said_to_be_missing(tmp_path: Path) -> None:
    environment = s3_environment()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del environment[name]
    found = said("s3://lab/runs", **environment, HOME=str(tmp_path))
    assert "you may not use s3://lab/runs: Unable to locate credentials" in found
    assert "AWS_ACCESS_KEY_ID" in found
