"""Suites: named lists of tasks, variants and seeds, in TOML."""

from __future__ import annotations

import contextlib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import resources
from itertools import chain, product
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.parameters import Value
from ganbench.api.specs import NAME_PATTERN
from ganbench.machine.precision import Precision
from ganbench.planning.budget import Budget
from ganbench.planning.claims import Claim
from ganbench.planning.references import display_name, parse_reference, parse_seeds
from ganbench.storage.parsing import TOML, Mismatch, as_type
from ganbench.storage.reading import read_file

DEFAULT_SUITE = "starter"

Grid = dict[str, Annotated[tuple[Value, ...], Meta(min_length=1)]]
"""Parameter -> its values."""

WITH = "with"
"""The axis of a grid whose values are techniques: ``with = ["", "r1:10", "r1:10+pac:2"]``."""

_EMBEDDED = resources.files("ganbench.planning") / "suites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A data set, a budget and a scoring protocol.

    Args:
        name: unique in its suite.
        dataset: reference to a data set, e.g. ``digits`` or ``images:PATH[side=32]``.
        budget: of every run on this task.
        scores: references to scores computed at every evaluation. Stability is judged by the
            first measurement that has a floor and a cap.
        final_scores: references to scores computed at the end of the budget only.
        fakes: generated samples per evaluation.
        split: the real side of every score, `heldout` or `train`.
        evaluations: number of evaluations, at equal fractions of the budget.
        labels: law of the classes that conditional generators are asked for, in evaluations and in
            their own training steps: `train`: as in the train split; `balanced`: all alike.
        thresholds: name of a measurement -> what it must reach where the primary distance says
            that a variant is nearer to the data than to a trivial generator, as that distance may
            be blind there. A variant that misses one is not ranked.
        controls: names of variants that its tables must show, since a number of a GAN says little
            there without theirs: tables without them say so, and are not published with ranks.
    """

    name: str
    dataset: str
    budget: Budget
    scores: tuple[str, ...]
    final_scores: tuple[str, ...] = ()
    fakes: int = 10_000
    split: str = "heldout"
    evaluations: int = 10
    labels: str = "train"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    controls: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as specs of runs have it; controls only where there are any."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        if not self.controls:  # as of tasks that can be read without any
            del plain["controls"]
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named list of tasks, with the variants and seeds to run.

    Args:
        name, description: for people.
        tasks: at least one.
        seeds: of every variant on every task.
        variants: as typed, those of a table with parameters and a grid of their own spelled out;
            none: all there are.
        task_variants: task -> those that it names in their place, where it names some.
        grid: parameter -> its values. Every variant is run with every combination.
        threads: CPU threads of every run.
        precision: of products in the training of every run.
        claims: published results that its runs are put beside.
        folder: of its file, which paths in it are relative to; empty: it is from no file.
    """

    name: str
    description: str
    tasks: tuple[Task, ...]
    seeds: tuple[int, ...]
    variants: tuple[str, ...] = field(default=())
    task_variants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grid: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    threads: int = 1
    precision: Precision = "float32"
    claims: tuple[Claim, ...] = ()
    folder: str = ""

    def variants_on(self, task: str) -> tuple[str, ...]:
        """Those that run on the task of that name; none: all there are."""
        return self.task_variants.get(task, self.variants)

    def task(self, name: str) -> Task:
        """The task of that name.

        Raises:
            UsageError: the suite has none.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        names = [task.name for task in self.tasks]
        several = all(one.strip() in names for one in name.split(","))
        hint = "repeat the option for each of several" if several else did_you_mean(name, names)
        raise UsageError(f"suite {self.name} has no task {name!r}", hint)


class TaskTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Task` as it is written under `[[tasks]]`."""

    name: str
    dataset: str
    budget: str
    scores: Annotated[tuple[str, ...], Meta(min_length=1)]
    final_scores: tuple[str, ...] = ()
    fakes: Annotated[int, Meta(ge=2, le=1_000_000)] = 10_000
    split: Literal["heldout", "train"] = "heldout"
    evaluations: Annotated[int, Meta(ge=1, le=1000)] = 10
    labels: Literal["train", "balanced"] = "train"
    controls: tuple[str, ...] = ()
    thresholds: dict[str, Annotated[float, Meta(ge=-1e300, le=1e300)]] = {}
    variants: list[str | VariantTable] = []


class VariantTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variant as it is written under `[[variants]]`: run at every point of its own grid."""

    name: str
    parameters: dict[str, Value] = {}
    grid: Grid = {}


class SuiteTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Suite` as it is written."""

    name: str
    tasks: list[TaskTable]
    description: str = ""
    seeds: str = "0-4"
    variants: list[str | VariantTable] = []
    grid: Grid = {}
    threads: Annotated[int, Meta(ge=1)] = 1
    precision: Precision = "float32"
    claims: tuple[Claim, ...] = ()


