"""Defaults from files and variables: the later wins, and each is told with its origin."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest

from ganbench.api.errors import UsageError
from ganbench.cli.defaults import checked_settings, option_of
from ganbench.cli.main import VERBS, Verbs, cli
from ganbench.cli.settings import KEYS, load_settings, project_file, user_file, variable

Cli = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and an empty home of the user's settings."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    user_file().parent.mkdir(parents=True)
    for key in KEYS:
        monkeypatch.delenv(variable(key), raising=False)
    return folder


def test_nothing_is_set_by_default(here: Path) -> None:
    assert load_settings() == {}


def test_whoever_has_no_home_has_no_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.delenv("HOME")
    monkeypatch.setattr("os.getuid", lambda: 2**31 - 7)
    assert not user_file().exists()
    assert load_settings() == {}


def test_the_later_wins(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user_file().write_text('jobs = 1\nlimit = "1h"\ndevice = "cpu"\nretries = 3\n')
    (here / "ganbench.toml").write_text('# ours\nlimit = "2h"\nretries = 4\ndevice = "cuda"\n')
    monkeypatch.setenv("GANBENCH_RETRIES", "5")
    monkeypatch.setenv("GANBENCH_DEVICE", "")  # says nothing
    settings = load_settings()
    told = {key: (one.value, one.origin) for key, one in settings.items()}
    assert told == {
        "jobs": (1, f"{user_file()}:1"),
        "limit": ("2h", "ganbench.toml:2"),
        "device": ("cuda", "ganbench.toml:4"),
        "retries": ("5", "GANBENCH_RETRIES"),
    }


def test_a_table_in_pyproject(here: Path) -> None:
    text = '[project]\nname = "jobs"\nversion = "1"\n\n[tool.ganbench]\njobs = 2\n'
    (here / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert project_file() is None
    (here / "pyproject.toml").write_text(text)
    assert load_settings()["jobs"].origin == "pyproject.toml:6"
    (here / "ganbench.toml").write_text("jobs = 3")
    assert load_settings()["jobs"].value == 3


def test_files_above_count_up_to_the_root_of_the_work_tree_only(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = here / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    (here.parent / "ganbench.toml").write_text("jobs = 9")
    (here / "ganbench.toml").write_text("jobs = 2")
    assert project_file() is None
    (here / ".git").mkdir()
    assert project_file() == here / "ganbench.toml"
    assert load_settings()["jobs"].origin == f"{here / 'ganbench.toml'}:1"
    (here / "ganbench.toml").unlink()
    assert project_file() is None


def test_paths_are_relative_to_their_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".git").mkdir()
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    text = 'runs = "out/runs"\nplugin-files = ["gan.py", "/x/y.py"]\nsuite = "mine.toml"\n'
    (here / "ganbench.toml").write_text(text)
    settings = load_settings()
    assert settings["runs"].value == str(here / "out" / "runs")
    assert settings["plugin-files"].value == [str(here / "gan.py"), "/x/y.py"]
    assert settings["suite"].value == str(here / "mine.toml")
    (here / "ganbench.toml").write_text('suite = "points"')
    assert load_settings()["suite"].value == "points"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("jbos = 1", "ganbench.toml:1: unknown key 'jbos'", "did you mean jobs?"),
        ("\n\nseeds = 3", "ganbench.toml:3: seeds is 3, not a string", "write it in quotes"),
        ("jobs = '3'", "ganbench.toml:1: jobs is '3', not an integer", None),
        ("jobs = true", "jobs is True, not an integer", None),
        ("jobs = 0", "ganbench.toml:1: jobs: 0 is not in the range x>=1", None),
        ("device = 'gpu'", "ganbench.toml:1: unknown device 'gpu'", None),
        ("limit = '3steps'", "ganbench.toml:1: '3steps' is not a time", "30m"),
        ("budget = '3'", "ganbench.toml:1: budget '3' has no unit", "2PFLOP"),
        ("memory = 'lots'", "ganbench.toml:1: memory 'lots' is not a size", "8GiB"),
        ("seeds = 'few'", "ganbench.toml:1: seeds 'few' are no integers", "0-4"),
        ("plugin-files = 'x.py'", "plugin-files is 'x.py', not an array", None),
        ("disabled-plugins = [1]", "disabled-plugins[0] is 1, not a string", None),
        ("[run]\njobs = 1", "ganbench.toml:1: unknown key 'run'", "in no table"),
        ("jobs = ", "ganbench.toml is no valid TOML", None),
    ],
)
def test_mistakes_are_told_with_their_place(
    here: Path, text: str, message: str, hint: str | None
) -> None:
    (here / "ganbench.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        checked_settings()
    assert message in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_mistakes_in_variables(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANBENCH_JOBS", "many")
    with pytest.raises(UsageError, match="GANBENCH_JOBS: jobs: 'many' is not a valid integer"):
        checked_settings()


@pytest.mark.parametrize("key", [key for key, one in KEYS.items() if not one.portable])
def test_what_changes_numbers_is_not_for_a_file_that_nobody_else_sees(here: Path, key: str) -> None:
    value = "['x.py']" if option_of(key).multiple else "'1'"
    user_file().write_text(f"{key} = {value}")
    with pytest.raises(UsageError, match=f"{key} changes what is run") as caught:
        load_settings()
    assert "ganbench.toml" in (caught.value.hint or "")


def test_every_key_is_an_option_of_the_verbs_that_it_names() -> None:
    assert isinstance(cli, Verbs)
    context = click.Context(cli)
    for key, one in KEYS.items():
        for verb in one.verbs:
            assert verb in VERBS
            command = cli.get_command(context, verb)
            assert command is not None
            assert one.option in {param.name for param in command.params}, (key, verb)


def test_every_key_says_how_the_value_of_its_option_is_written() -> None:
    for key, one in KEYS.items():
        option = option_of(key)
        whole = isinstance(option.type, click.types.IntParamType)
        assert one.type == ("list" if option.multiple else "count" if whole else "text"), key


def test_a_wrong_value_is_told_though_another_one_wins(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "ganbench.toml").write_text("jobs = 0")
    monkeypatch.setenv("GANBENCH_JOBS", "2")
    with pytest.raises(UsageError, match=r"ganbench.toml:1: jobs: 0 is not in the range"):
        checked_settings()


def test_every_default_of_a_run_can_be_set() -> None:
    """An option that one may want to keep has a key; flags of the moment have none."""
    command = cli.get_command(click.Context(cli), "run")
    assert command is not None
    options = {one.name for one in command.params if isinstance(one, click.Option)}
    of_the_moment = {"everything", "tasks", "settings", "fresh", "retry_failed", "fail_fast"}
    of_the_moment |= {"allow_failures", "as_json", "shard"}
    of_the_moment |= {"from_finished", "keep_checkpoints", "trackers"}
    assert options - of_the_moment <= {one.option for one in KEYS.values()}


def test_settings_reach_the_verbs_and_are_told(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ganbench.toml").write_text(
        'seeds = "0"\nbudget = "30steps"\ndisabled-plugins = ["dcgan"]\nruns = "elsewhere"\n'
    )
    done = ganbench_cli(
        *("plan", "--all", "--suite", "lr-sensitivity", "--task", "ring8", "--json"),
        GANBENCH_SEEDS="7",
    )
    rows = json.loads(done.stdout)["runs"]
    assert {row["seed"] for row in rows} == {7}
    assert {row["budget"] for row in rows} == {"30steps"}
    variants = {row["variant"].partition("[")[0] for row in rows}
    assert {"vanilla", "wgan-gp"} < variants
    assert "dcgan" not in variants
    assert "seeds is 7: set by GANBENCH_SEEDS" in done.stderr
    assert "budget is 30steps: set by ganbench.toml:2" in done.stderr
    assert "disabled-plugins is dcgan: set by ganbench.toml:3" in done.stderr
    flag = ganbench_cli("plan", "vanilla", "--task", "ring8", "--budget", "5steps", "--json")
    assert {row["budget"] for row in json.loads(flag.stdout)["runs"]} == {"5steps"}
    assert "budget is" not in flag.stderr
    assert f"cannot read the runs folder {tmp_path / 'elsewhere'}" in ganbench_cli("table").stderr


@pytest.mark.parametrize("before", [True, False])
def test_lists_add_up_wherever_the_flag_stands(
    ganbench_cli: Cli, tmp_path: Path, before: bool
) -> None:
    (tmp_path / "ganbench.toml").write_text('disabled-plugins = ["dcgan", "points"]')
    flag, verb = ("--no-plugin", "r1"), ("plugins", "--json")
    done = ganbench_cli(*(flag + verb if before else verb + flag))
    blocked = {row["name"] for row in json.loads(done.stdout) if row["state"] == "blocked"}
    assert blocked == {"dcgan", "points", "r1"}


def test_a_missing_plugin_file_stops_only_verbs_that_load_plugins(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "ganbench.toml").write_text('plugin-files = ["gone.py"]')
    assert ganbench_cli("clean").returncode == 0
    done = ganbench_cli("list")
    assert done.returncode == 2
    assert f"plugin file '{tmp_path / 'gone.py'}' cannot be read" in done.stderr


def test_show_and_path(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ganbench.toml").write_text('cache = "here"\njobs = 2\n')
    empty = {"GANBENCH_CACHE": ""}  # an empty variable says nothing
    done = ganbench_cli(
        "config", "show", "--json", GANBENCH_LIMIT="2h", GANBENCH_SEDES="1", **empty
    )
    rows = {row["key"]: (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert set(rows) == set(KEYS)
    assert rows["jobs"] == (2, "ganbench.toml:2")
    assert rows["limit"] == ("2h", "GANBENCH_LIMIT")
    assert rows["retries"] == (1, "default")
    assert rows["seeds"] == (None, "default")
    assert rows["cache"] == (str(tmp_path / "here"), "ganbench.toml:1")
    assert "GANBENCH_SEDES is not used: did you mean GANBENCH_SEEDS?" in done.stderr
    told = ganbench_cli("--no-plugin", "dcgan", "config", "show").stdout
    assert ganbench_cli("--no-plugin", "dcgan", "config").stdout == told
    assert "ganbench.toml:2" in told
    assert re.search(r"disabled-plugins +dcgan +--no-plugin\n", told)
    (tmp_path / "here" / "features").mkdir(parents=True)
    assert str(tmp_path / "here") in ganbench_cli("clean", **empty).stdout
    (tmp_path / "ganbench.toml").write_text("jobs = ")
    paths = ganbench_cli("config", "path")
    assert paths.returncode == 0
    assert str(tmp_path / "ganbench.toml") in paths.stdout
    broken = ganbench_cli("list")
    assert broken.returncode == 2
    assert "ganbench.toml is no valid TOML" in broken.stderr
    assert ganbench_cli("--help").returncode == 0
