"""A plugin's source hash covers its top-level package or module, no less and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ganbench.catalogue.plugin import Plugin, State, _source_hash

LAYOUTS = [
    ("single", "single.py"),
    ("package", "package/__init__.py"),
    ("package.module", "package/module.py"),
    ("package.sub", "package/sub/__init__.py"),
    ("package.sub.module", "package/sub/module.py"),
]


@pytest.fixture(autouse=True)
def _without_memory() -> Iterator[None]:
    _source_hash.cache_clear()
    yield
    _source_hash.cache_clear()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site-packages with one module, and one package with a sub-package, a test and a cache."""
    for name in (
        *("single.py", "other.py", "package/__init__.py", "package/module.py"),
        *("package/sub/__init__.py", "package/sub/module.py", "package/data.json"),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"NAME = {name!r}\n")
    return tmp_path


def hash_of(site: Path, module: str, file: str) -> str:
    _source_hash.cache_clear()
    plugin = Plugin(
        name="p",
        module=module,
        distribution="d",
        version="1",
        state=State.LOADED,
        file=str(site / file),
    )
    return plugin.source_hash


def test_is_a_named_digest(site: Path) -> None:
    kind, _, digest = hash_of(site, "single", "single.py").partition(":")
    assert kind == "sha256"
    assert len(digest) == 64


def test_all_modules_of_a_package_share_its_hash(site: Path) -> None:
    hashes = {hash_of(site, *layout) for layout in LAYOUTS if layout[0] != "single"}
    assert len(hashes) == 1
    assert hash_of(site, "single", "single.py") not in hashes


@pytest.mark.parametrize(("module", "file"), LAYOUTS)
@pytest.mark.parametrize(
    "changed",
    [
        *("single.py", "other.py", "package/__init__.py", "package/module.py"),
        *("package/sub/__init__.py", "package/sub/module.py", "package/data.json"),
    ],
)
def test_changes_with_its_own_python_files_only(
    site: Path, module: str, file: str, changed: str
) -> None:
    before = hash_of(site, module, file)
    (site / changed).write_text("CHANGED = 1\n")
    same_root = changed.split("/")[0] == file.split("/")[0]
    assert (hash_of(site, module, file) != before) == (same_root and changed.endswith(".py"))


@pytest.mark.parametrize("module", ["package", "package.sub.module"])
def test_changes_when_a_file_is_added_renamed_or_removed(site: Path, module: str) -> None:
    file = dict(LAYOUTS)[module]
    seen = [hash_of(site, module, file)]
    (site / "package/new.py").write_text("")
    seen.append(hash_of(site, module, file))
    (site / "package/new.py").rename(site / "package/renamed.py")
    seen.append(hash_of(site, module, file))
    assert len(set(seen)) == 3
    (site / "package/renamed.py").unlink()
    assert hash_of(site, module, file) == seen[0]


def test_two_modules_with_the_same_text_differ(site: Path) -> None:
    (site / "other.py").write_text((site / "single.py").read_text())
    assert hash_of(site, "single", "single.py") != hash_of(site, "other", "other.py")


def test_moving_text_between_files_changes_it(site: Path) -> None:
    before = hash_of(site, "package", "package/__init__.py")
    one, other = site / "package/module.py", site / "package/sub/module.py"
    one_text = one.read_text()
    one.write_text(other.read_text())
    other.write_text(one_text)
    assert hash_of(site, "package", "package/__init__.py") != before


def test_does_not_depend_on_where_it_is_installed(site: Path, tmp_path: Path) -> None:
    before = hash_of(site, "package.module", "package/module.py")
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    (site / "package").rename(elsewhere / "package")
    assert hash_of(elsewhere, "package.module", "package/module.py") == before


@pytest.mark.parametrize("file", ["", "archive.zip/package/module.py"])
def test_is_empty_without_a_source_file(file: str) -> None:
    plugin = Plugin(
        name="p", module="package.module", distribution="d", version="1", state=State.BROKEN
    )
    assert plugin.source_hash == ""
    assert hash_of(Path("/nowhere"), "package.module", file) == ""
