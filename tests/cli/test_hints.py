"""What errors and talk tell people to type can be typed."""

from __future__ import annotations

import ast
import contextlib
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

import ganbench
import ganbench_plugins
from ganbench.cli.main import HIDDEN, VERBS, cli

Cli = Callable[..., "CompletedProcess[str]"]

SOURCES = [
    path
    for package in (ganbench, ganbench_plugins)
    for path in sorted(Path(str(package.__file__)).parent.rglob("*.py"))
    if "templates" not in path.parts
]

COMMAND = re.compile(r"`(ganbench [^`]+)`")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")

FOREIGN = {"--no-deps", "--dirty", "--abbrev", "--always", "--heads", "--porcelain", "--quiet"}
FOREIGN |= {"--account", "--qos", "--head"}
"""Options of pip, git, sbatch and ray."""
FOREIGN_FILES = {"slurm.py", "slurm_commands.py"}
"""What talks to sbatch, squeue and scancel."""


def texts(path: Path) -> Iterator[str]:
    """All text in a file but for docstrings; what is filled in stands as ``x``."""
    tree = ast.parse(path.read_text("utf-8"))
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in ast.walk(node)
        if part is not node
    }
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside | bare:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def parse(command: str) -> None:
    """Read a command as click does, and do nothing."""
    words = [word for word in shlex.split(command)[1:] if word != "..."]
    with cli.make_context("ganbench", words) as context:
        name, verb, rest = cli.resolve_command(context, [*context._protected_args, *context.args])
        assert verb is not None
        verb.make_context(name, rest, parent=context)


TYPED = sorted(
    {
        (path.name, command)
        for path in SOURCES
        if "`ganbench " in path.read_text("utf-8")  # to collect tests is to wait for this
        for text in texts(path)
        for command in COMMAND.findall(text)
    }
)


def test_there_are_commands_to_try() -> None:
    assert len(TYPED) > 15


@pytest.mark.parametrize(("file", "command"), TYPED)
def test_a_command_in_a_text_can_be_typed(
    file: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_gan.py").touch()
    (tmp_path / "x").mkdir()
    asks_for_help = command.endswith("--help")
    with pytest.raises(click.exceptions.Exit) if asks_for_help else contextlib.nullcontext():
        parse(command.replace("{run}", "ganbench run"))


def test_an_option_in_a_text_is_one_that_a_verb_has() -> None:
    with click.Context(cli) as context:
        verbs = [cli.get_command(context, name) for name in (*VERBS, *HIDDEN)]
    known = {opt for verb in (cli, *verbs) if verb for one in verb.params for opt in one.opts}
    told = {
        (path.name, option)
        for path in SOURCES
        if path.name not in FOREIGN_FILES
        for text in texts(path)
        for option in OPTION.findall(text)
    }
    assert {one for one in told if one[1] not in known | FOREIGN | {"--help"}} == set()


SUITE = """
name = "mine"
description = "Two variants, two steps."
seeds = "0-1"
variants = ["mlp+hinge", "vanilla[lr_scale=0.5]"]

[[tasks]]
name = "points"
dataset = "ring8"
budget = "2steps"
evaluations = 1
fakes = 50
scores = ["sliced-w2"]
"""


def typed(done: CompletedProcess[str]) -> list[list[str]]:
    """The arguments of the commands that a command tells of."""
    return [shlex.split(command)[1:] for command in COMMAND.findall(done.stderr)]


@pytest.mark.whole
def test_who_types_what_publish_says_can_publish(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "my suite.toml").write_text(SUITE)
    places = ("--suite", "my suite.toml", "--runs", "my runs")
    publish = ("publish", *places, "--out", "my results")

    assert ganbench_cli("run", "--all", *places, "--budget", "1steps").returncode == 0
    refused = ganbench_cli(*publish)
    assert refused.returncode == 5
    assert "4 runs on points with budget 1steps, not 2steps" in refused.stderr
    ((*makes_them,),) = typed(refused)
    assert ganbench_cli(*makes_them, "--seeds", "0").returncode == 0

    refused = ganbench_cli(*publish)
    assert refused.returncode == 4
    assert "1 of 2 seeds" in refused.stderr
    assert "--retry-failed" not in refused.stderr
    runs_them, without_rank = typed(refused)
    assert ganbench_cli(*without_rank).returncode == 0
    assert ganbench_cli(*runs_them).returncode == 0
    done = ganbench_cli(*publish)
    assert done.returncode == 0, done.stderr
    assert "4 runs published" in done.stderr


def test_who_is_told_to_list_runs_can_type_it_as_it_stands(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(SUITE)
    places = ("--suite", "mine.toml", "--runs", "my runs")
    assert ganbench_cli("run", "--all", *places, "--seeds", "0").returncode == 0
    refused = ganbench_cli("show", "nothing-like-it", "--runs", "my runs")
    ((*status,),) = typed(refused)
    assert ganbench_cli(*status).stdout.count(" ok ") == 2
    nothing = ganbench_cli("plan", "--suite", "lr-sensitivity")
    plan = next(words for words in typed(nothing) if words[0] == "run")
    assert ganbench_cli("plan", *plan[1:]).returncode == 0
