"""What was found out about contents is known afterwards, and forgotten with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench import cache
from ganbench.storage import kept
from ganbench.storage.facts import Facts

KEY = {"what": "looks", "version": 1}


@pytest.fixture(autouse=True)
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def refuse(line: str) -> None:
    raise AssertionError(line)


def test_facts_are_kept_under_their_key() -> None:
    facts = cache.facts(KEY, refuse)
    assert facts.known() == {}
    facts.add({"a": ["RGB", 8], "b": ""}, ["a", "b"])
    assert cache.facts({"version": 1, "what": "looks"}, refuse).known() == {
        "a": ["RGB", 8],
        "b": "",
    }
    assert cache.facts({**KEY, "version": 2}, refuse).known() == {}


def test_facts_of_contents_that_are_gone_are_forgotten() -> None:
    facts = Facts(KEY, refuse)
    facts.add({"a": 1, "b": 2}, ["a", "b"])
    facts.add({"c": 3}, ["b", "c"])
    assert facts.known() == {"b": 2, "c": 3}


def test_names_that_are_no_text_can_be_kept() -> None:
    facts = Facts(KEY, refuse)
    facts.add({"a": "\udcff.png"}, ["a"])
    assert facts.known() == {"a": "\udcff.png"}


def test_damaged_facts_are_found_out_again(root: Path) -> None:
    lines: list[str] = []
    facts = Facts(KEY, lines.append)
    facts.add({"a": 1}, ["a"])
    (file,) = (root / "hashes").glob("*.json")
    file.write_bytes(file.read_bytes().replace(b"1}", b"2}"))
    assert facts.known() == {}
    assert lines[0].startswith(f"cache file {file.name} is not used: it is damaged")
    facts.add({"a": 1}, ["a"])
    assert facts.known() == {"a": 1}


def test_facts_that_cannot_be_kept_cost_time_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    lines: list[str] = []
    for name in ("write_file", "locked"):
        with monkeypatch.context() as patch:
            patch.setattr(kept, name, full)
            Facts(KEY, lines.append).add({"a": 1}, ["a"])
    assert len(lines) == 2
    assert all("No space left on device" in line for line in lines)
    assert Facts(KEY, refuse).known() == {}


def test_there_may_be_no_cache_at_all(root: Path) -> None:
    root.parent.joinpath("cache").touch()
    lines: list[str] = []
    facts = Facts(KEY, lines.append)
    facts.add({"a": 1}, ["a"])
    assert facts.known() == {}
    assert all("computed and not kept" in line for line in lines)
