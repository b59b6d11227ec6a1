"""The plan: a suite and flags expanded to an ordered list of runs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ganbench.api.errors import MissingData, NothingSelected, UsageError
from ganbench.api.specs import Spec, VariantSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.machine.devices import resolve_device
from ganbench.machine.precision import Precision
from ganbench.planning.budget import Budget
from ganbench.planning.chosen import ChosenData, ChosenTask, choose_data, choose_task
from ganbench.planning.datasets import prepare as prepare_data
from ganbench.planning.expansion import each_once, expand_variants, not_expanded
from ganbench.planning.feasibility import check_task, not_scored, notes_of
from ganbench.planning.prepared import Prepared, prepare
from ganbench.planning.runspec import RunSpec
from ganbench.planning.shard import Shard
from ganbench.planning.suite import DEFAULT_SUITE, Suite, load_suite
from ganbench.wording import typed

ENGINES = ("eager", "stacked")
"""What may take the steps of runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the user asks for.

    Args:
        variants: as typed, ``MODEL+*`` for a model's pairs with all losses; none: those that the
            suite names.
        everything: `--all`: those that the suite names, or all usable ones where it names none;
            `variants` beside them.
        suite: name or file.
        tasks: only these of the suite's.
        seeds: instead of the suite's.
        budget: instead of each task's.
        settings: ``variant.parameter`` -> text, from `--set`.
        device: `auto`, `cpu` or `cuda`.
        memory_bytes: cap on the device's memory.
        threads: CPU threads of every run, instead of the suite's.
        engine: what takes the runs' steps, where it can: `eager` or `stacked`.
        precision: of products in training, instead of the suite's.
        shard: only this part of all runs; None: all of them.

    Raises:
        UsageError: a seed is out of range.
    """

    variants: Sequence[str] = ()
    everything: bool = False
    suite: str = DEFAULT_SUITE
    tasks: Sequence[str] = ()
    seeds: Sequence[int] | None = None
    budget: Budget | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    memory_bytes: int | None = None
    threads: int | None = None
    engine: str = "eager"
    precision: Precision | None = None
    shard: Shard | None = None

    def __post_init__(self) -> None:
        for seed in self.seeds or ():
            if not 0 <= seed < 2**32:
                raise UsageError(f"{seed} is not a seed: seeds are integers from 0 to 2**32 - 1")
        if self.engine not in ENGINES:
            raise UsageError(f"there is no engine {self.engine!r}", f"one of {', '.join(ENGINES)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Runs in the order in which they start, and what was left out, with reasons.

    One seed of everything comes before the next seed of anything, so that an interrupted plan has
    compared all variants on fewer seeds rather than some variants on all of them.

    Args:
        suite: whose tasks these are.
        runs: in order.
        skipped: what was left out, and why.
        notes: what there is to know about the data.
        missing: tasks of which something is not on this machine, by name.
        data: of each task, by name.
        whole: number of runs of which these are a shard; their own where it is all of them.
    """

    suite: Suite
    runs: tuple[RunSpec, ...]
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    missing: Mapping[str, MissingData] = field(default_factory=dict)
    # Specs hold functions that each catalogue loads anew; what counts of them is in the runs.
    data: Mapping[str, ChosenData] = field(default_factory=dict, compare=False)
    whole: int = 0

    @property
    def threads(self) -> int:
        """CPU threads of every run."""
        return self.runs[0].threads

    @property
    def precision(self) -> Precision:
        """Of products in the training of every run."""
        return self.runs[0].precision

    @property
    def left_out(self) -> list[str]:
        """`skipped` for people: the variants that one task has one reason against are one line."""
        told: dict[str, list[str]] = {}
        for line in self.skipped:
            variant, _, why = line.partition(" on ")  # no blank is in a variant's name
            told.setdefault(f" on {why}" if why else "", []).append(variant)
        return [
            f"{', '.join(names)}{why.replace(': it does', ': they do') if len(names) > 1 else why}"
            for why, names in told.items()
        ]

    def require_present(self, runs: Iterable[RunSpec]) -> None:
        """Make sure that all that some runs need is on this machine, before one of them starts.

        Raises:
            MissingData: something is not; the hint says how to get it.
        """
        for spec in runs:
            if spec.task.name in self.missing:
                raise self.missing[spec.task.name]

    def prepare_data(
        self, runs: Iterable[RunSpec], catalogue: Catalogue, tell: Callable[[str], object]
    ) -> None:
        """Let the data sets of some runs do what is done once, before one of them starts.

        Raises:
            UsageError: a data set cannot be loaded.
            PluginNotUsable: its own code fails.
        """
        names = dict.fromkeys(spec.task.name for spec in runs)
        for data in {self.data[name].text: self.data[name] for name in names}.values():
            prepare_data(data.spec, data.arguments, catalogue, tell)


