"""Publishing those runs of a folder that belong to a suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from ganbench.api.errors import NothingSelected
from ganbench.planning.suite import Suite, load_suite
from ganbench.publishing.eligibility import Commands
from ganbench.publishing.membership import foreignness, membership
from ganbench.publishing.publish import publish, without_rank
from ganbench.results.frame import collect
from ganbench.results.mirrors import open_runs
from ganbench.results.record import Record
from ganbench.tables.coverage import Coverage
from ganbench.tables.grouping import one_per_seed
from ganbench.tables.twins import twin_notes
from ganbench.wording import counted


def publish_suite(
    runs: Path, suite: str, out: Path, *, unranked: bool, remark: Callable[[str], None]
) -> list[Path]:
    """Write the leaderboard of a suite from a runs folder; return its files.

    Args:
        runs: the folder. Runs of other tasks, budgets or seeds are left out, and told.
        suite: name or TOML file.
        out: a folder named like the suite is made in it.
        unranked: publish what may not be ranked as well.
        remark: takes lines of talk.

    Raises:
        NothingSelected: no run belongs to the suite.
        InvalidResults: something may not be ranked, and `unranked` is not set.
        GanbenchError: a folder cannot be read or written to.
    """
    wanted = load_suite(suite)
    contents = open_runs(runs).read_all()
    for warning in contents.warnings:
        remark(f"warning: {warning}")
    records, coverage = of_suite(contents.records, wanted)
    commands, left_out = Commands.of(suite, runs, out), _left_out(contents.records, wanted)
    if not records:
        raise NothingSelected(
            f"no finished run in {runs} belongs to the suite {wanted.name}"
            + (f": {left_out}" if left_out else ""),
            f"`{commands.run} --all` makes them",
        )
    if left_out:
        remark(f"left out: {left_out}")
    taken, twins = one_per_seed(collect(records).under(wanted.name))
    for line in twin_notes(twins):
        remark(line)
    files = publish(taken, wanted.name, out, coverage, unranked=unranked, commands=commands)
    remark(f"{counted(len(taken.frame), 'run')} published")
    for line in without_rank(files[0].parent):
        remark(line)
    return files


def _left_out(records: Iterable[Record], suite: Suite) -> str:
    """How many runs are none of a suite's, and why: ``3 runs with budget 30steps, not 2PFLOP``."""
    foreign = foreignness(suite)
    reasons = [one for record in records if (one := foreign(record["spec"]))]
    return "; ".join(f"{counted(n, 'run')} {why}" for why, n in Counter(reasons).most_common())


def of_suite(records: Iterable[Record], suite: Suite) -> tuple[list[Record], Coverage]:
    """The runs of a suite's tasks and seeds, exactly as it defines them, and what a rank needs."""
    coverage = Coverage(tasks=tuple(task.name for task in suite.tasks), seeds=suite.seeds)
    belongs = membership(suite)
    return [record for record in records if belongs(record["spec"])], coverage
