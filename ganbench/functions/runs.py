"""Functions that train: what is asked for, what is claimed, and what an author has written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from ganbench.api.arguments import checked
from ganbench.catalogue.plugin_files import NO_CHOICE, plugin_files
from ganbench.execution.conditions import DEFAULTS, Conditions
from ganbench.execution.engines import plan_of
from ganbench.machine.devices import check_device
from ganbench.machine.precision import Precision
from ganbench.planning.budget import Budget, memory_text, parse_memory
from ganbench.planning.plan import Selection
from ganbench.planning.shard import Shard
from ganbench.planning.suite import DEFAULT_SUITE

if TYPE_CHECKING:
    import pandas as pd

    from ganbench.authoring.conformance.results import CheckResult
    from ganbench.results.store import RunStore
    from ganbench.verification.verdict import Verdict


@checked
def run(
    *variants: str,
    everything: bool = False,
    suite: Path | str = DEFAULT_SUITE,
    tasks: Sequence[str] = (),
    seeds: Sequence[int] | None = None,
    budget: str | None = None,
    settings: Mapping[str, str | int | float | bool] | None = None,
    device: str = "auto",
    memory: str | None = None,
    threads: int | None = None,
    engine: str = "eager",
    precision: Precision | None = None,
    shard: str | None = None,
    plugins: Sequence[Path | str | ModuleType] = (),
    track: Sequence[str] = (),
    runs: Path | str = "runs",
    executor: str = DEFAULTS.executor,
    jobs: int | None = DEFAULTS.jobs,
    runs_per_gpu: int = DEFAULTS.runs_per_gpu,
    limit_seconds: float = DEFAULTS.limit_seconds,
    host_memory: str | None = None,
    max_output: str = memory_text(DEFAULTS.output_bytes),
    fresh: bool = DEFAULTS.fresh,
    retry_failed: bool = DEFAULTS.retry_failed,
    fail_fast: bool = DEFAULTS.fail_fast,
    retries: int = DEFAULTS.retries,
    checkpoint_seconds: float = DEFAULTS.checkpoint_seconds,
    keep_checkpoints: bool = DEFAULTS.keep_checkpoints,
    from_finished: bool = DEFAULTS.from_finished,
    progress: bool = True,
) -> pd.DataFrame:
    """Train what is missing of a selection; what `ganbench run` does, with the same options.

    Args:
        variants: names, with parameters in brackets if wanted; none: those that the suite names.
        everything: those that the suite names, or every usable one where it names none.
        suite, tasks, seeds, budget, settings, device, memory, threads, engine, precision, shard: as
            the options of that name; `settings` maps ``variant.parameter`` to a value. One task or
            seed is a list of one.
        plugins: Python files to load as plugins, as `-P` does, by path or as modules imported from
            one. Each is read anew by every call.
        track: names of trackers that are told of the runs, as `--track` takes them.
        runs: folder of the runs.
        executor: where runs run, e.g. ``local``; see `ganbench list executors`.
        jobs: runs at a time; None: one per GPU, or as the cores have threads for.
        runs_per_gpu: runs that share a GPU, if their budgets are counted.
        limit_seconds: wall time of one run.
        host_memory: main memory of one run and all that it starts, e.g. ``8GiB``; None: nine tenths
            of what there is.
        max_output: size of a run's log and other files, checkpoints left out.
        fresh: run again what is finished already.
        retry_failed: run again what ended as error, oom, timeout or killed.
        fail_fast: start no further run once one has failed; those under way go on to their end.
        retries: further tries, from its checkpoint, for a run whose worker has vanished.
        checkpoint_seconds: time between two checkpoints of a run.
        keep_checkpoints: keep the state in which runs end.
        from_finished: go on from finished runs of smaller budgets that have kept it.
        progress: show progress on stderr.

    Returns:
        One row per run, failed ones included, in the columns of a published runs.csv.

    Raises:
        GanbenchError: the request cannot be carried out.
        InvalidResults: a newer ganbench has recorded runs of the plan; all others are done.
    """
    from ganbench.console import talk
    from ganbench.execution.progress import PlainProgress, make_progress
    from ganbench.execution.request import execute
    from ganbench.results.frame import collect
    from ganbench.results.mirrors import runs_folder

    @contextlib.contextmanager
    def silent(total: int, slots: int, store: RunStore) -> Iterator[Any]:
        yield PlainProgress(total, say=lambda message: None)

    conditions = Conditions(
        executor=executor,
        jobs=jobs,
        runs_per_gpu=runs_per_gpu,
        limit_seconds=limit_seconds,
        host_bytes=None if host_memory is None else parse_memory(host_memory),
        output_bytes=parse_memory(max_output),
        retries=retries,
        checkpoint_seconds=checkpoint_seconds,
        keep_checkpoints=keep_checkpoints,
        from_finished=from_finished,
        fresh=fresh,
        retry_failed=retry_failed,
        fail_fast=fail_fast,
        plugins=NO_CHOICE.plus(files=plugin_files(plugins), trackers=track),
    )
    selection = _selection(
        *(variants, everything, suite, tasks, seeds, budget, settings),
        *(device, memory, threads, engine, precision, shard),
    )
    outcome = execute(
        selection,
        conditions,
        runs=runs_folder(runs),
        progress=make_progress if progress else silent,
        remark=talk if progress else lambda message: None,
    )
    outcome.require_readable()
    return collect(outcome.records).under(outcome.plan.suite.name).frame


@checked
def plan(
    *variants: str,
    everything: bool = False,
    suite: Path | str = DEFAULT_SUITE,
    tasks: Sequence[str] = (),
    seeds: Sequence[int] | None = None,
    budget: str | None = None,
    settings: Mapping[str, str | int | float | bool] | None = None,
    device: str = "auto",
    memory: str | None = None,
    threads: int | None = None,
    engine: str = "eager",
    precision: Precision | None = None,
    shard: str | None = None,
    plugins: Sequence[Path | str | ModuleType] = (),
) -> pd.DataFrame:
    """What `run` with the same arguments would run: one row per run with its id. Runs nothing.

    Raises:
        GanbenchError: the request cannot be carried out.
    """
    import pandas as pd

    from ganbench.catalogue.catalogue import open_catalogue
    from ganbench.console import talk

    selection = _selection(
        *(variants, everything, suite, tasks, seeds, budget, settings),
        *(device, memory, threads, engine, precision, shard),
    )
    choice = NO_CHOICE.plus(files=plugin_files(plugins))
    planned = plan_of(selection, open_catalogue(choice, talk, need_files=True))
    for line in (*(f"left out: {one}" for one in planned.left_out), *planned.notes):
        talk(line)
    rows = [(s.run_id, s.variant, s.task.name, s.seed, str(s.task.budget)) for s in planned.runs]
    return pd.DataFrame(rows, columns=["run_id", "variant", "task", "seed", "budget"])


@checked
def prepare(
    *variants: str,
    everything: bool = False,
    suite: Path | str = DEFAULT_SUITE,
    tasks: Sequence[str] = (),
    seeds: Sequence[int] | None = None,
    budget: str | None = None,
    settings: Mapping[str, str | int | float | bool] | None = None,
    device: str = "auto",
    memory: str | None = None,
    threads: int | None = None,
    engine: str = "eager",
    precision: Precision | None = None,
    shard: str | None = None,
    plugins: Sequence[Path | str | ModuleType] = (),
    download: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Fetch and compute what the runs of a selection share, before they start; trains nothing.

    Args:
        download: fetch data and weights that are not on this machine.
        progress: show progress on stderr.
        variants, everything, suite, tasks, seeds, budget, settings, device, memory, threads,
            engine, precision, shard, plugins: as of `run`.

    Returns:
        One row per task, in the columns of `ganbench prepare --json`.

    Raises:
        GanbenchError: there is no plan. That a task is not ready is told in its row.
    """
    import pandas as pd

    from ganbench.console import talk
    from ganbench.execution.preparation import prepare as prepared

    selection = _selection(
        *(variants, everything, suite, tasks, seeds, budget, settings),
        *(device, memory, threads, engine, precision, shard),
    )
    found = prepared(
        selection,
        NO_CHOICE.plus(files=plugin_files(plugins)),
        download=download,
        tell=talk if progress else lambda line: None,
    )
    return pd.DataFrame([one.to_json() for one in found])


