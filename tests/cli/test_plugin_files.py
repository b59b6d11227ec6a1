"""A local experiment: one file, run without packaging, known by its content, never published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Cli = Callable[..., "CompletedProcess[str]"]

MY_GAN = '''
"""Vanilla with a learning rate of its own."""

from ganbench import LossSpec, Optimiser, Recipe, Training, VariantSpec, hookimpl

ADAM = Optimiser(name="adam", lr=1e-3)
TRAINING = Training(generator=ADAM, discriminator=ADAM)


def build():
    from ganbench_plugins.variants.vanilla import NonSaturating

    return NonSaturating()


@hookimpl
def ganbench_losses():
    loss = f"{__name__}:build"
    return [LossSpec(name="my-loss", description="Mine.", build=loss, training=TRAINING)]


@hookimpl
def ganbench_variants():
    return [VariantSpec(name="my-gan", description="Mine, too.", recipe=recipe)]


def recipe(data):
    return Recipe(model="mlp", loss="my-loss", training=TRAINING)
'''

SUITE = """
name = "one"
description = "One task, a few steps."
seeds = "0"

[[tasks]]
name = "ring8"
dataset = "ring8"
budget = "10steps"
fakes = 500
scores = ["modes"]
"""


@pytest.fixture
def my_gan(tmp_path: Path) -> str:
    (tmp_path / "one.toml").write_text(SUITE)
    (tmp_path / "my_gan.py").write_text(MY_GAN)
    return "my_gan.py"


def test_a_file_runs_and_cannot_be_published(
    ganbench_cli: Cli, tmp_path: Path, my_gan: str
) -> None:
    run = ("run", "my-gan", "mlp+my-loss", "--suite", "one.toml", "-P", my_gan)
    done = ganbench_cli(*run)
    assert done.returncode == 0, done.stderr
    assert "2 runs (2 new)" in done.stderr
    (pin,) = [
        pin
        for path in tmp_path.glob("runs/my-gan-*/record.json")
        for pin in json.loads(path.read_text())["pins"]
        if pin["kind"] == "loss"
    ]
    assert (pin["plugin"], pin["distribution"], pin["version"]) == ("my_gan.py", "", "")
    assert pin["source_hash"].startswith("sha256:")
    assert "2 runs (0 new)" in ganbench_cli(*run).stderr
    refused = ganbench_cli("publish", "--suite", "one.toml")
    assert refused.returncode == 4
    assert "local code that nobody else can run" in refused.stderr
    assert not (tmp_path / "results").exists()
    (tmp_path / my_gan).write_text(MY_GAN + "# edited\n")
    plan = json.loads(ganbench_cli("plan", *run[1:], "--json").stdout)
    assert [row["state"] for row in plan["runs"]] == ["to run", "to run"]


def test_of_an_edited_file_the_table_says_which_version_is_the_newest(
    ganbench_cli: Cli, tmp_path: Path, my_gan: str
) -> None:
    run = ("run", "my-gan", "--suite", "one.toml", "-P", my_gan)
    assert ganbench_cli(*run).returncode == 0
    assert "versions of its code" not in ganbench_cli("table").stderr
    (tmp_path / my_gan).write_text(MY_GAN + "# edited\n")
    assert "versions" not in ganbench_cli(*run).stderr  # its table is of this version alone
    assert ganbench_cli(*run).returncode == 0
    table = ganbench_cli("table")
    assert "my-gan: 2 versions of its code; newest: my-gan @" in table.stderr
    newest = table.stderr.partition("newest: ")[2].partition(",")[0]
    assert newest in table.stdout


def test_verbs_that_tell_know_the_file_in_either_place(ganbench_cli: Cli, my_gan: str) -> None:
    for arguments in (("list", "variants", "-P", my_gan), ("-P", my_gan, "list", "variants")):
        assert "my_gan.py (local file)" in ganbench_cli(*arguments).stdout
    info = json.loads(ganbench_cli("info", "my-gan", "-P", my_gan, "--json").stdout)
    assert info[0]["file"].endswith("my_gan.py")
    plugins = json.loads(ganbench_cli("plugins", "-P", my_gan, "--json").stdout)
    assert plugins[-1]["provides"] == ["variant:my-gan", "loss:my-loss"]
    pins = ganbench_cli("plugins", "--requirements", "-P", my_gan)
    assert "my_gan" not in pins.stdout
    assert "pip cannot install" in pins.stderr


def test_a_file_with_a_mistake_stops_runs_and_nothing_else(
    ganbench_cli: Cli, tmp_path: Path, my_gan: str
) -> None:
    (tmp_path / my_gan).write_text(MY_GAN + "\nraise OSError('no such device')\n")
    listed = ganbench_cli("list", "variants", "-P", my_gan)
    assert listed.returncode == 0
    assert "vanilla" in listed.stdout
    assert "OSError: no such device (my_gan.py, line 30)" in listed.stderr
    for verb in ("run", "plan"):
        done = ganbench_cli(verb, "--all", "--suite", "one.toml", "-P", my_gan)
        assert done.returncode == 3
        assert "my_gan.py, line 30" in done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (["list", "-P", "gone.py"], 2, "plugin file 'gone.py' cannot be read", "my_gan.py"),
        (["list", "-P", "one.toml"], 2, "does not end in .py", "my_gan.py"),
        (["list", "--no-plugin", "dcgam"], 2, "no plugin 'dcgam' to disable", "mean dcgan"),
        (["plan", "dcgan", "--no-plugin", "dcgan"], 3, "is blocked: disabled on", "plugins"),
        (["plan", "my-gan"], 2, "unknown variant 'my-gan'", "vanilla"),
    ],
)
def test_mistakes(
    ganbench_cli: Cli, my_gan: str, arguments: list[str], code: int, message: str, hint: str
) -> None:
    done = ganbench_cli(*arguments)
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr


def test_disabled_by_the_environment(ganbench_cli: Cli) -> None:
    done = ganbench_cli("plugins", "--json", GANBENCH_DISABLED_PLUGINS="dcgan, nothing")
    blocked = [one["name"] for one in json.loads(done.stdout) if one["state"] == "blocked"]
    assert blocked == ["dcgan"]
    assert "GANBENCH_DISABLED_PLUGINS: there is no plugin 'nothing'" in done.stderr


def test_the_function_takes_a_file(my_gan: str, tmp_path: Path) -> None:
    import ganbench

    frame = ganbench.plan("my-gan", tasks=["ring8"], plugins=[tmp_path / my_gan])
    assert set(frame["variant"]) == {"my-gan"}
