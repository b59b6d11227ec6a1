"""Merging folders of runs and published leaderboards into one published leaderboard."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench.api.errors import InvalidResults, NothingSelected, UsageError
from ganbench.planning.suite import Suite, embedded_suites, load_suite, typed_suite
from ganbench.publishing.eligibility import Commands
from ganbench.publishing.joining import Contribution, Merged, merge
from ganbench.publishing.loading import is_published, leaderboards_in, load_runs
from ganbench.publishing.membership import membership
from ganbench.publishing.publish import publish, without_rank
from ganbench.publishing.validation.validate import validate
from ganbench.results.fields import UNFINISHED
from ganbench.tables.coverage import Coverage
from ganbench.tables.grouping import one_per_seed
from ganbench.tables.labels import interval_of_seeds
from ganbench.tables.twins import twin_notes
from ganbench.wording import counted

if TYPE_CHECKING:
    import pandas as pd


def merge_folders(
    folders: Sequence[Path],
    out: Path,
    *,
    suite: str | None = None,
    prefer: Path | None = None,
    unranked: bool = False,
    newest: bool = False,
) -> tuple[list[Path], Merged]:
    """Merge runs folders and published leaderboards into one published leaderboard.

    Args:
        folders: at least one, of either kind.
        out: a folder named like the suite is made in it.
        suite: name or TOML file; by default that of the published sources, with all tasks and seeds
            that any of them needs.
        prefer: the source whose results are taken where several tell a run differently.
        unranked: publish what may not be ranked as well.
        newest: of a variant on a task, keep only the runs of the code that was run last.

    Returns:
        The files, and what was merged and left out.

    Raises:
        UsageError: a folder is missing, or it is unclear which suite this is.
        InvalidResults: a source is damaged, or something may not be ranked.
        NothingSelected: no run is left.
    """
    remarks: list[str] = []
    sources = [_load(folder, remarks) for folder in folders]
    if prefer is not None and str(prefer) not in {one.name for one in sources}:
        raise UsageError(f"--prefer {prefer} is none of the folders that are merged")
    name, coverage, sources = _of_one_suite(sources, suite, remarks)
    merged = merge(sources, None if prefer is None else str(prefer), newest=newest)
    merged.runs, twins = one_per_seed(merged.runs.under(name))
    merged.remarks[:0] = remarks
    merged.remarks += twin_notes(twins)
    if merged.runs.frame.empty:
        raise NothingSelected("no run is left to publish", "; ".join(map(str, merged.conflicts)))
    try:
        words = ["ganbench", "merge", *map(str, folders), "--out", str(out)]
        words += ["--suite", suite] if suite else []
        words += ["--prefer", str(prefer)] if prefer else []
        words += ["--newest"] if newest else []
        run = Commands.of(suite or typed_suite(name)).run
        own = load_suite(name).seeds if name in embedded_suites() else None
        if suite is None and coverage.seeds != own:
            run += f" --seeds {interval_of_seeds(coverage.seeds)}"
        commands = Commands(run, shlex.join(words))
        files = publish(merged.runs, name, out, coverage, unranked=unranked, commands=commands)
    except InvalidResults as error:
        if not merged.conflicts:
            raise
        told = "; ".join(map(str, merged.conflicts))
        raise InvalidResults(
            f"{error.message}; conflicts: {told}",
            "; ".join(filter(None, (error.hint, "--prefer SOURCE decides conflicts"))),
        ) from None
    merged.remarks += without_rank(files[0].parent)
    return files, merged


def _load(folder: Path, remarks: list[str]) -> Contribution:
    if not folder.exists():
        known = "a source is a runs folder or a published leaderboard"
        raise UsageError(f"there is no folder {folder}", known)
    if is_published(folder) and (wrong := validate(folder).errors):
        raise InvalidResults(
            f"{folder} is no valid leaderboard: {wrong[0]}",
            f"`ganbench validate {folder}` lists what is wrong; get it again from whoever made it",
        )
    loaded = load_runs(folder)
    if loaded.runs.frame.empty and (published := leaderboards_in(folder)):
        named = " ".join(map(str, published))
        raise UsageError(f"{folder} is no leaderboard, it holds some", f"name them: {named}")
    remarks += loaded.warnings
    runs = loaded.runs
    if not is_published(folder):
        runs = runs.only(status=set(runs.frame["status"]) - {UNFINISHED})
    return Contribution(str(folder), runs, loaded.coverage)


def _of_one_suite(
    sources: Sequence[Contribution], suite: str | None, remarks: list[str]
) -> tuple[str, Coverage, list[Contribution]]:
    """The suite's name, what its ranks need, and the sources with only its runs."""
    if suite is not None:
        wanted = load_suite(suite)
        coverage = Coverage(tuple(task.name for task in wanted.tasks), wanted.seeds)
        return wanted.name, coverage, [_within(one, wanted, remarks) for one in sources]
    published = [one for one in sources if one.coverage is not None]
    names = {str(name) for one in published for name in one.runs.frame["suite"]}
    if len(names) != 1:
        what = f"of the suites {', '.join(sorted(names))}" if names else "runs folders only"
        raise UsageError(f"these are {what}", "say which suite to publish: --suite NAME or FILE")
    coverages = [one.coverage for one in published if one.coverage is not None]
    tasks = dict.fromkeys(task for one in coverages for task in one.tasks)
    seeds = sorted({seed for one in coverages for seed in one.seeds})
    settings = {setting for one in published for setting in one.runs.frame["setting"]}
    coverage = Coverage(tuple(tasks), tuple(seeds))
    chosen = [_only(one, _covered(one, coverage, settings), remarks) for one in sources]
    return names.pop(), coverage, chosen


def _covered(source: Contribution, coverage: Coverage, settings: Collection[str]) -> pd.Series:
    """Which of a source's runs are of these tasks and seeds, in one of these settings."""
    frame = source.runs.frame
    of_suite = frame["task"].isin(coverage.tasks) & frame["seed"].isin(coverage.seeds)
    return of_suite & frame["setting"].isin(settings)


def _within(source: Contribution, suite: Suite, remarks: list[str]) -> Contribution:
    """A source's runs of a suite; where a spec is not known, task and seed must do."""
    tasks = {task.name for task in suite.tasks}
    columns = (source.runs.frame[name] for name in ("run_id", "task", "seed"))
    specs, belongs = source.runs.specs, membership(suite)
    keep = [
        belongs(specs[run_id]) if run_id in specs else task in tasks and seed in suite.seeds
        for run_id, task, seed in zip(*columns, strict=True)
    ]
    return _only(source, keep, remarks)


def _only(source: Contribution, keep: Any, remarks: list[str]) -> Contribution:
    frame = source.runs.frame.loc[keep].reset_index(drop=True)
    if left_out := len(source.runs.frame) - len(frame):
        remarks.append(f"{counted(left_out, 'run')} in {source.name} left out: not of this suite")
    return replace(source, runs=replace(source.runs, frame=frame))