@checked
def cancel(
    names: Sequence[str] = (), runs: Path | str = "runs", *, everything: bool = False
) -> list[str]:
    """Ask plans or runs that are under way to keep their state and leave; as `ganbench cancel`.

    Args:
        names: of plans, and ids of runs, or beginnings of these. One is a list of one.
        runs: folder of the runs; whoever works in it obeys, on any machine.
        everything: all that is under way.

    Returns:
        The names of those that were asked.

    Raises:
        UsageError: a name is that of nothing under way, or begins several.
        NothingSelected: nothing is named, or nothing is under way.
    """
    from ganbench.results.cancelling import cancel as asked
    from ganbench.results.mirrors import open_runs

    return asked(open_runs(runs), names, everything=everything)


@checked
def verify(
    run_id: str,
    runs: Path | str = "runs",
    *,
    weights: Path | str | None = None,
    retrain: bool = False,
    executor: str = DEFAULTS.executor,
    limit_seconds: float = DEFAULTS.limit_seconds,
    host_memory: str | None = None,
    plugins: Sequence[Path | str | ModuleType] = (),
) -> Verdict:
    """Recompute a run's scores from its generator, or train it again; as `ganbench verify`.

    Args:
        run_id: of the run, or the beginning of one.
        runs: a runs folder, or the folder of a published leaderboard.
        weights: a generator to judge instead of the one in the run's folder.
        retrain: train it again even if it has left a generator.
        executor: where it is trained again.
        limit_seconds: wall time of that training.
        host_memory: main memory of it, e.g. ``"8GiB"``; None: 90 % of what there is.
        plugins: local Python files to load as plugins.

    Returns:
        Every score as claimed and as found; `verdict.holds` says whether the claim is confirmed.

    Raises:
        UsageError: there is no such run.
        PluginNotUsable: the code that is installed is not the code that was run.
        InvalidResults: the run is damaged, of another protocol, or its weights are not its own.
        GanbenchError: it could not be trained again here, by an accident.
    """
    from ganbench.console import talk
    from ganbench.results.mirrors import runs_folder
    from ganbench.verification.verify import verify_run

    file = None if weights is None else Path(weights)
    conditions = Conditions(
        executor=executor,
        limit_seconds=limit_seconds,
        host_bytes=None if host_memory is None else parse_memory(host_memory),
        plugins=NO_CHOICE.plus(files=plugin_files(plugins)),
    )
    return verify_run(
        run_id, runs_folder(runs), weights=file, retrain=retrain, conditions=conditions, remark=talk
    )


