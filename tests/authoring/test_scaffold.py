"""Packages that `ganbench new` writes."""

from __future__ import annotations

import ast
import keyword
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.api.specs import NAME_PATTERN
from ganbench.authoring import new
from ganbench.authoring.scaffold import TEMPLATES, render

Cli = Callable[..., "CompletedProcess[str]"]
LONG = "x" + "-abcdefg.h" * 6


@given(st.sampled_from(list(TEMPLATES)), st.from_regex(NAME_PATTERN, fullmatch=True), st.text())
def test_any_name_gives_modules_and_metadata_that_parse(kind: str, name: str, author: str) -> None:
    author = "".join(one for one in author if one.isprintable())
    files = render(kind, name, "some-package", author)
    for path, text in files.items():
        assert "__" not in path.replace("__init__", "")
        if path.endswith(".py"):
            ast.parse(text)
        if path.endswith(".toml"):
            tomllib.loads(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    assert project["authors"] == [{"name": author}]
    ((plugin, module),) = project["entry-points"]["ganbench.plugins"].items()
    assert plugin == name
    assert module.isidentifier()
    assert not keyword.iskeyword(module)
    assert f"src/{module}/__init__.py" in files


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("name", ["9", "class", LONG])
def test_it_is_clean_to_ruff_at_any_length(kind: str, name: str, tmp_path: Path) -> None:
    folder = new(kind, name, into=tmp_path / "it")
    for check in (["check"], ["format", "--check"]):
        done = subprocess.run(["ruff", *check, "."], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEMPLATES)
def test_it_is_clean_to_mypy_and_passes_its_own_tests(kind: str, tmp_path: Path) -> None:
    folder = new(kind, "my-own", into=tmp_path / "it")
    env = {**os.environ, "PYTHONPATH": str(folder / "src"), "MYPYPATH": str(folder / "src")}
    own = ["pytest", "-q", "tests", "--ignore=tests/test_conformance.py"]
    for command in (["mypy", "--exclude", "test_conformance"], own):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("variant", "../x", "cannot name"),
        ("variant", "Über", "cannot name"),
        ("variant", "", "cannot name"),
        ("variant", "wgan-gp", "in ganbench"),
        ("variant", "mlp", "model named 'mlp' already, in ganbench"),
        ("loss", "scores", "plugin named 'scores' already"),
        ("score", "plugins", "ganbench_plugins is installed"),
        ("varient", "x", "no template"),
    ],
)
def test_what_is_refused(kind: str, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message.replace(".", r"\.")):
        new(kind, name, into=tmp_path / "it")
    assert not (tmp_path / "it").exists()


@pytest.mark.parametrize("package", ["torch", "-x", "a/b"])
def test_packages_that_are_refused(package: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        new("loss", "my-own", package=package, into=tmp_path / "it")
    assert not (tmp_path / "it").exists()


def test_a_folder_with_something_in_it_is_left_alone(ganbench_cli: Cli, tmp_path: Path) -> None:
    first = ganbench_cli("new", "loss", "my-own")
    assert first.returncode == 0, first.stderr
    assert "ganbench-my-own/pyproject.toml" in first.stdout.splitlines()
    assert "ganbench run mlp+my-own --task ring8" in first.stderr
    again = ganbench_cli("new", "loss", "my-own")
    assert again.returncode == 2
    assert "is not empty" in again.stderr
    assert "--into" in again.stderr
