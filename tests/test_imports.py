"""Who may import whom, and that only what computes imports torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import ganbench
from ganbench.cli.main import VERBS

ROOT = Path(ganbench.__file__).parent

LAYERS = {
    "api": 0,
    "console": 1,
    "storage": 1,
    "machine": 1,
    "statistics": 1,
    "catalogue": 1,
    "modalities": 1,
    "planning": 2,
    "training": 3,
    "scoring": 3,
    "results": 4,
    "running": 5,
    "tables": 5,
    "publishing": 6,
    "execution": 7,
    "verification": 8,
    "authoring": 8,
    "reporting": 8,
    "functions": 9,
    "cli": 10,
}
"""A package may import its own layer and those below it."""

TORCH_FREE = (
    "api", "statistics", "catalogue", "planning", "results", "tables", "publishing", "reporting",
)  # fmt: skip


def imports(file: Path) -> Iterator[str]:
    """Modules that a file imports anywhere, other than for annotations."""
    tree = ast.parse(file.read_text())
    for guard in ast.walk(tree):
        if isinstance(guard, ast.If) and ast.unparse(guard.test) == "TYPE_CHECKING":
            guard.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            yield node.module or ""


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py")) or [ROOT / f"{package}.py"]


def test_every_package_has_a_layer() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    single = {path.stem for path in ROOT.glob("[!_]*.py")}
    assert packages | single == set(LAYERS)


@pytest.mark.parametrize("package", LAYERS)
def test_imports_point_one_way(package: str) -> None:
    for file in modules(package):
        for name in imports(file):
            root, _, rest = name.partition(".")
            assert root != "ganbench_plugins", f"{file}: plugins are found by entry point"
            if root == "ganbench" and rest:
                target = rest.split(".")[0]
                assert LAYERS[target] <= LAYERS[package], f"{file} imports {name}"


@pytest.mark.parametrize("package", TORCH_FREE)
def test_torch_free_packages_import_no_torch(package: str) -> None:
    for file in modules(package):
        assert not [name for name in imports(file) if name.split(".")[0].startswith("torch")], file


def python(script: str) -> list[str]:
    """The lines that a script prints in a process of its own, which must not import torch."""
    check = "\nimport sys; assert 'torch' not in sys.modules, 'torch was imported'"
    done = subprocess.run(
        [sys.executable, "-c", script + check], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_importing_ganbench_imports_neither_torch_nor_pandas() -> None:
    heavy = "{'torch', 'pandas', 'numpy', 'scipy', 'sklearn', 'matplotlib', 'PIL'}"
    assert python(f"import ganbench, sys; print({heavy} & {{*sys.modules}})") == ["set()"]


def test_plugins_may_import_their_checks_without_torch_or_pytest() -> None:
    heavy = "{'torch', 'pytest', 'numpy'}"
    script = f"from ganbench.authoring import parametrize_checks; print({heavy} & {{*sys.modules}})"
    assert python(f"import sys; {script}") == ["set()"]


def test_torch_free_packages_can_be_imported_without_torch() -> None:
    names = [
        ".".join(("ganbench", *file.relative_to(ROOT).with_suffix("").parts))
        for package in TORCH_FREE
        for file in modules(package)
    ]
    assert len(names) > 20
    python(f"import importlib\nfor name in {names}: importlib.import_module(name)")


@pytest.mark.parametrize(
    "arguments",
    [
        *(["--help"], ["--version"], ["list"], ["list", "variants"], ["plugins"]),
        *(["info", "wgan-gp"], ["info", "starter"], ["plan", "--all"]),
        ["plan", "dcgan+wgan-gp[loss.penalty=1]", "--json"],
        ["check", "--list"],
    ],
    ids=" ".join,
)
def test_verbs_that_only_tell_need_no_torch(arguments: list[str]) -> None:
    lines = python(
        "from ganbench.cli.main import cli\n"
        f"assert not cli.main({arguments!r}, prog_name='ganbench', standalone_mode=False)"
    )
    assert lines


def test_help_of_every_verb_needs_no_torch() -> None:
    lines = python(
        "from ganbench.cli.main import cli\n"
        f"for verb in {list(VERBS)}:\n"
        "    cli.main([verb, '--help'], prog_name='ganbench', standalone_mode=False)"
    )
    usages = [line.split()[2] for line in lines if line.startswith("Usage: ganbench ")]
    assert usages == list(VERBS)


def test_every_entry_point_names_a_module_of_the_built_in_plugins() -> None:
    from importlib.metadata import distribution

    for entry_point in distribution("ganbench").entry_points.select(group="ganbench.plugins"):
        assert entry_point.value.startswith("ganbench_plugins.")
        assert find_spec(entry_point.value) is not None
