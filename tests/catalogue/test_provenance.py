from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ganbench.catalogue.provenance import provenance


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed distributions with one in it, `thing` 1.0."""
    package = tmp_path / "thing_package"
    package.mkdir()
    lines = []
    for name, text in (("__init__.py", ""), ("core.py", "x = 1\n")):
        (package / name).write_text(text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"thing_package/{name},sha256={digest.decode()},{len(text)}")
    info = tmp_path / "thing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text("\n".join([*lines, "thing-1.0.dist-info/RECORD,,", ""]))
    monkeypatch.syspath_prepend(str(tmp_path))
    provenance.cache_clear()
    yield tmp_path
    provenance.cache_clear()


def origin(site: Path, about: object) -> None:
    (site / "thing-1.0.dist-info" / "direct_url.json").write_text(json.dumps(about))


def test_files_as_recorded_are_released(site: Path) -> None:
    assert provenance("thing") == "released"


def test_a_wheel_from_a_file_is_judged_by_its_files(site: Path) -> None:
    origin(site, {"url": "file:///x.whl", "archive_info": {}})
    assert provenance("thing") == "released"


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"url": "file:///x", "dir_info": {"editable": True}}, "editable install"),
        ({"url": "file:///x", "dir_info": {}}, "installed from a folder or repository"),
        ({"url": "x", "vcs_info": {"vcs": "git"}}, "installed from a folder or repository"),
    ],
)
def test_what_is_of_no_release_is_unverified(site: Path, about: object, why: str) -> None:
    origin(site, about)
    assert provenance("thing") == f"unverified: {why}"


def test_changed_lost_and_added_files_show(site: Path) -> None:
    core = site / "thing_package" / "core.py"
    core.write_text("x = 2\n")
    assert provenance("thing") == "unverified: thing_package/core.py is not as released"
    provenance.cache_clear()
    core.unlink()
    assert provenance("thing") == "unverified: thing_package/core.py is not as released"
    provenance.cache_clear()
    core.write_text("x = 1\n")
    (site / "thing_package" / "more.py").write_text("")
    assert provenance("thing") == "unverified: thing_package/more.py is in no release"


def test_what_cannot_be_judged_is_unverified(site: Path) -> None:
    (site / "thing-1.0.dist-info" / "RECORD").write_text("thing_package/core.py,,\n")
    assert provenance("thing") == "unverified: its RECORD has no hashes"
    assert provenance("") == "unverified: local code"
    assert provenance("no-such-distribution") == "unverified: not installed"
