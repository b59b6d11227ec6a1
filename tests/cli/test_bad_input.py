"""Bad input gives one clear line, what to type next, and the documented exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from ganbench.results.store import RunStore

Cli = Callable[..., "CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (
            ["run", "wgan-pg"],
            2,
            "unknown variant 'wgan-pg'",
            "did you mean wgan-gp or wgan or char-wgan-gp?",
        ),
        (["run", "ring8"], 2, "'ring8' is a dataset, not a variant", "ganbench info ring8"),
        (["run", "--suite", "lr-sensitivity"], 5, "no variant is selected", "ganbench run --all"),
        (["plan", "vanilla", "--task", "ring"], 2, "no task 'ring'", "did you mean ring8?"),
        (["run", "vanilla", "--budget", "10"], 2, "has no unit", "2PFLOP"),
        (["run", "vanilla", "--budget", "1TFLOPS"], 2, "is a rate", "2PFLOP"),
        (["run", "vanilla", "--budget", "many"], 2, "not a number with a unit", "2PFLOP"),
        (["run", "vanilla", "--budget", "0steps"], 2, "not a positive amount", "5000steps"),
        (["run", "vanilla", "--seeds", "4-0"], 2, "empty or too large", ""),
        (["run", "vanilla", "--seeds", "a"], 2, "no integers or ranges", "0-4"),
        (
            ["run", "vanilla", "--suite", "startr"],
            2,
            "named 'startr'",
            "did you mean starter or starter-all?",
        ),
        (["run", "vanilla[lrr=1]"], 2, "no parameter 'lrr'", "did you mean lr?"),
        (["run", "vanilla[lr=fast]"], 2, "vanilla.lr is 'fast', not a number", ""),
        (["run", "vanilla[lr"], 2, "without a closing one", ""),
        (["run", "vanilla", "--set", "dcgan.lr=1"], 2, "names no selected variant", ""),
        (["run", "vanilla", "--set", "lr=1"], 2, "not of the form", ""),
        (
            ["plan", "vanilla", "--set", "vanilla.lr=1", "--set", "vanilla.lr=2"],
            2,
            "--set vanilla.lr is given twice",
            "give it one value",
        ),
        (["run", "vanilla", "--memory", "lots"], 2, "is not a size", "8GiB"),
        (["run", "vanilla", "--limit", "5steps"], 2, "is not a time", "30m"),
        (["run", "vanilla", "--limit", "10"], 2, "'10' is not a time", "30m"),
        (["run", "vanilla", "--memory", "8"], 2, "memory '8' has no unit", "8GiB"),
        (["run", "vanilla", "--device", "gpu"], 2, "unknown device 'gpu'", "cuda:0"),
        (["run", "DCGAN"], 2, "unknown variant 'DCGAN'", "did you mean dcgan"),
        (["run", "vanilla+R1"], 2, "unknown loss or technique 'R1'", "did you mean r1?"),
        (["run", "my_gan.py"], 2, "my_gan.py is a file and not a name", "-P my_gan.py"),
        (["check", "my_gan.py"], 2, "my_gan.py is a file and not a name", "-P my_gan.py"),
        (["info", "my_gan.py"], 2, "my_gan.py is a file and not a name", "-P my_gan.py"),
        (["plan", "mine.toml"], 2, "mine.toml is a file and not a name", "--suite mine.toml"),
        (["plan", "vanilla,dcgan"], 2, "vanilla,dcgan is no name", "one after the other"),
        (["plan", "vanilla dcgan"], 2, "vanilla dcgan is no name", "one after the other"),
        (["plan", "--task", "ring8,grid25"], 2, "no task 'ring8,grid25'", "repeat the option"),
        (["report", "--out", "s3://b/r.html"], 2, "s3://b/r.html is a URL", "write to a folder"),
        (["table", "vanilla"], 2, "unexpected extra argument (vanilla)", "after --variant"),
        (["merge", "nowhere", "--out", "m"], 2, "there is no folder nowhere", "leaderboard"),
        (["run", "dcgan+none"], 2, "unknown loss or technique 'none'", "known:"),
        (["run", "dcgan+wgan-gp", "--task", "ring8"], 5, "nothing is selected", "points"),
        (["--no-plugin", "dcgan", "run", "dcgan"], 3, "is blocked", "ganbench plugins"),
        (["rnu"], 2, "No such command 'rnu'", "did you mean run?"),
        (["list", "variantz"], 2, "there is no kind", "did you mean variants"),
        (["info", "dcgann"], 2, "nothing is named", "did you mean dcgan"),
        (["table"], 2, "cannot read the runs folder", "ganbench run --all"),
        (["show", "nothing"], 2, "cannot read the runs folder", ""),
        (["run", "vanilla", "--executor", "loca"], 2, "executor 'loca'", "did you mean local?"),
        (["run", "vanilla", "--executor", "local:8"], 2, "takes nothing behind a colon", ""),
        (["run", "vanilla", "--executor", "local[n=8]"], 2, "local has no parameter 'n'", ""),
        (["run", "vanilla", "--executor", "vanilla"], 2, "is a variant, not an executor", ""),
        (["work", "."], 2, "there is no job in", "`ganbench run` leaves one"),
        (["work", "nowhere"], 2, "'nowhere' does not exist", ""),
        (["run", "vanilla", "--device", "cuda"], 2, "no usable GPU", "--device cpu"),
    ],
)
def test_bad_request(
    ganbench_cli: Cli, arguments: list[str], code: int, message: str, hint: str
) -> None:
    done = ganbench_cli(*arguments, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == code, done.stderr
    assert message in done.stderr
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_missing_data_names_the_command_that_gets_it(ganbench_cli: Cli, tmp_path: Path) -> None:
    suite = tmp_path / "mine.toml"
    suite.write_text(
        'name = "mine"\n[[tasks]]\nname = "cifar"\ndataset = "cifar10"\nbudget = "1steps"\n'
        'fakes = 100\nscores = ["fd"]\n'
    )
    done = ganbench_cli(
        "run", "dcgan", "--suite", str(suite), "--seeds", "0", GANBENCH_CACHE=str(tmp_path / "c")
    )
    assert done.returncode == 2
    assert "cifar10[download=true]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not RunStore(tmp_path / "runs").ids()


def test_unreadable_image_folder(ganbench_cli: Cli, tmp_path: Path) -> None:
    suite = tmp_path / "mine.toml"
    suite.write_text(
        'name = "mine"\n[[tasks]]\nname = "mine"\ndataset = "images:nowhere"\nbudget = "1steps"\n'
        'scores = ["fd"]\n'
    )
    done = ganbench_cli("run", "dcgan", "--suite", str(suite), "--seeds", "0")
    assert done.returncode == 2
    assert "nowhere" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = ", "no valid TOML"),
        ('name = "x"\n', "tasks is missing"),
        ('name = "x"\ntsks = []\n', "did you mean tasks?"),
        ('name = "../x"\ntasks = []\n', "may only have"),
    ],
)
def test_bad_suite(ganbench_cli: Cli, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    done = ganbench_cli("plan", "vanilla", "--suite", "mine.toml")
    assert done.returncode == 2
    assert message in done.stderr
    assert "mine.toml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.whole
def test_a_damaged_record_is_set_aside_and_run_again(ganbench_cli: Cli, tmp_path: Path) -> None:
    selection = ("run", "vanilla", "--task", "ring8", "--seeds", "0", "--budget", "10steps")
    assert ganbench_cli(*selection).returncode == 0
    (record,) = tmp_path.glob("runs/*/record.json")
    good = record.read_bytes()
    record.write_bytes(good[:-100])
    again = ganbench_cli(*selection)
    assert again.returncode == 0, again.stderr
    assert "record.json is damaged" in again.stderr
    assert "1 run (1 new)" in again.stderr
    assert (record.parent / "record.json.damaged-1").read_bytes() == good[:-100]


def test_runs_folder_that_is_a_file(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("not a folder")
    done = ganbench_cli("run", "vanilla", "--budget", "1steps", "--seeds", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "'runs' is a file" in done.stderr
    assert (tmp_path / "runs").read_text() == "not a folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_runs_folder(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    done = ganbench_cli("run", "vanilla", "--budget", "1steps", "--seeds", "0")
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("runs", ["a_file/runs", "/proc/runs"])
def test_runs_folder_that_nobody_can_make(ganbench_cli: Cli, tmp_path: Path, runs: str) -> None:
    """Holds for root as well, who may write into any folder that is one."""
    (tmp_path / "a_file").write_text("kept")
    done = ganbench_cli("run", "vanilla", "--budget", "1steps", "--seeds", "0", "--runs", runs)
    assert done.returncode == 1
    assert f"cannot write {runs}" in done.stderr
    assert "--runs DIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "a_file").read_text() == "kept"
