"""Suites: named lists of tasks, variants and seeds, in TOML."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from ganbench.api.errors import UsageError, did_you_mean
from ganbench.api.parameters import Value
from ganbench.api.specs import NAME_PATTERN
from ganbench.planning.budget import Budget
from ganbench.planning.references import display_name, parse_reference, parse_seeds
from ganbench.storage.reading import read_file

DEFAULT_SUITE = "starter"
T = TypeVar("T")

SUITE_KEYS = frozenset({"name", "description", "tasks", "seeds", "variants", "grid"})
VARIANT_KEYS = frozenset({"name", "parameters", "grid"})
TASK_KEYS = frozenset(
    {
        *("name", "dataset", "budget", "scores", "final_scores", "fakes", "split"),
        *("evaluations", "labels"),
    }
)

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
        labels: law of the classes that conditional generators are asked for: `train`: as in the
            train split; `balanced`: all alike.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named list of tasks, with the variants and seeds to run.

    Args:
        name, description: for people.
        tasks: at least one.
        seeds: of every variant on every task.
        variants: as typed, those of a table with parameters and a grid of their own spelled out;
            none: all there are.
        grid: parameter -> its values. Every variant is run with every combination.
    """

    name: str
    description: str
    tasks: tuple[Task, ...]
    seeds: tuple[int, ...]
    variants: tuple[str, ...] = field(default=())
    grid: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def task(self, name: str) -> Task:
        """The task of that name.

        Raises:
            UsageError: the suite has none.
        """
        for task in self.tasks:
            if task.name == name:
                return task
        names = [task.name for task in self.tasks]
        raise UsageError(f"suite {self.name} has no task {name!r}", did_you_mean(name, names))


def embedded_suites() -> list[str]:
    """Names of the suites that ganbench carries."""
    names = (entry.name for entry in _EMBEDDED.iterdir())
    return sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


