"""Functions that tell of finished runs, and publish them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ganbench.api.arguments import checked
from ganbench.planning.suite import DEFAULT_SUITE

if TYPE_CHECKING:
    import pandas as pd

    from ganbench.publishing.joining import Merged
    from ganbench.publishing.validation.validate import Report
    from ganbench.results.record import Record


@checked
def status(runs: Path | str = "runs") -> pd.DataFrame:
    """Which runs are finished, running, failed or unfinished; what `ganbench status` prints.

    Args:
        runs: folder of the runs.

    Returns:
        One row per run: run_id, variant, task, seed, status, fraction of the budget, and the reason
        of a failure.

    Raises:
        UsageError: there is no such folder.
    """
    import pandas as pd

    from ganbench.console import warn
    from ganbench.results.mirrors import open_runs
    from ganbench.results.states import State, states

    found, warnings = states(open_runs(runs))
    warn(warnings)
    return pd.DataFrame(found, columns=list(State.__annotations__))


@checked
def show(run_id: str, runs: Path | str = "runs") -> Record:
    """The record of one run; what `ganbench show --json` prints.

    Args:
        run_id: of the run, or the beginning of one.
        runs: folder of the runs.

    Raises:
        UsageError: there is no such run, or it has not ended yet.
        InvalidResults: its record is damaged.
    """
    from ganbench.results.mirrors import open_runs

    return open_runs(runs).read(run_id)


@checked
def table(
    runs: Path | str = "runs",
    suite: str | None = None,
    tasks: Sequence[str] = (),
    variants: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """The comparison tables of finished runs; what `ganbench table` prints.

    Args:
        runs: a runs folder, or the folder of a published leaderboard.
        suite, tasks, variants: only these.

    Returns:
        Title of a table -> one row per line of it, in base units; where tasks have tables of their
        own under one title, the tasks follow it.

    Raises:
        GanbenchError: there is no such folder or run.
    """
    from ganbench.console import warn
    from ganbench.publishing.loading import load_selected
    from ganbench.tables.assemble import tables
    from ganbench.tables.forms.frames import as_frames

    loaded = load_selected(runs, suite=suite, tasks=tasks, variants=variants)
    warn(loaded.warnings)
    return as_frames(tables(loaded.runs, loaded.coverage))


@checked
def leaderboard(runs: Path | str = "runs", suite: str | None = None) -> pd.DataFrame:
    """Runs aggregated over seeds: one row per variant and task, with intervals.

    Args:
        runs: a runs folder, or the folder of a published leaderboard.
        suite: only this suite's.

    Raises:
        GanbenchError: there is no such folder.
    """
    from ganbench.console import warn
    from ganbench.publishing.loading import load_runs
    from ganbench.publishing.membership import under_suite
    from ganbench.tables.leaderboard import leaderboard as aggregate

    loaded = load_runs(runs)
    warn(loaded.warnings)
    chosen = loaded.runs if suite is None else under_suite(loaded.runs, suite)
    return aggregate(chosen, loaded.coverage)


@checked
def report(
    runs: Path | str = "runs",
    out: Path | str = "report.html",
    suite: str | None = None,
    tasks: Sequence[str] = (),
    variants: Sequence[str] = (),
) -> Path:
    """Write one self-contained HTML page of finished runs; what `ganbench report` does.

    Args:
        runs: a runs folder, or the folder of a published leaderboard.
        out: the HTML file; one that is there is replaced.
        suite, tasks, variants: only these.

    Returns:
        `out`.

    Raises:
        GanbenchError: there is no such folder or run, or the file cannot be written.
    """
    from ganbench.console import warn
    from ganbench.reporting.write import write_report
    from ganbench.results.mirrors import runs_folder

    _, warnings = write_report(
        runs_folder(runs), Path(out), suite=suite, tasks=tasks, variants=variants
    )
    warn(warnings)
    return Path(out)


@checked
def compare(
    *variants: str,
    runs: Path | str = "runs",
    suite: str | None = None,
    tasks: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare variants with the first one named; what `ganbench compare` prints.

    Args:
        variants: two names or more, as they stand in the tables or as `run` takes them.
        runs: a runs folder, or the folder of a published leaderboard.
        suite, tasks: only these.

    Returns:
        One row per other variant and task, then one over all tasks that it shares with the first:
        ratio of final distances (b over a) with its interval, probability of improvement, p-value
        as found and adjusted, verdict. See `ganbench.tables.comparison_tables.comparison_frame`.

    Raises:
        GanbenchError: there is no such folder or variant, or nothing to compare.
    """
    from ganbench.console import warn
    from ganbench.publishing.loading import load_selected
    from ganbench.tables.comparison import compare as contrast
    from ganbench.tables.comparison_tables import comparison_frame

    loaded = load_selected(runs, suite=suite, tasks=tasks)
    warn(loaded.warnings)
    return comparison_frame(contrast(loaded.runs, variants))


@checked
def publish(
    runs: Path | str = "runs",
    suite: Path | str = DEFAULT_SUITE,
    out: Path | str = "results",
    *,
    unranked: bool = False,
) -> list[Path]:
    """Write a suite's leaderboard; what `ganbench publish` does.

    Args:
        runs: folder of the runs. Those of other suites, tasks, budgets or seeds are left out.
        suite: name or TOML file.
        out: folder of the leaderboards; one named like the suite is made in it.
        unranked: publish what may not be ranked as well, without a rank and with the reason.

    Returns:
        The files: runs.csv, leaderboard.csv and datapackage.json.

    Raises:
        NothingSelected: no run belongs to the suite.
        InvalidResults: something may not be ranked, and `unranked` is not set.
        GanbenchError: a folder cannot be read or written to.
    """
    from ganbench.console import talk
    from ganbench.publishing.selection import publish_suite
    from ganbench.results.mirrors import runs_folder

    return publish_suite(runs_folder(runs), str(suite), Path(out), unranked=unranked, remark=talk)


@checked
def validate(path: Path | str) -> list[Report]:
    """Check published leaderboards; what `ganbench validate` does.

    Args:
        path: of a folder that `publish` has written, of a file in it, or of a folder of such.

    Returns:
        One report per leaderboard; `report.errors` is empty where all is well.

    Raises:
        UsageError: there is no leaderboard.
    """
    from ganbench.publishing.validation.validate import published_folders
    from ganbench.publishing.validation.validate import validate as check

    return [check(folder) for folder in published_folders(Path(path))]


@checked
def merge(
    *folders: Path | str,
    out: Path | str,
    suite: Path | str | None = None,
    prefer: Path | str | None = None,
    newest: bool = False,
    unranked: bool = False,
) -> Merged:
    """Join runs folders and published leaderboards into one; what `ganbench merge` does.

    Args:
        folders: of either kind.
        out: a folder named like the suite is made in it.
        suite: name or TOML file; by default that of the published sources.
        prefer: the folder whose results are taken where several tell a run differently.
        newest: of a variant on a task, keep only runs of the code and recipe that were run last.
        unranked: publish what may not be ranked as well.

    Returns:
        The merged runs, the conflicts, and what was left out.

    Raises:
        UsageError: a folder is missing, or it is unclear which suite this is.
        InvalidResults: a source is damaged, or something may not be ranked.
        NothingSelected: no run is left.
    """
    from ganbench.publishing.merge import merge_folders
    from ganbench.results.mirrors import runs_folder

    _, merged = merge_folders(
        [runs_folder(folder) for folder in folders],
        Path(out),
        suite=None if suite is None else str(suite),
        prefer=None if prefer is None else runs_folder(prefer),
        newest=newest,
        unranked=unranked,
    )
    return merged
