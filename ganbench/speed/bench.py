"""Every variant of a selection, timed by every engine and by hand: what `ganbench bench` shows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from ganbench.api.errors import GanbenchError
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.fast_paths import require_fast_path
from ganbench.execution.request import planned
from ganbench.machine.devices import torch_device
from ganbench.machine.precision import Precision, product_speed, stopwatch
from ganbench.machine.threads import require_threads
from ganbench.planning.plan import Selection
from ganbench.planning.runspec import RunSpec
from ganbench.speed.apart import Order, apart
from ganbench.speed.costs import Costs, costs, peak_bytes
from ganbench.speed.engines import ENGINES
from ganbench.speed.loops import terms_of
from ganbench.speed.subject import Subject
from ganbench.speed.trained import Trained
from ganbench.speed.turns import ratio, take_turns
from ganbench.speed.ways import LOOPS, ways_of
from ganbench.training.precision import products
from ganbench.wording import duration

ROUNDS = 15
"""Turns of each way to train."""

FIRST = next(iter(ENGINES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Raced:
    """Ways to train that took turns in one process.

    Args:
        seconds: of a step of one run, by way and round.
        flops_per_step: as budgets count them.
        limit: FLOP/s that float32 matrix products reached there.
        no_loop: why none is written by hand for it; None: they are among the ways.
    """

    seconds: dict[str, list[float]]
    flops_per_step: float
    limit: float
    no_loop: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One engine on one variant and task. Ratios are our time or memory over another's.

    Args:
        variant, task, engine: which.
        precision: in which engines train; loops written by hand train in float32.
        steps_per_second: generator steps with what belongs to them, of all runs that it trains at a
            time.
        over_bare, over_textbook: time of a step over that of loops written by hand; None: there are
            none, and `no_loop` says why.
        flops_per_step: as budgets count them.
        share_of_limit: FLOPs per second over `limit`.
        limit: FLOP/s that matrix products reach here, on those threads.
        start_seconds: from asking for a process to the end of the first step, with what runs share
            in the cache.
        evaluation_seconds: of one evaluation at a mark of the budget.
        peak_bytes: that training takes, beside libraries and stored samples; of all runs that it
            trains at a time.
        memory_over_bare: these over the bare loop's.
        no_loop: why there is nothing to compare with.
        error: why it was not measured, if it was not.
    """

    variant: str
    task: str
    engine: str
    precision: Precision = "float32"
    steps_per_second: float | None = None
    over_bare: float | None = None
    over_textbook: float | None = None
    flops_per_step: float | None = None
    share_of_limit: float | None = None
    limit: float | None = None
    start_seconds: float | None = None
    evaluation_seconds: float | None = None
    peak_bytes: int | None = None
    memory_over_bare: float | None = None
    no_loop: str | None = None
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def bench(
    selection: Selection,
    plugins: PluginChoice,
    *,
    rounds: int = ROUNDS,
    tell: Callable[[str], None],
) -> list[Row]:
    """Measure every variant of a selection on its tasks; one that fails keeps no other from it.

    Args:
        selection: its seeds and budgets do not matter.
        plugins: which ones to load.
        rounds: turns of each way to train; ratios are medians over them.
        tell: takes lines of talk: what is being measured, and what came of it.

    Raises:
        GanbenchError: there is no plan, or what it needs is not on this machine.
    """
    plan, catalogue = planned(selection, plugins, tell)
    require_threads(plan.threads)
    require_fast_path(plan.precision, selection.device, plan.threads)
    plan.require_present(plan.runs)
    plan.prepare_data(plan.runs, catalogue, tell)
    specs = list({(spec.variant, spec.task.name): spec for spec in plan.runs}.values())
    device, rows, ready = torch_device(selection.device), [], set[str]()
    for number, spec in enumerate(specs, start=1):
        told = f"[{number}/{len(specs)}] {spec.variant} on {spec.task.name}"
        order = Order(spec=spec, plugins=plugins, device=device)
        if spec.task.name not in ready:  # what runs share is in the cache when they start
            ready.add(spec.task.name)
            tell(f"{told}: what runs on {spec.task.name} share")
            with suppress(GanbenchError):  # told where it is measured
                apart(costs, order)
        rows += _rows(order, rounds, partial(_tell, tell, told))
    return rows


def _tell(tell: Callable[[str], None], about: str, line: str) -> None:
    tell(f"{about}: {line}")


def race(rounds: int, subject: Subject, asked: float) -> Raced:
    """Let all ways to train a subject take turns in this process.

    Args:
        rounds: turns of each.
        subject: what is trained.
        asked: when the process was asked for.
    """
    device, threads = subject.device, subject.spec.threads
    if subject.players.recipe.training.fitted:
        raise GanbenchError(f"{subject.spec.variant} is fitted at once: it takes no steps")
    with tempfile.TemporaryDirectory() as folder:
        ways = {name: make() for name, make in ways_of(subject, Path(folder)).items()}
        before = product_speed("float32", device)
        with products(subject.spec.precision):
            seconds = take_turns(ways, rounds, stopwatch(device, threads))
        limit = max(before, product_speed("float32", device))
    first = ways[FIRST]
    assert isinstance(first, Trained)
    terms = terms_of(subject)
    return Raced(
        seconds=seconds,
        flops_per_step=first.flops_per_step,
        limit=limit,
        no_loop=terms if isinstance(terms, str) else None,
    )


def _rows(order: Order, rounds: int, tell: Callable[[str], None]) -> list[Row]:
    spec = order.spec
    try:
        raced = apart(partial(race, rounds), order)
        first, *_ = raced.seconds.values()
        tell(f"{1 / median(first):.4g} steps/s; its start, evaluation and memory next")
        memory = {way: apart(partial(peak_bytes, way), order) for way in raced.seconds}
        beside = apart(costs, order)
    except GanbenchError as error:
        tell(f"not measured: {error}")
        return [Row(**_named(spec, FIRST), error=str(error))]
    tell(raced.no_loop or f"done, {duration(beside.start_seconds)} to start")
    return [
        _row(spec, engine, raced, memory, beside) for engine in ENGINES if engine in raced.seconds
    ]


def _named(spec: RunSpec, engine: str) -> dict[str, Any]:
    """What a row is about."""
    about = {"variant": spec.variant, "task": spec.task.name, "engine": engine}
    return {**about, "precision": spec.precision}


def _row(spec: RunSpec, engine: str, raced: Raced, memory: dict[str, int], beside: Costs) -> Row:
    ours = raced.seconds[engine]
    over = {way: ratio(ours, raced.seconds[way]) for way in LOOPS if way in raced.seconds}
    per_second = raced.flops_per_step / median(ours)
    return Row(
        **_named(spec, engine),
        steps_per_second=1 / median(ours),
        over_bare=over.get("bare"),
        over_textbook=over.get("textbook"),
        flops_per_step=raced.flops_per_step,
        share_of_limit=per_second / raced.limit,
        limit=raced.limit,
        start_seconds=beside.start_seconds,
        evaluation_seconds=beside.evaluation_seconds,
        peak_bytes=memory[engine],
        memory_over_bare=memory[engine] / memory["bare"] if memory.get("bare") else None,
        no_loop=raced.no_loop,
    )