def make_plan(selection: Selection, catalogue: Catalogue) -> Plan:
    """Expand a selection.

    Raises:
        UsageError: a name, setting or budget is wrong.
        PluginNotUsable: a plugin that is needed is not loaded.
        NothingSelected: no run is left.
    """
    suite = load_suite(selection.suite)
    tasks = _tasks(selection, suite, catalogue)
    typed_on = _typed(selection, suite, [task.task.name for task in tasks], catalogue)
    texts = list(dict.fromkeys(text for own in typed_on.values() for text in own))
    variants = expand_variants(texts, selection.settings, suite, catalogue)
    seeds = dict.fromkeys(suite.seeds if selection.seeds is None else selection.seeds)
    skipped = not_expanded(texts, catalogue)
    specs = []
    missing = {task.task.name: error for task in tasks if (error := check_task(task, catalogue))}
    for task in tasks:
        own = (variant for text in typed_on[task.task.name] for variant in variants[text])
        for variant in each_once(own):
            prepared = prepare(variant, task.data.info, catalogue)
            why = prepared if isinstance(prepared, str) else not_scored(task, prepared)
            if why is None:
                assert isinstance(prepared, Prepared)
                specs.append(_spec(prepared, task, selection, suite, catalogue))
            else:
                skipped.append(f"{variant.display} on {task.task.name}: {why}")
    for spec in specs:
        _refuse_unprintable(spec)
    runs = tuple(replace(spec, seed=seed) for seed in seeds for spec in specs)
    if not seeds:
        raise NothingSelected("no seed is named", "name some: --seeds 0-4")
    if not runs:
        raise NothingSelected("nothing is selected to run", "; ".join(skipped) or None)
    ours = selection.shard.of(runs) if selection.shard else runs
    return Plan(
        suite=suite,
        runs=ours,
        skipped=tuple(skipped),
        notes=tuple(dict.fromkeys(note for task in tasks for note in notes_of(task))),
        missing=missing,
        data={task.task.name: task.data for task in tasks},
        whole=len(runs),
    )


def _tasks(selection: Selection, suite: Suite, catalogue: Catalogue) -> list[ChosenTask]:
    """The selected tasks; a data set that several of them name is looked at once."""
    data_of = functools.cache(
        functools.partial(choose_data, catalogue=catalogue, folder=suite.folder)
    )
    tasks = [suite.task(name) for name in dict.fromkeys(selection.tasks)] or suite.tasks
    return [choose_task(task, catalogue, suite.folder, data_of) for task in tasks]


def _refuse_unprintable(spec: RunSpec) -> None:
    """Names and settings stand in tables and records for others to read.

    Raises:
        UsageError: one has a line break, an escape sequence, half a character or the like.
    """
    task = spec.task
    texts = [spec.variant, spec.folder, task.dataset, *task.scores, *task.final_scores]
    texts += task.thresholds
    for text in map(str, (*texts, *spec.parameters.values(), *spec.dataset_parameters.values())):
        if not text.isprintable():
            reason = f"{text!r} has characters that cannot be printed"
            raise UsageError(reason, "rename the file or folder that it names, or type it again")


def _typed(
    selection: Selection, suite: Suite, tasks: Iterable[str], catalogue: Catalogue
) -> dict[str, list[str]]:
    """What is selected on each task, as typed, wildcards included."""
    chosen: dict[str, list[str]] = {}
    for task in tasks:
        own, texts = suite.variants_on(task), tuple(selection.variants)
        if selection.everything:
            texts = (*(own or catalogue.names(VariantSpec.kind)), *texts)
        chosen[task] = list(dict.fromkeys(texts or own))
    if empty := [task for task, texts in chosen.items() if not texts]:
        where = "" if len(empty) == len(chosen) else f" on {', '.join(empty)}"
        raise NothingSelected(
            f"no variant is selected{where}",
            "name some (`ganbench list variants` shows them), or type "
            + typed("run", "--all", "--suite", selection.suite),
        )
    return chosen


def _spec(
    prepared: Prepared, chosen: ChosenTask, selection: Selection, suite: Suite, catalogue: Catalogue
) -> RunSpec:
    task = replace(chosen.task, budget=selection.budget or chosen.task.budget)
    timed = task.budget.kind == "seconds"
    threads = suite.threads if selection.threads is None else selection.threads
    if threads < 1:
        raise UsageError(f"threads is {threads!r}, not a positive number")
    return RunSpec(
        suite=suite.name,
        variant=prepared.variant.display,
        parameters=dict(prepared.parameters),
        task=task,
        dataset_parameters=dict(chosen.data.parameters),
        seed=0,
        dataset_fingerprint=chosen.data.fingerprint,
        memory_bytes=selection.memory_bytes,
        threads=threads,
        precision=selection.precision or suite.precision,
        device=resolve_device(selection.device, remote=True) if timed else None,
        pins=_pins((*prepared.specs, *chosen.specs), catalogue),
        folder=suite.folder,
    )


def _pins(used: Iterable[Spec], catalogue: Catalogue) -> tuple[dict[str, str], ...]:
    pins = {(spec.kind, spec.name): pin_of(spec, catalogue) for spec in used}
    return tuple(pins[key] for key in sorted(pins))


def pin_of(spec: Spec, catalogue: Catalogue) -> dict[str, str]:
    """Exactly which code a spec's name stands for here."""
    plugin = catalogue.plugin_of(spec)
    return {
        "kind": spec.kind,
        "name": spec.name,
        "plugin": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "source_hash": plugin.source_hash,
    }
