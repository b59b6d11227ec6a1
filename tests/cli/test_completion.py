"""The shell offers names, at once, and never an error."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.shell_completion import ShellComplete

from ganbench.cli.main import VERBS, cli
from ganbench.cli.verbs.completion import SHELLS
from ganbench.planning.suite import embedded_suites

Cli = Callable[..., "CompletedProcess[str]"]

PLUGIN = """
from ganbench import LossSpec, Optimiser, Training, hookimpl

SGD = Optimiser(name="sgd", lr=1.0)

@hookimpl
def ganbench_losses():
    training = Training(generator=SGD, discriminator=SGD)
    return [LossSpec(name="my-loss", description="Mine.", build="x:y", training=training)]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.py").write_text(PLUGIN)
    for name in ("vanilla-ring8-s0-0123456789", "dcgan-ring8-s0-0123456789"):
        (tmp_path / "elsewhere" / name).mkdir(parents=True)
        (tmp_path / "elsewhere" / name / "spec.json").touch()
    return tmp_path


def offered(*words: str) -> list[str]:
    """What is offered for the last of these words; files are marked as such."""
    shell = ShellComplete(cli, {}, "ganbench", "_GANBENCH_COMPLETE")
    items = shell.get_completions(list(words[:-1]), words[-1])
    return [one.value if one.type == "plain" else f"<{one.type}>" for one in items]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ([""], ["run", "plan", "config"]),
        (["co"], ["compare", "config", "completion"]),
        (["config", ""], ["show", "path"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["run", ""], ["vanilla", "dcgan", "wgan-gp"]),
        (["run", "vanilla", "mlp"], ["mlp+"]),
        (["run", "mlp+w"], ["mlp+wgan-gp"]),
        (["run", "mlp+"], ["mlp+*", "mlp+minimax"]),
        (["run", "wgan-gp[l"], ["wgan-gp[lr=", "wgan-gp[lr_scale="]),
        (["run", "wgan-gp[lr=1,p"], ["wgan-gp[lr=1,penalty="]),
        (["run", "mlp+minimax[model.w"], ["mlp+minimax[model.width="]),
        (["run", "mlp+hinge+"], ["mlp+hinge+r1", "mlp+hinge+pac"]),
        (["run", "mlp+*+r"], ["mlp+*+r1"]),
        (["run", "vanilla+"], ["vanilla+r1", "vanilla+ema"]),
        (["run", "dcgan+"], ["dcgan+hinge", "dcgan+*", "dcgan+sn"]),
        (["run", "dcgan+hinge+r1:10+p"], ["dcgan+hinge+r1:10+pac", "dcgan+hinge+r1:10+policy"]),
        (["run", "mlp+hinge+r1[r1.g"], ["mlp+hinge+r1[r1.gamma="]),
        (["run", "vanilla[objective="], ["vanilla[objective=minimax"]),
        (
            ["run", "mlp+hinge[model.leak=1,model.generator_norm=b"],
            ["mlp+hinge[model.leak=1,model.generator_norm=batch"],
        ),
        (["info", "mlp+hinge+r"], ["mlp+hinge+r1"]),
        (["info", "wgan-gp[l"], ["wgan-gp[lr="]),
        (["info", "n"], ["needs", "non-saturating"]),
        (["list", "t"], ["techniques"]),
        (["plan", "--device", ""], ["auto", "cpu", "cuda"]),
        (["plan", "--suite", ""], [*embedded_suites(), "<file>"]),
        (["plan", "--task", ""], ["ring8", "grid25", "digits"]),
        (["plan", "--suite", "stacked", "--task", ""], ["stacked-digits"]),
        (["publish", "--suite", "p"], ["points"]),
        (["info", "ring"], ["ring8"]),
        (["info", "starter"], ["starter"]),
        (["list", "d"], ["datasets"]),
        (["show", "--runs", "elsewhere", "d"], ["dcgan-ring8-s0-0123456789"]),
        (["--no-plugin", "w"], ["wgan-gp"]),
        (["list", "--no-plugin", "gan"], ["ganbench"]),
        (["list", "-P", ""], ["<file>"]),
        (["run", "-P", "my.py", "mlp+my"], ["mlp+my-loss"]),
        (["-P", "my.py", "run", "mlp+my"], ["mlp+my-loss"]),
    ],
)
def test_what_is_offered(here: Path, words: list[str], some: list[str]) -> None:
    assert set(some) <= set(offered(*words))


@pytest.mark.parametrize(
    "words",
    [
        ["show", ""],  # there is no runs folder
        ["plan", "--suite", "gone.toml", "--task", ""],
        ["run", "nothing[l"],
        ["run", "nothing+", "nothing+x+y"],
        ["run", "mlp+nothing+r"],
        ["run", "mlp+hinge+r1+r1"],
        ["run", "vanilla+minim"],
        ["run", "-P", "gone.py", "zzz"],
    ],
)
def test_what_cannot_be_looked_up_is_not_offered(here: Path, words: list[str]) -> None:
    assert offered(*words) == []


def test_settings_count_and_broken_ones_do_no_harm(here: Path) -> None:
    (here / "ganbench.toml").write_text('plugin-files = ["my.py"]\nruns = "elsewhere"\n')
    assert offered("run", "mlp+my") == ["mlp+my-loss"]
    assert offered("show", "v") == ["vanilla-ring8-s0-0123456789"]
    (here / "ganbench.toml").write_text("runs = ")
    assert "vanilla" in offered("run", "")
    (here / "my.py").write_text("1 / 0")
    assert "vanilla" in offered("run", "-P", "my.py", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell(ganbench_cli: Cli, shell: str) -> None:
    named = ganbench_cli("completion", shell)
    assert named.returncode == 0, named.stderr
    assert f"{shell}_complete" in named.stdout
    assert ganbench_cli("completion", SHELL=f"/usr/bin/{shell}").stdout == named.stdout


def test_another_shell_is_a_usage_error(ganbench_cli: Cli) -> None:
    done = ganbench_cli("completion", SHELL="/bin/csh")
    assert done.returncode == 2
    assert "no completion for csh" in done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_without_torch(here: Path) -> None:
    """The script in a real shell, quotes and brackets included."""
    command = here / "ganbench"
    command.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -X importtime -m ganbench "$@" 2>imports\n'
    )
    command.chmod(0o755)
    script = """
        eval "$(ganbench completion bash)"
        COMP_WORDS=(ganbench run "'wgan-gp[lr=1,p"); COMP_CWORD=2
        _ganbench_completion ganbench
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    env = {**os.environ, "PATH": f"{here}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script], env=env, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["wgan-gp[lr=1,penalty="], done.stderr
    lines = (here / "imports").read_text().splitlines()
    imported = {line.rpartition("|")[2].strip() for line in lines}
    assert "ganbench.catalogue.catalogue" in imported
    assert not imported & {"torch", "pandas", "numpy"}


def test_every_verb_is_offered() -> None:
    assert set(VERBS) == set(offered(""))
