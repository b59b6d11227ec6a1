"""Build ganbench's sdist and wheel, look into them, and run the wheel in a clean environment.

Usage: python tests/package/smoke.py PYTHON

PYTHON belongs to an environment with ganbench's dependencies, so that torch is not installed once
more. This script itself needs the package `build`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def main() -> None:
    """Do all of it in a temporary folder; an AssertionError tells what is wrong."""
    parent = sys.argv[1]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        call(sys.executable, "-m", "build", "--outdir", str(folder / "dist"), str(ROOT))
        (sdist,) = (folder / "dist").glob("*.tar.gz")
        (wheel,) = (folder / "dist").glob("*.whl")
        look_into_sdist(sdist)
        look_into_wheel(wheel)
        run_wheel(wheel, parent, folder)
    print(f"{sdist.name} and {wheel.name} are sound")


def look_into_sdist(sdist: Path) -> None:
    """All that is needed to build and to test is there, and nothing that git ignores."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "tox.ini", "tests/conftest.py"}
    assert not wanted - names, f"the sdist lacks {wanted - names}"
    assert_clean(names)


def look_into_wheel(wheel: Path) -> None:
    """Both import packages with every file of theirs, typed, and the entry points; no tests."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"{PROJECT['name']}-{PROJECT['version']}.dist-info"
        entry_points = archive.read(f"{info}/entry_points.txt").decode()
    assert {name.split("/")[0] for name in names} == {"ganbench", "ganbench_plugins", info}
    assert_clean(names)
    for folder, package in ((ROOT, "ganbench"), (ROOT / "plugins", "ganbench_plugins")):
        assert f"{package}/py.typed" in names, f"{package} is not typed"
        for pattern in ("*.py", "*.toml", "*.jinja", "*.css", "*.js"):
            files = {str(path.relative_to(folder)) for path in (folder / package).rglob(pattern)}
            assert not files - names, f"the wheel lacks {files - names}"
    templates = (ROOT / "ganbench" / "authoring" / "templates").rglob("*")
    files = {str(path.relative_to(ROOT)) for path in templates if path.is_file()}
    files = {name for name in files if "__pycache__" not in name}
    assert not files - names, f"the wheel lacks {files - names}"
    assert any(name.startswith("ganbench/planning/suites/") for name in names)
    assert f"{info}/licenses/LICENSE" in names
    for name, module in PROJECT["entry-points"]["ganbench.plugins"].items():
        assert f"{name} = {module}\n" in entry_points, f"the wheel lacks the entry point {name}"
    assert "ganbench = ganbench.cli.main:main" in entry_points


def assert_clean(names: set[str]) -> None:
    """Nothing that running or testing leaves behind."""
    litter = {name for name in names if "__pycache__" in name or name.endswith(".pyc")}
    assert not litter, f"not to be shipped: {litter}"


def run_wheel(wheel: Path, parent: str, folder: Path) -> None:
    """Its command tells its version, finds every built-in plugin and trains."""
    call(parent, "-m", "venv", str(folder / "clean"))
    clean = folder / "clean" / "bin"
    (packages,) = (folder / "clean").glob("lib/python*/site-packages")
    # A bare path: the dependencies of the parent environment become visible behind the wheel, but
    # not an editable install of ganbench, which would need that environment's own .pth files.
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (packages / "dependencies.pth").write_text(call(parent, "-c", script))
    pip = (str(clean / "pip"), "install", "--no-index", "--no-deps", "--ignore-installed")
    call(*pip, str(wheel))

    ganbench = str(clean / "ganbench")
    version = call(ganbench, "--version", cwd=folder)
    assert version == f"ganbench, version {PROJECT['version']}\n", version
    plugins = json.loads(call(ganbench, "plugins", "--json", cwd=folder))
    assert len(plugins) >= len(PROJECT["entry-points"]["ganbench.plugins"])
    for plugin in (one for one in plugins if one["distribution"] == PROJECT["name"]):
        assert plugin["state"] == "loaded", plugin
        assert Path(plugin["file"]).is_relative_to(packages), plugin
    kinds = {row["kind"] for row in json.loads(call(ganbench, "list", "--json", cwd=folder))}
    wanted = {
        *("variant", "model", "loss", "technique", "dataset", "score", "extractor", "executor"),
        "suite",
    }
    assert kinds == wanted, kinds
    selection = ("vanilla", "--task", "ring8", "--seeds", "0", "--budget", "5steps")
    call(ganbench, "run", *selection, cwd=folder)
    assert len(list(folder.glob("runs/*/record.json"))) == 1
    call(ganbench, "report", cwd=folder)
    assert "</html>" in (folder / "report.html").read_text("utf-8")


def call(*command: str, cwd: Path = ROOT) -> str:
    """What a command prints on stdout.

    Raises:
        SystemExit: it fails; what it printed is shown.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=3600, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