def load_suite(name_or_file: str) -> Suite:
    """An embedded suite by name, or a suite from a TOML file.

    Raises:
        UsageError: there is no such suite, or the file is no valid suite.
    """
    if name_or_file in embedded_suites():
        text = (_EMBEDDED / f"{name_or_file}.toml").read_text("utf-8")
        return parse_suite(text, name_or_file)
    try:
        text = read_file(Path(name_or_file)).decode("utf-8")
    except FileNotFoundError:
        hint = did_you_mean(Path(name_or_file).name, embedded_suites())
        raise UsageError(f"no suite and no file is named {name_or_file!r}", hint) from None
    except OSError as error:
        raise UsageError(f"suite file {name_or_file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"suite file {name_or_file} cannot be read: {error}") from None
    return parse_suite(text, name_or_file)


def parse_suite(text: str, source: str) -> Suite:
    """Read a suite from TOML.

    Raises:
        UsageError: naming `source`, the key and what was expected.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: of huge integers
        raise UsageError(f"suite {source} is no valid TOML: {error}") from None
    _check_keys(table, SUITE_KEYS, source)
    name = _identifier(table, "name", source)
    entries = _typed(table, "tasks", list, source)
    tasks = tuple(_task(entry, f"{source}: task {i + 1}") for i, entry in enumerate(entries))
    names = [task.name for task in tasks]
    if not tasks or len(set(names)) != len(names):
        raise UsageError(f"suite {source} needs at least one task, each with a name of its own")
    return Suite(
        name=name,
        description=_typed(table, "description", str, source, ""),
        tasks=tasks,
        seeds=_parsed(parse_seeds, table, "seeds", source, "0-4"),
        variants=_variants(table, source),
        grid=_grid(_typed(table, "grid", dict, source, {}), source),
    )


def _variants(table: Mapping[str, Any], source: str) -> tuple[str, ...]:
    texts: list[str] = []
    for number, entry in enumerate(_typed(table, "variants", list, source, []), start=1):
        if isinstance(entry, str):
            texts.append(entry)
        elif isinstance(entry, dict):
            texts += _spelled_out(entry, f"{source}: variant {number}")
        else:
            hint = 'write it as "wgan-gp", or under a [[variants]] heading'
            raise UsageError(f"{source}: variant {number} is {entry!r}, not a name or table", hint)
    return tuple(dict.fromkeys(texts))


def _spelled_out(entry: Mapping[str, Any], source: str) -> list[str]:
    """A variant at every point of its own grid, as people would type it."""
    _check_keys(entry, VARIANT_KEYS, source)
    name = _typed(entry, "name", str, source)
    fixed = _typed(entry, "parameters", dict, source, {})
    grid = _grid(_typed(entry, "grid", dict, source, {}), source)
    axes = {**_grid({key: [value] for key, value in fixed.items()}, source, "parameters"), **grid}
    if both := fixed.keys() & grid.keys():
        raise UsageError(f"{source}: {min(both)} stands in parameters and in grid")
    reference = parse_reference(name)
    if reference.settings and axes:
        raise UsageError(f"{source}: {name!r} has settings in brackets", "put them in parameters")
    if any(
        isinstance(one, str) and set(one) & set(",[]") for axis in axes.values() for one in axis
    ):
        raise UsageError(f"{source}: a parameter's text may have no comma or bracket")
    points = (dict(zip(axes, point, strict=True)) for point in itertools.product(*axes.values()))
    return [display_name(name, point) for point in points]


def _grid(
    table: Mapping[str, Any], source: str, what: str = "grid"
) -> dict[str, tuple[Value, ...]]:
    for name, values in table.items():
        if not isinstance(values, list) or not values:
            hint = 'write it as lr_scale = ["1/3", 1, 3]'
            if isinstance(values, dict):  # to TOML, a dot opens a table
                hint = f'put a name with dots in quotes: "{name}.{next(iter(values), "")}" = [1, 3]'
            raise UsageError(f"{source}: {what}.{name} is {values!r}, not a list of values", hint)
        if not all(isinstance(value, Value) for value in values):
            raise UsageError(f"{source}: {what}.{name} may only hold numbers, strings and booleans")
    return {name: tuple(values) for name, values in table.items()}


def _task(entry: Any, source: str) -> Task:
    if not isinstance(entry, dict):
        raise UsageError(f"{source} is not a table", "write each task under a [[tasks]] heading")
    _check_keys(entry, TASK_KEYS, source)
    split = _typed(entry, "split", str, source, "heldout")
    if split not in ("heldout", "train"):
        raise UsageError(f"{source}: split is {split!r}, not heldout or train")
    labels = _typed(entry, "labels", str, source, "train")
    if labels not in ("train", "balanced"):
        raise UsageError(f"{source}: labels is {labels!r}, not train or balanced")
    scores = _strings(entry, "scores", source)
    if not scores:
        raise UsageError(f"{source}: scores must name at least one score")
    return Task(
        name=_identifier(entry, "name", source),
        dataset=_typed(entry, "dataset", str, source),
        budget=_parsed(Budget.parse, entry, "budget", source),
        scores=scores,
        final_scores=_strings(entry, "final_scores", source),
        fakes=_count(entry, "fakes", source, 10_000, low=2, high=1_000_000),
        split=split,
        evaluations=_count(entry, "evaluations", source, 10, low=1, high=1000),
        labels=labels,
    )


def _check_keys(table: Mapping[str, Any], known: frozenset[str], source: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{source}: unknown key {key!r}", did_you_mean(key, known))


_REQUIRED = object()
_CALLED = {str: "a string", int: "an integer", list: "an array", dict: "a table"}


def _typed(
    table: Mapping[str, Any], key: str, wanted: type, source: str, default: Any = _REQUIRED
) -> Any:
    value = table.get(key, default)
    if value is _REQUIRED:
        raise UsageError(f"{source}: the key {key!r} is missing")
    if not isinstance(value, wanted) or isinstance(value, bool):
        hint = "write it in quotes" if wanted is str else None
        raise UsageError(f"{source}: {key} is {value!r}, not {_CALLED[wanted]}", hint)
    return value


def _parsed(
    parse: Callable[[str], T],
    table: Mapping[str, Any],
    key: str,
    source: str,
    default: Any = _REQUIRED,
) -> T:
    text = _typed(table, key, str, source, default)
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"{source}: {error.message}", error.hint) from None


def _strings(table: Mapping[str, Any], key: str, source: str) -> tuple[str, ...]:
    values = _typed(table, key, list, source, [])
    if not all(isinstance(value, str) for value in values):
        raise UsageError(f"{source}: {key} must be a list of strings")
    return tuple(values)


def _identifier(table: Mapping[str, Any], key: str, source: str) -> str:
    value: str = _typed(table, key, str, source)
    if not NAME_PATTERN.fullmatch(value):
        allowed = "lower-case letters, digits, '.', '_' and '-'"
        raise UsageError(f"{source}: {key} is {value!r}; it may only have {allowed}")
    return value


def _count(
    table: Mapping[str, Any], key: str, source: str, default: int, *, low: int, high: int
) -> int:
    value: int = _typed(table, key, int, source, default)
    if not low <= value <= high:
        raise UsageError(f"{source}: {key} is {value}, outside [{low}, {high}]")
    return value
