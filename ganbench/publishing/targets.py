"""Where a published leaderboard can be put: a folder, a branch of a git repository, a data set of
the Hugging Face hub (extra ``hub``)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from ganbench.api.errors import GanbenchError, UsageError, one_line
from ganbench.storage.bucket import is_url

GIT, HUB = "git:", "hf://datasets/"


def put(files: Sequence[Path], target: str, within: str = "") -> str:
    """Put the files of a leaderboard, in a folder called as theirs, into a target.

    Args:
        files: of one leaderboard, in one folder.
        target: a folder; ``git:URL#BRANCH``, where a commit is pushed to the branch, which is
            begun where there is none; or ``hf://datasets/ORG/NAME``, where a pull request is made.
        within: folder of the target that it is put into.

    Returns:
        Where it is now, for people.

    Raises:
        UsageError: the target is malformed, or needs an extra that is not installed.
        GanbenchError: it cannot be written to.
    """
    place = Path(within)
    if place.is_absolute() or ".." in place.parts:
        raise UsageError(f"{within} leads out of the target", "name a folder in it")
    place /= files[0].parent.name
    if target.startswith(GIT):
        return _to_branch(files, target.removeprefix(GIT), place)
    if target.startswith(HUB):
        return _to_hub(files, target.removeprefix(HUB), place)
    if is_url(target):
        raise UsageError(
            f"nothing is put to {target}",
            "name a folder, git:URL#BRANCH or hf://datasets/ORG/NAME",
        )
    folder = Path(target).expanduser() / place
    try:
        _copy(files, folder)
    except OSError as error:
        raise GanbenchError(f"cannot write to {folder}: {error.strerror}") from None
    return str(folder)


def _copy(files: Sequence[Path], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        shutil.copyfile(path, folder / path.name)


def _to_branch(files: Sequence[Path], address: str, place: Path) -> str:
    url, mark, branch = address.rpartition("#")
    if not (url and mark and branch) or url.startswith("-") or branch.startswith("-"):
        raise UsageError(
            f"{GIT}{address} names no branch", f"write it as {GIT}URL#BRANCH, in quotes"
        )
    local = Path(url).expanduser()
    with tempfile.TemporaryDirectory() as clone:
        _git("clone", "--quiet", "--", str(local.absolute()) if local.exists() else url, clone)
        known = _git("-C", clone, "ls-remote", "--heads", "origin", branch)
        if known.strip():
            _git("-C", clone, "checkout", "--quiet", branch)
        else:
            _git("-C", clone, "checkout", "--quiet", "-B", branch)
        _copy(files, Path(clone) / place)
        _git("-C", clone, "add", "--", str(place))
        if not _git("-C", clone, "status", "--porcelain").strip():
            return f"{place} on {branch} of {url}, where it was already"
        _git("-C", clone, "commit", "--quiet", "-m", f"Publish {place.name}")
        _git("-C", clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return f"{place} on {branch} of {url}"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and no address that is an option
            ["git", *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        raise UsageError("git is not installed", "install it, or publish to a folder") from None
    if done.returncode:
        command = next((one for one in arguments if not one.startswith(("-", "/"))), "")
        raise GanbenchError(f"git {command} failed: {one_line(done.stderr)}")
    return done.stdout


def _to_hub(files: Sequence[Path], name: str, place: Path) -> str:
    try:
        library = import_module("huggingface_hub")
    except ImportError:
        raise UsageError(
            "huggingface_hub is not installed", "pip install 'ganbench[hub]'"
        ) from None
    try:
        made = library.HfApi().upload_folder(
            repo_id=name,
            repo_type="dataset",
            folder_path=str(files[0].parent),
            path_in_repo=place.as_posix(),
            allow_patterns=[path.name for path in files],
            commit_message=f"Publish {place.name}",
            create_pr=True,
        )
    except Exception as error:  # of the library or the network, which have many
        raise GanbenchError(f"cannot publish to {HUB}{name}: {one_line(error)}") from None
    return str(made.pr_url)
