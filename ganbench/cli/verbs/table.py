"""`ganbench table`: the comparison tables of finished runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ganbench.api.errors import UsageError
from ganbench.cli.completing import complete_suites
from ganbench.cli.options import runs_option
from ganbench.cli.tables import filter_options, form_options, print_made, print_tables
from ganbench.cli.verb import Reader
from ganbench.console import talk, warn

if TYPE_CHECKING:
    from ganbench.tables.forms.table import Table


@click.command(cls=Reader)
@runs_option
@filter_options
@click.option(
    "--claims",
    metavar="SUITE",
    shell_complete=complete_suites,
    help="Only the published results that this suite states, beside its runs: do they agree?",
)
@form_options
def command(
    runs: Path,
    suite: str | None,
    tasks: tuple[str, ...],
    variants: tuple[str, ...],
    claims: str | None,
    form: str,
) -> None:
    """Print the comparison tables of finished runs: stability, mode collapse, distance, cost.

    --runs may also name the folder of a published leaderboard.
    """
    if claims is not None:
        if suite or tasks or variants:
            reason = "--claims shows all that its suite states"
            raise UsageError(reason, "leave --suite, --task and --variant out")
        print_made([_beside_published(claims, runs)], form)
        return
    from ganbench.publishing.loading import load_selected
    from ganbench.tables.versions import version_notes

    loaded = load_selected(runs, suite=suite, tasks=tasks, variants=variants)
    warn(loaded.warnings)
    print_tables(loaded.runs, form, loaded.coverage)
    for note in version_notes(loaded.runs):
        talk(note)


def _beside_published(name: str, runs: Path) -> Table:
    from ganbench.planning.suite import load_suite
    from ganbench.publishing.loading import load_runs
    from ganbench.publishing.membership import under_suite
    from ganbench.tables.claims import claims_table

    suite = load_suite(name)
    if not suite.claims:
        raise UsageError(f"suite {suite.name} states no published results", "try --claims claims")
    loaded = load_runs(runs)
    warn(loaded.warnings)
    return claims_table(suite.claims, under_suite(loaded.runs, name), suite.name)
