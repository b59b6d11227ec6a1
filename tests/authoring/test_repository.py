"""The repository that `ganbench new leaderboard` writes: its CI does here what it does there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.authoring.repository import new_leaderboard
from ganbench.publishing.targets import put

Cli = Callable[..., "CompletedProcess[str]"]
PUBLISHED = Path(__file__).parents[2] / "results" / "starter"
FILES = [PUBLISHED / name for name in ("runs.csv", "leaderboard.csv", "datapackage.json")]
IDENTITY = {
    f"GIT_{who}_{what}": "somebody@example.org"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


def steps(repository: Path) -> dict[str, str]:
    """What its CI runs, by name, but for the installation."""
    workflow: Any = yaml.safe_load((repository / ".github/workflows/check.yml").read_text())
    found = {one["name"]: one["run"] for one in workflow["jobs"]["check"]["steps"] if "run" in one}
    assert found.pop("Install") == "python -m pip install ganbench"
    return found


def check(repository: Path, tmp_path: Path) -> dict[str, CompletedProcess[str]]:
    """Run the steps as GitHub does, to the first that fails."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "ganbench").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ganbench "$@"\n')
    (tools / "ganbench").chmod(0o755)
    done = {}
    for name, script in steps(repository).items():
        done[name] = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=repository,
            env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done[name].returncode:
            break
    return done


@pytest.mark.whole
def test_its_ci_takes_a_sound_submission_and_refuses_a_changed_one(tmp_path: Path) -> None:
    repository = new_leaderboard("starter", tmp_path / "board")
    put(FILES, str(repository), "submissions/one-lab")
    done = check(repository, tmp_path)
    assert all(one.returncode == 0 for one in done.values()), done
    assert len(done) == 4
    assert (repository / "site/index.html").stat().st_size > 10_000
    shutil.rmtree(repository / "results")
    put(FILES, str(repository), "submissions/another-lab")
    rows = repository / "submissions/another-lab/starter/leaderboard.csv"
    rows.write_text(rows.read_text().replace("1", "2", 1))
    (failed,) = check(repository, tmp_path).values()
    assert failed.returncode == 4
    assert "leaderboard.csv" in failed.stdout + failed.stderr


def test_a_branch_gets_a_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in IDENTITY.items():
        monkeypatch.setenv(name, value)
    board = new_leaderboard("starter", tmp_path / "board")
    for command in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        subprocess.run(["git", "-C", board, *command], check=True)
    target = f"git:{board}#rows"
    assert put(FILES, target, "submissions/lab") == f"submissions/lab/starter on rows of {board}"
    shown = subprocess.run(
        ["git", "-C", board, "show", "rows:submissions/lab/starter/runs.csv"],
        capture_output=True,
        check=True,
    )
    assert shown.stdout == FILES[0].read_bytes()
    assert "where it was already" in put(FILES, target, "submissions/lab")
    with pytest.raises(GanbenchError, match="git clone failed"):
        put(FILES, f"git:{tmp_path}/nowhere#rows")
    for wrong in (f"git:{board}", "git:#rows", f"git:{board}#--force"):
        with pytest.raises(UsageError, match="names no branch"):
            put(FILES, wrong)
    with pytest.raises(UsageError, match="leads out of the target"):
        put(FILES, str(tmp_path), "../elsewhere")


def test_the_hub_gets_a_pull_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the library's own signature; there is no hub in tests."""
    hub = pytest.importorskip("huggingface_hub")
    asked: dict[str, Any] = {}

    def upload_folder(self: Any, **given: Any) -> Any:
        asked.update(given)
        return type("Made", (), {"pr_url": "https://hub/pull/1"})

    import inspect

    accepted = inspect.signature(hub.HfApi.upload_folder).parameters
    monkeypatch.setattr(hub.HfApi, "upload_folder", upload_folder)
    assert put(FILES, "hf://datasets/org/board", "lab") == "https://hub/pull/1"
    assert asked["repo_id"] == "org/board"
    assert asked["path_in_repo"] == "lab/starter"
    assert asked["create_pr"]
    assert set(asked) <= set(accepted)


def test_a_suite_of_ones_own_is_part_of_it(tmp_path: Path) -> None:
    text = (
        'name = "own"\ndescription = "One."\nseeds = "0"\n[[tasks]]\nname = "ring8"\n'
        'dataset = "ring8"\nbudget = "20steps"\nscores = ["modes"]\n'
    )
    (tmp_path / "own.toml").write_text(text)
    board = new_leaderboard(str(tmp_path / "own.toml"), tmp_path / "board")
    assert (board / "own.toml").read_text() == text
    assert "--suite own.toml" in (board / "README.md").read_text()
    with pytest.raises(UsageError, match="is not empty"):
        new_leaderboard("starter", board)
