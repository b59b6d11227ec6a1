"""Packages that `ganbench new` writes."""

from __future__ import annotations

import ast
import keyword
import subprocess
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.data import MODALITY_NAMES, ModalityName
from ganbench.api.errors import UsageError
from ganbench.api.specs import NAME_PATTERN
from ganbench.authoring import new
from ganbench.authoring.scaffold import TEMPLATES, render

from ..docs.tutorial import Block, Reader, blocks

Cli = Callable[..., "CompletedProcess[str]"]
OFFERED = [
    (kind, modalities)
    for kind, template in TEMPLATES.items()
    for modalities in {template.usual, *((one,) for one in template.modalities)}
]
LONG = "x" + "-abcdefg.h" * 6


@given(st.sampled_from(OFFERED), st.from_regex(NAME_PATTERN, fullmatch=True), st.text())
def test_any_name_gives_modules_and_metadata_that_parse(
    offered: tuple[str, tuple[ModalityName, ...]], name: str, author: str
) -> None:
    author = "".join(one for one in author if one.isprintable())
    kind, modalities = offered
    files = render(kind, name, "some-package", author, modalities)
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
    assert project["license"] == "MIT"
    assert project["license-files"] == ["LICENSE"]
    assert f"{date.today().year} {author}" in files["LICENSE"]


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("name", ["9", "class", LONG])
def test_it_is_clean_to_ruff_at_any_length(kind: str, name: str, tmp_path: Path) -> None:
    new(kind, name, into=tmp_path / "usual")
    for modality in TEMPLATES[kind].modalities:
        new(kind, name, modality=modality, into=tmp_path / modality)
    for check in (["check"], ["format", "--check"]):
        done = subprocess.run(["ruff", *check, "."], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_row_to_publish_is_of_what_was_written(kind: str, tmp_path: Path) -> None:
    """`--all` alone is what the suite names, and no suite of ganbench's names it."""
    readme = new(kind, "my-own", into=tmp_path / "it") / "README.md"
    row, *_ = blocks(readme)[1].text.splitlines()
    assert "my-own" in row or row.endswith("--all --suite suite.toml")


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEMPLATES)
def test_its_readme_and_its_ci_do_what_they_say(kind: str, tmp_path: Path) -> None:
    """Installed by pip into an environment of its own, tested, typed, run and planned there."""
    with Reader(tmp_path) as reader:
        reader.folder = new(kind, "my-own", into=tmp_path / "it")
        readme = reader.folder / "README.md"
        try_out, publish = blocks(readme)
        reader.do(try_out, "to try it out")
        assert "5 runs (5 new)" in reader.printed
        assert "5/5" in reader.printed  # none failed

        row, *_ = publish.text.splitlines()  # minutes of training: here it is planned
        plan = row.replace("ganbench run", "ganbench plan")
        steps = yaml.safe_load((reader.folder / ".github/workflows/ci.yml").read_text())
        *own, short = [step["run"] for step in steps["jobs"]["test"]["steps"] if "run" in step]
        for script in (plan, *own, short):
            reader.do(Block("bash", {}, script, 0), script)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "modality"),
    [*(("model", one) for one in MODALITY_NAMES[1:]), ("score", "audio"), ("dataset", "pair")],
)
def test_its_ci_passes_on_its_own_kind_of_data(kind: str, modality: str, tmp_path: Path) -> None:
    """From a folder to the numbers of a short run, as its CI does; longer runs are planned."""
    if modality == "audio":
        pytest.importorskip("espeakng_loader", reason="the task's sounds are made by it")
    with Reader(tmp_path) as reader:
        reader.folder = new(kind, "my-own", modality=modality, into=tmp_path / "it")
        try_out, publish = blocks(reader.folder / "README.md")
        steps = yaml.safe_load((reader.folder / ".github/workflows/ci.yml").read_text())
        *own, short = [step["run"] for step in steps["jobs"]["test"]["steps"] if "run" in step]
        long = (try_out.text.splitlines()[-1], publish.text.splitlines()[0])
        planned = [one.replace("ganbench run", "ganbench plan") for one in long]
        for script in (*own, *planned, short):
            reader.do(Block("bash", {}, script, 0), script)
        assert "1 run (1 new)" in reader.printed
        assert "0 failed" in reader.printed


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("variant", "../x", "cannot name"),
        ("variant", "Über", "cannot name"),
        ("variant", "", "cannot name"),
        ("variant", "wgan-gp", "in ganbench"),
        ("variant", "mlp", "model named 'mlp' already, in ganbench"),
        ("loss", "scores", "plugin named 'scores' already"),
        ("loss", "sn", "technique named 'sn' already"),
        ("technique", "minimax", "loss named 'minimax' already"),
        ("score", "plugins", "ganbench_plugins is installed"),
        ("varient", "x", "no template"),
    ],
)
def test_what_is_refused(kind: str, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message.replace(".", r"\.")):
        new(kind, name, into=tmp_path / "it")
    assert not (tmp_path / "it").exists()


@pytest.mark.parametrize(
    ("kind", "modality", "hint"),
    [
        ("model", "tables", "did you mean tabular?"),
        ("dataset", "smells", "known: audio, image, pair, points, tabular, text"),
        ("variant", "text", "there is one of loss or model or technique"),
    ],
)
def test_data_that_there_is_no_template_for(
    kind: str, modality: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=f"no template of a {kind} for '{modality}'") as caught:
        new(kind, "my-own", modality=modality, into=tmp_path / "it")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith(hint)
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
