"""The example plugin is built, installed with pip into a clean environment, and runs there."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import ganbench
from ganbench.results.frame import collect
from ganbench.results.store import RunStore

pytestmark = pytest.mark.whole

EXAMPLE = Path(__file__).parent / "data" / "ganbench-example"


class CleanEnvironment:
    """A new virtual environment that also sees the packages of this one, torch above all.

    A `.pth` file adds this environment's folder of packages behind its own, so that pip installs
    into the new environment, where the example's one dependency is there already.
    """

    def __init__(self, folder: Path) -> None:
        venv.create(folder, with_pip=True, symlinks=True)
        self.python = folder / "bin" / "python"
        (packages,) = folder.glob("lib/python*/site-packages")
        here = sysconfig.get_path("purelib")
        (packages / "parent.pth").write_text(f"import site; site.addsitedir({here!r})\n")
        self.packages = packages
        self.work = folder / "work"
        self.work.mkdir()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run its Python in an empty folder, without network for pip and without our settings."""
        env = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        env |= {"NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
        env |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=self.work,
            env={**env, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            capture_output=True,
            text=True,
            check=False,
        )


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> CleanEnvironment:
    """A clean environment with the example's wheel, built from its sources, installed by pip."""
    environment = CleanEnvironment(tmp_path_factory.mktemp("clean"))
    sources = environment.work / "sources"
    shutil.copytree(EXAMPLE, sources, ignore=shutil.ignore_patterns("__pycache__"))
    build = ("-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", "dist", str(sources))
    succeed(environment.call(*build))
    shutil.rmtree(sources)
    (wheel,) = (environment.work / "dist").iterdir()
    succeed(environment.call("-m", "pip", "install", "--no-deps", str(wheel)))
    return environment


def test_its_wheel_holds_one_package_and_the_entry_point(clean: CleanEnvironment) -> None:
    (wheel,) = (clean.work / "dist").iterdir()
    assert wheel.name == "ganbench_example-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        (entry_points,) = (name for name in names if name.endswith("/entry_points.txt"))
        about = email.message_from_bytes(archive.read(metadata))
        points = archive.read(entry_points).decode().split()
    assert about.get_all("Requires-Dist") == ["ganbench"]
    assert points == ["[ganbench.plugins]", "lsgan-example", "=", "ganbench_example"]
    assert {name.split("/")[0] for name in names} == {
        "ganbench_example",
        "ganbench_example-1.0.0.dist-info",
    }


def test_it_is_installed_there_and_nowhere_else(clean: CleanEnvironment) -> None:
    script = "import ganbench_example as e, ganbench as g; print(e.__file__); print(g.__file__)"
    example, harness = succeed(clean.call("-c", script)).split()
    assert Path(example) == clean.packages / "ganbench_example" / "__init__.py"
    assert Path(harness).samefile(ganbench.__file__)
    here = subprocess.run([sys.executable, "-c", "import ganbench_example"], capture_output=True)
    assert here.returncode == 1


def test_it_is_loaded_beside_the_built_ins(clean: CleanEnvironment) -> None:
    plugins = json.loads(succeed(clean.call("-m", "ganbench", "plugins", "--json")))
    assert {plugin["state"] for plugin in plugins} == {"loaded"}
    (mine,) = (plugin for plugin in plugins if plugin["distribution"] == "ganbench-example")
    assert (mine["name"], mine["version"]) == ("lsgan-example", "1.0.0")
    pins = succeed(clean.call("-m", "ganbench", "plugins", "--requirements")).split()
    assert "ganbench-example==1.0.0" in pins


def test_it_describes_itself(clean: CleanEnvironment) -> None:
    told = succeed(clean.call("-m", "ganbench", "info", "lsgan-example"))
    assert "arXiv:1611.04076" in told
    assert "ganbench-example 1.0.0" in told
    assert "loss: least-squares-example" in told


def test_it_runs_and_its_rows_bear_its_pin(clean: CleanEnvironment) -> None:
    variants = ("lsgan-example", "lsgan-example[lr=1e-3]", "mlp+least-squares-example")
    selection = ("--task", "ring8", "--seeds", "0", "--budget", "20steps", "--runs", "runs")
    succeed(clean.call("-m", "ganbench", "run", *variants, *selection))

    contents = RunStore(clean.work / "runs").read_all()
    assert contents.warnings == []
    records = {record["spec"]["variant"]: record for record in contents.records}
    assert set(records) == {
        "lsgan-example",
        "lsgan-example[lr=0.001]",
        "mlp+least-squares-example",
    }
    for record in records.values():
        assert record["status"] == "ok"
        assert record["used"]["steps"] == 20
        assert record["points"][-1]["scores"]
        pins = {(pin["kind"], pin["name"]): pin for pin in record["spec"]["pins"]}
        pin = pins["loss", "least-squares-example"]
        assert (pin["distribution"], pin["version"]) == ("ganbench-example", "1.0.0")
        assert pin["source_hash"].startswith("sha256:")
        assert pins["model", "mlp"]["distribution"] == "ganbench"

    rows = collect(contents.records).frame.set_index("variant")
    row = rows.loc["lsgan-example"]
    pin = {pin["kind"]: pin for pin in records["lsgan-example"]["spec"]["pins"]}["variant"]
    assert (row["distribution"], row["version"]) == ("ganbench-example", "1.0.0")
    assert row["source_hash"] == pin["source_hash"]