def embedded_suites() -> list[str]:
    """Names of the suites that ganbench carries."""
    names = (entry.name for entry in _EMBEDDED.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def typed_suite(name: str) -> str:
    """What stands behind ``--suite`` for a suite of this name: FILE, where it is not embedded."""
    return name if name in embedded_suites() else "FILE"


def load_suite(name_or_file: str) -> Suite:
    """An embedded suite by name, or a suite from a TOML file.

    Raises:
        UsageError: there is no such suite, or the file is no valid suite.
    """
    if name_or_file in embedded_suites():
        text = (_EMBEDDED / f"{name_or_file}.toml").read_text("utf-8")
        return parse_suite(text, name_or_file)
    try:
        text = read_file(Path(name_or_file)).decode("utf-8-sig")
    except FileNotFoundError:
        hint = did_you_mean(Path(name_or_file).name, embedded_suites())
        raise UsageError(f"no suite and no file is named {name_or_file!r}", hint) from None
    except OSError as error:
        raise UsageError(f"suite file {name_or_file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"suite file {name_or_file} cannot be read: {error}") from None
    folder = str(Path(name_or_file).absolute().parent)
    return replace(parse_suite(text, name_or_file), folder=folder)


def parse_suite(text: str, source: str) -> Suite:
    """Read a suite from TOML.

    Raises:
        UsageError: naming `source`, the key and what was expected.
    """
    try:
        table = as_type(tomllib.loads(text), SuiteTable, "", TOML)
    except Mismatch as mismatch:
        raise UsageError(f"{source}: {_numbered(str(mismatch))}", _hint(mismatch)) from None
    except (ValueError, RecursionError) as error:  # ValueError: of huge integers
        raise UsageError(f"suite {source} is no valid TOML: {error}") from None
    with _located(source):
        suite = Suite(
            name=_identifier(table.name),
            description=table.description,
            tasks=tuple(_task(task, number) for number, task in enumerate(table.tasks, start=1)),
            seeds=parse_seeds(table.seeds),
            variants=_variants(table.variants),
            task_variants=_task_variants(table.tasks),
            grid=table.grid,
            threads=table.threads,
            precision=table.precision,
            claims=table.claims,
        )
    names = [task.name for task in suite.tasks]
    if not names:
        raise UsageError(f"suite {source} has no task", "write each under a [[tasks]] heading")
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"suite {source} has two tasks of the name {name!r}", "rename one")
    _refuse_two_scales(suite, source)
    for number, claim in enumerate(suite.claims, start=1):
        with _located(f"{source}: claim {number}"):
            suite.task(claim.task)
            claim.check()
    return suite


def _refuse_two_scales(suite: Suite, source: str) -> None:
    """A budget of time is one of a device: no ranking takes such tasks together with others.

    Raises:
        UsageError: some tasks have budgets of time, and some have not.
    """
    timed = [task.name for task in suite.tasks if task.budget.kind == "seconds"]
    if timed and len(timed) < len(suite.tasks):
        raise UsageError(
            f"suite {source} has budgets of time ({', '.join(timed)}) and others, which no ranking "
            "takes together",
            "give all tasks one sort of budget, or make two suites of them",
        )


def _task(table: TaskTable, number: int) -> Task:
    with _located(f"task {number}"):
        return Task(
            name=_identifier(table.name),
            dataset=table.dataset,
            budget=Budget.parse(table.budget),
            scores=table.scores,
            final_scores=table.final_scores,
            fakes=table.fakes,
            split=table.split,
            evaluations=table.evaluations,
            labels=table.labels,
            thresholds=table.thresholds,
            controls=table.controls,
        )


def _variants(entries: Iterable[str | VariantTable]) -> tuple[str, ...]:
    texts: list[str] = []
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, str):
            texts.append(entry)
        else:
            with _located(f"variant {number}"):
                texts += _points_of(entry)
    return tuple(dict.fromkeys(texts))


def _task_variants(tables: Iterable[TaskTable]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for number, table in enumerate(tables, start=1):
        if table.variants:
            with _located(f"task {number}"):
                found[table.name] = _variants(table.variants)
    return found


def _points_of(table: VariantTable) -> list[str]:
    """A variant at every point of its own grid, as people would type it."""
    axes = {**{name: (value,) for name, value in table.parameters.items()}, **table.grid}
    if both := table.parameters.keys() & table.grid.keys():
        raise UsageError(f"{min(both)} stands in parameters and in grid")
    if parse_reference(table.name).settings and axes:
        raise UsageError(f"{table.name!r} has settings in brackets", "put them in parameters")
    if any(isinstance(one, str) and set(one) & set(",[]") for one in chain(*axes.values())):
        raise UsageError("a parameter's text may have no comma or bracket")
    points = (dict(zip(axes, point, strict=True)) for point in product(*axes.values()))
    return [_typed(table.name, point) for point in points]


def _typed(name: str, point: dict[str, Value]) -> str:
    techniques = str(point.pop(WITH, ""))
    return display_name(f"{name}+{techniques}" if techniques else name, point)


def _identifier(name: str) -> str:
    if not NAME_PATTERN.fullmatch(name):
        allowed = "lower-case letters, digits, '.', '_' and '-'"
        raise UsageError(f"name is {name!r}; it may only have {allowed}")
    return name


@contextlib.contextmanager
def _located(place: str) -> Iterator[None]:
    """Put a place before what is wrong there."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", error.hint) from None


def _numbered(message: str) -> str:
    """``tasks[0].budget is 3, ...`` as people count: ``task 1: budget is 3, ...``."""
    return re.sub(
        r"(?:^|(?<=\]\.))(task|variant|claim)s\[(\d+)\](\.?)",
        lambda match: f"{match[1]} {int(match[2]) + 1}{': ' if match[3] else ''}",
        message,
    )


def _hint(mismatch: Mismatch) -> str | None:
    match mismatch.place:
        case ("tasks",) | ("tasks", int()):
            return "write each task under a [[tasks]] heading"
        case (*_, "variants", int()):
            return 'write it as "wgan-gp", or under a [[variants]] heading'
        case ("claims", int()):
            return "write each published result under a [[claims]] heading"
        case (*_, "grid", str(name)):
            if isinstance(mismatch.value, dict):  # to TOML, a dot opens a table
                key = f"{name}.{next(iter(mismatch.value), '')}"
                return f'put a name with dots in quotes: "{key}" = [1, 3]'
            return 'write it as lr_scale = ["1/3", 1, 3]'
        case _ if isinstance(mismatch.value, str) and mismatch.problem.endswith("not an array"):
            return f'write it in brackets: ["{mismatch.value}"]'
    return mismatch.hint