@checked
def check(
    name: str,
    kind: str | None = None,
    *,
    device: Literal["cpu", "cuda"] = "cpu",
    expected_failures: Mapping[str, str] | None = None,
    plugins: Sequence[Path | str | ModuleType] = (),
) -> list[CheckResult]:
    """Check whether a plugin keeps the contract; what `ganbench check` does.

    Args:
        name: of the plugin, with parameters if wanted; or a ``MODEL+LOSS`` pair.
        kind: `variant`, `loss`, `model`, `dataset`, `score` or `extractor`; None: the one that has
            that name, a variant first.
        device: where it is trained.
        expected_failures: id of a check that is known to fail -> why.
        plugins: local Python files to load as plugins.

    Returns:
        One result per check of that kind, in a fixed order.

    Raises:
        GanbenchError: there is no such plugin, kind or check.
    """
    from ganbench.authoring.conformance.runner import check as checks_of

    choice = NO_CHOICE.plus(files=plugin_files(plugins))
    return checks_of(name, kind, device, expected_failures=expected_failures, plugins=choice)


def _selection(
    variants: tuple[str, ...],
    everything: bool,
    suite: Path | str,
    tasks: Sequence[str],
    seeds: Sequence[int] | None,
    budget: str | None,
    settings: Mapping[str, str | int | float | bool] | None,
    device: str,
    memory: str | None,
    threads: int | None,
    engine: str,
    precision: Precision | None,
    shard: str | None,
) -> Selection:
    return Selection(
        variants=variants,
        everything=everything,
        suite=str(suite),
        tasks=tasks,
        seeds=seeds,
        budget=None if budget is None else Budget.parse(budget),
        settings={key: str(value) for key, value in (settings or {}).items()},
        device=check_device(device),
        memory_bytes=None if memory is None else parse_memory(memory),
        threads=threads,
        engine=engine,
        precision=precision,
        shard=None if shard is None else Shard.parse(shard),
    )
