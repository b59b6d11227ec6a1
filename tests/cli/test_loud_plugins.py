"""Whatever plugins print, at whatever moment and by whatever means, stdout is for data alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench.cli.main import VERBS, cli
from tests.steering import python_path

pytestmark = pytest.mark.whole

Cli = Callable[..., "CompletedProcess[str]"]

SHOUT = "SHOUT"

LOUD = f"""
import atexit, os
from ganbench import Data, DataInfo, DatasetSpec, hookimpl

INFO = DataInfo(name="loud", modality="points", shape=(2,))


def shout():
    print("{SHOUT}")
    os.write(1, b"{SHOUT}\\n")  # as a C library does
    os.system("echo {SHOUT}")


def describe():
    shout()
    return INFO


def load():
    import torch

    shout()
    points = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    return Data(info=INFO, train=points[:100], heldout=points[100:])


@hookimpl
def ganbench_datasets():
    shout()
    return [DatasetSpec(
        name="loud", description="Loud.", modalities=("points",), describe=describe, load=load
    )]


@hookimpl
def ganbench_run_finished(record):
    shout()


shout()
atexit.register(shout)
"""

SUITE = """
name = "loud"
description = "A loud data set, two steps."
seeds = "0-1"
variants = ["vanilla", "mlp+hinge"]

[[tasks]]
name = "loud"
dataset = "loud"
budget = "2steps"
evaluations = 1
fakes = 50
scores = ["sliced-w2"]
"""

SELECTION = ["vanilla", "mlp+hinge", "--suite", "loud.toml"]

SPOKEN = {
    "run": SELECTION,
    "plan": SELECTION,
    "list": [],
    "info": ["loud"],
    "plugins": [],
    "status": [],
    "show": ["vanilla-loud-s0"],
    "table": [],
    "compare": ["vanilla", "mlp+hinge"],
    "validate": ["results"],
    "verify": ["vanilla-loud-s0"],
    "score": ["vanilla-loud-s0"],
    "check": ["loud"],
    "clean": [],
    "doctor": [],
    "prepare": SELECTION,
    "bench": ["mlp+hinge", "--suite", "loud.toml", "--rounds", "1"],
}
"""What each verb that can tell in JSON is told."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants with two seeds each on a loud data set, published; the plugin is installed."""
    folder = tmp_path_factory.mktemp("loud")
    info = folder / "installed" / "loud-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: loud\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ganbench.plugins]\nloud = loud\n")
    (folder / "installed" / "loud.py").write_text(LOUD)
    (folder / "loud.toml").write_text(SUITE)
    assert call(folder, "run", *SELECTION, "--jobs", "1").returncode == 0
    assert call(folder, "publish", "--suite", "loud.toml", "--unranked").returncode == 0
    return folder


def call(folder: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    env = {**os.environ, "NO_COLOR": "1", **python_path(folder / "installed"), **environment}
    return subprocess.run(
        [sys.executable, "-m", "ganbench", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_verb_with_json_is_told_here() -> None:
    commands = {verb: cli.commands.get(verb) or cli.get_command(None, verb) for verb in VERBS}  # type: ignore[arg-type]
    speaks = {
        verb
        for verb, command in commands.items()
        if command and any("--json" in one.opts for one in command.params)
    }
    assert speaks == {*SPOKEN, "cancel"}  # which has nothing to say where nothing is under way


@pytest.mark.parametrize("verb", SPOKEN)
def test_json_is_json_whatever_plugins_print(here: Path, verb: str) -> None:
    done = call(here, verb, *SPOKEN[verb], "--json")
    assert json.loads(done.stdout), done.stderr
    loads = verb not in ("status", "show", "table", "compare", "validate", "clean")
    assert (SHOUT in done.stderr) == loads


def test_what_is_no_json_is_kept_clean_as_well(here: Path) -> None:
    done = call(here, "new", "loss", "my-loss")
    assert SHOUT in done.stderr
    assert all(Path(here, line).is_file() for line in done.stdout.splitlines())
    assert done.stdout
    assert SHOUT not in call(here, "plan", *SELECTION).stdout


def test_completions_offer_names_and_say_nothing(here: Path) -> None:
    script = {"_GANBENCH_COMPLETE": "bash_complete", "COMP_WORDS": "ganbench info lou"}
    done = call(here, **script, COMP_CWORD="2")
    assert done.stdout == "plain,loud\nplain,loudness\n"


def test_help_and_version_still_go_to_stdout(here: Path) -> None:
    for arguments in (["--help"], ["list", "--help"], ["--version"]):
        done = call(here, *arguments)
        assert done.stdout
        assert done.stderr == ""


def test_a_reader_that_has_gone_is_no_error(here: Path) -> None:
    command = f"{sys.executable} -m ganbench list --no-plugin loud | true; echo ${{PIPESTATUS[0]}}"
    env = {**os.environ, **python_path(here / "installed")}
    done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"0\n", b"")


def test_whoever_reads_the_exit_code_is_that_of_what_was_found(here: Path) -> None:
    (here / "board").mkdir()
    (here / "board" / "datapackage.json").write_text("{}")
    command = f"{sys.executable} -m ganbench validate board | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=here, capture_output=True, check=False)
    assert done.stdout == b"4\n"
