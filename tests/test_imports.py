"""Who may import whom, and that only what computes imports torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

import ganbench
import ganbench_plugins
from ganbench.cli.main import VERBS

LAYERS = {
    "api": 0,
    "console": 1,
    "machine": 1,
    "statistics": 1,
    "modalities": 1,
    "storage": 1,
    "wording": 1,
    "catalogue": 2,
    "cache": 2,
    "planning": 3,
    "results": 4,
    "scoring": 5,
    "training": 5,
    "running": 6,
    "execution": 7,
    "tables": 5,
    "publishing": 6,
    "reporting": 7,
    "authoring": 8,
    "inference": 8,
    "speed": 8,
    "verification": 8,
    "functions": 9,
    "cli": 10,
    "__main__": 11,
}
"""A room may import those of lower layers, and none of its own layer but itself."""

TOWERS = ({"scoring", "training", "running", "execution"}, {"tables", "publishing", "reporting"})
"""What runs, and what is told of it: neither knows the other."""

TORCH_FREE = (
    "api",
    "cache",
    "catalogue",
    "console",
    "planning",
    "publishing",
    "reporting",
    "results",
    "statistics",
    "tables",
    "wording",
)


def sources() -> dict[str, Path]:
    """Module -> file, of ganbench and of the built-in plugins; templates are neither."""
    found = {}
    for package in (ganbench, ganbench_plugins):
        root = Path(package.__file__ or "").parent
        for file in sorted(root.rglob("*.py")):
            parts = (root.name, *file.relative_to(root).with_suffix("").parts)
            if "templates" not in parts:
                found[".".join(parts).removesuffix(".__init__")] = file
    return found


SOURCES = sources()


@cache
def imports(module: str) -> frozenset[str]:
    """Modules that a module imports anywhere, other than for annotations."""
    tree = ast.parse(SOURCES[module].read_text())
    for guard in ast.walk(tree):
        if isinstance(guard, ast.If) and ast.unparse(guard.test) == "TYPE_CHECKING":
            guard.body = []
    return frozenset(_imported(tree, module))


def _imported(tree: ast.AST, module: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in SOURCES else node.module or ""


def room(module: str) -> str:
    """The package or single module below `ganbench`; empty for its door and for others."""
    root, _, rest = module.partition(".")
    return rest.partition(".")[0] if root == "ganbench" else ""


def modules(name: str) -> list[str]:
    return [module for module in SOURCES if room(module) == name]


def test_every_room_has_a_layer() -> None:
    assert {room(module) for module in SOURCES} - {""} == set(LAYERS)


@pytest.mark.parametrize("name", LAYERS)
def test_imports_point_down(name: str) -> None:
    for module in modules(name):
        for imported in imports(module):
            assert imported != "ganbench", f"{module} imports the door, which is above all"
            assert not imported.startswith("ganbench_plugins"), f"{module}: entry points find them"
            other = room(imported)
            below = other in ("", name) or LAYERS[other] < LAYERS[name]
            assert below, f"{module} imports {imported}"


@pytest.mark.parametrize(("own", "other"), [TOWERS, TOWERS[::-1]], ids=["running", "telling"])
def test_what_runs_and_what_is_told_do_not_know_each_other(own: set[str], other: set[str]) -> None:
    for module in (module for name in own for module in modules(name)):
        known = {imported for imported in imports(module) if room(imported) in other}
        assert not known, module


def test_there_is_no_circle_of_imports() -> None:
    """Imports within functions count: a circle that happens to load is a circle to its reader."""
    graph = {module: imports(module) & set(SOURCES) - {module} for module in SOURCES}
    while free := {module for module, names in graph.items() if not names}:
        graph = {module: names - free for module, names in graph.items() if module not in free}
    assert not graph, f"in a circle, or above one: {sorted(graph)}"


@pytest.mark.parametrize("module", [name for name in SOURCES if name.startswith("ganbench_")])
def test_built_in_plugins_import_ganbench_alone(module: str) -> None:
    """Whatever ours can do, another's can do too. Imports for annotations count as well."""
    tree = ast.parse(SOURCES[module].read_text())
    below = {name for name in _imported(tree, module) if name.startswith("ganbench.")}
    public = {f"ganbench.{name}" for name in ganbench.__all__}
    assert below <= public


@pytest.mark.parametrize("name", TORCH_FREE)
def test_torch_free_rooms_import_no_torch(name: str) -> None:
    for module in modules(name):
        assert not [one for one in imports(module) if one.split(".")[0].startswith("torch")], module


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


def test_torch_free_rooms_can_be_imported_without_torch() -> None:
    names = [module for name in TORCH_FREE for module in modules(name)]
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


def test_the_door_shows_its_functions_and_makes_them_when_asked() -> None:
    assert set(ganbench.__all__) <= set(dir(ganbench))
    from ganbench import functions

    assert set(functions.__all__) <= set(ganbench.__all__)
    for name in functions.__all__:
        assert getattr(ganbench, name) is getattr(functions, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ganbench.nothing  # noqa: B018
