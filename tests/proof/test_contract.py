"""Every proof is one file of the public contract: it imports ganbench and torch, and loads."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from ganbench.catalogue.plugin import State

from .proofs import PROOF, catalogue_with

FILES = sorted(path.stem for path in PROOF.glob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(str(node.module))
    return names


@pytest.mark.parametrize("name", FILES)
def test_nothing_below_ganbench_is_imported(name: str) -> None:
    for module in imported(PROOF / f"{name}.py"):
        root = module.split(".")[0]
        assert module == "ganbench" or root == "torch" or root in sys.stdlib_module_names, module


def test_all_of_them_can_be_loaded_together() -> None:
    plugins = [one for one in catalogue_with(*FILES).plugins if one.is_file]
    assert len(plugins) == len(FILES)
    assert {one.state for one in plugins} == {State.LOADED}, [one.reason for one in plugins]
