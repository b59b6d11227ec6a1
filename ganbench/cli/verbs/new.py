"""`ganbench new`: write a complete plugin package to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ganbench.api.data import MODALITY_NAMES
from ganbench.api.errors import UsageError
from ganbench.authoring.repository import LEADERBOARD, new_leaderboard
from ganbench.authoring.scaffold import TEMPLATES, new, run_command
from ganbench.cli.verb import Verb
from ganbench.console import say, talk


@click.command(cls=Verb)
@click.argument("kind", metavar="|".join((*TEMPLATES, LEADERBOARD)))
@click.argument("name")
@click.option(
    "--modality",
    metavar="|".join(MODALITY_NAMES),
    shell_complete=lambda context, parameter, incomplete: [
        name for name in MODALITY_NAMES if name.startswith(incomplete)
    ],
    help="The data that it is for.  [default: all that are usual for its kind]",
)
@click.option("--package", help="Name of the distribution.  [default: ganbench-NAME]")
@click.option("--author", help="Author, for the package's metadata and licence.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder to write; must be empty or absent.  [default: ./PACKAGE]",
)
def command(
    kind: str,
    name: str,
    modality: str | None,
    package: str | None,
    author: str | None,
    into: Path | None,
) -> None:
    """Write a complete package with a plugin called NAME, to change into your own.

    It holds a working implementation with its reference, tests that run the conformance checks, a
    README and a CI file. Installed with pip, it runs at once. With --modality it is for that kind
    of data alone, and its commands, tasks and scores are such as suit it.

    `leaderboard` is a repository for a suite, by name or TOML file: its CI file validates, merges
    and renders what labs submit on pull requests.
    """
    if kind == LEADERBOARD:
        if package or author or modality:
            raise UsageError(
                "a leaderboard is no package", "leave out --package, --author and --modality"
            )
        written = new_leaderboard(name, into)
        for path in sorted(path for path in written.rglob("*") if path.is_file()):
            say(str(path))
        talk(f"\nnext:\n  cd {shlex.quote(str(written))} && git init && git add -A")
        return
    folder = new(kind, name, modality=modality, package=package, author=author, into=into)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        say(str(path))
    steps = (
        f"cd {shlex.quote(str(folder))} && pip install -e '.[test]'",
        "pytest",
        run_command(kind, name, modality),
    )
    talk("\nnext:\n" + "\n".join(f"  {step}" for step in steps))
