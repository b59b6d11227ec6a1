"""What passes its checks runs: from a local file as from a package."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench.api.hooks import ENTRY_POINT_GROUP
from ganbench.authoring.conformance.runner import Inspection
from ganbench.authoring.conformance.table import checks_of
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin_files import PluginFile
from ganbench.results.store import RunStore

Cli = Callable[..., "CompletedProcess[str]"]
FILE = Path(__file__).parents[1] / "data" / "every_kind.py"

SUITE = """
name = "every"

[[tasks]]
name = "every"
dataset = "every-data"
budget = "6steps"
evaluations = 2
fakes = 64
scores = ["every-score", "sliced-w2"]
"""

PLUGINS = (
    ("extractor", "every-extractor"),
    ("dataset", "every-data"),
    ("score", "every-score"),
    ("technique", "every-technique"),
    ("variant", "every-variant"),
    ("model", "every-model"),
    ("loss", "every-loss"),
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a distribution with an entry point, which holds the same file."""
    folder = tmp_path_factory.mktemp("site")
    info = folder / "every_kind-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: every-kind\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ganbench.plugins]\nevery = every_kind\n")
    (folder / "every_kind.py").write_text(FILE.read_text())
    return folder


@pytest.mark.parametrize("way", ["file", "package"])
def test_all_kinds_run(ganbench_cli: Cli, tmp_path: Path, way: str, package: Path) -> None:
    (tmp_path / "suite.toml").write_text(SUITE)
    texts = ("every-variant", "mlp+every-loss+every-technique", "every-model+hinge")
    options = ("--suite", "suite.toml", "--seeds", "0", "--jobs", "1")
    plugins: Sequence[Path] = [package] if way == "package" else []
    files = ["-P", str(FILE)] if way == "file" else []
    done = ganbench_cli("run", *texts, *options, *files, plugins=plugins)
    assert done.returncode == 0, done.stderr
    records = RunStore(tmp_path / "runs").read_all().records
    assert [record["status"] for record in records] == ["ok"] * 3
    for record in records:
        assert any(key.startswith("every-mean/") for key in record["points"][-1]["scores"])


def _failed(catalogue: Catalogue, kind: str, name: str) -> list[str]:
    inspection = Inspection(name, kind, catalogue, "cpu")
    results = [inspection.result(one.id) for one in checks_of(kind)]
    return [f"{one.id}: {one.reason}" for one in results if one.status == "failed"]


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_all_kinds_pass_from_a_file(kind: str, name: str) -> None:
    files = [PluginFile.read(FILE)]
    catalogue = Catalogue(entry_points(group=ENTRY_POINT_GROUP), files=files)
    assert not _failed(catalogue, kind, name)


@pytest.mark.parametrize(("kind", "name"), PLUGINS[:4])
def test_all_kinds_pass_from_a_package(
    kind: str, name: str, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(package))
    try:
        assert not _failed(Catalogue(entry_points(group=ENTRY_POINT_GROUP)), kind, name)
    finally:
        sys.modules.pop("every_kind", None)
