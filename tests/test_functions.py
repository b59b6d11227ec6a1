"""The verbs as functions: thin, and with the numbers that the verbs print."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

import ganbench
from ganbench import authoring, functions
from ganbench.cli.main import VERBS
from ganbench.results.store import RunStore

from .results.synthetic import spec, starter

Cli = Callable[..., "CompletedProcess[str]"]

ONLY_TYPED = {"list", "info", "plugins", "new", "config", "completion", "clean", "doctor", "bench"}
"""Verbs about this installation, not about runs: what they print is what they are for."""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Finished runs, and one that was planned and has no record."""
    store = RunStore(tmp_path / "runs")
    for record in starter():
        store.write(record)
    planned = spec("dcgan", "ring8", 99)
    store.create(planned.run_id, planned.to_json())
    return store.root


def test_every_other_verb_is_a_function() -> None:
    assert {verb for verb in VERBS if callable(getattr(ganbench, verb, None))} == (
        set(VERBS) - ONLY_TYPED
    )


def test_table_has_the_numbers_that_are_printed(runs: Path, ganbench_cli: Cli) -> None:
    printed = json.loads(ganbench_cli("table", "--json", "--runs", str(runs)).stdout)["tables"]
    made = ganbench.table(runs)
    assert [title.partition(" (")[0] for title in made] == [table["title"] for table in printed]
    assert any(title.startswith("starter: distance to the data (digits") for title in made)
    for table, frame in zip(printed, made.values(), strict=True):
        assert len(frame) == len(table["rows"])
        for index, heading in enumerate(table["headings"]):
            unit = f" [{heading['unit']}]" if heading["unit"] else ""
            cells = [row["cells"][index] for row in table["rows"]]
            for part, key in (("", "value"), (" low", "low"), (" high", "high")):
                wanted = [cell[key] for cell in cells]
                if part == "" or any(limit is not None for limit in wanted):
                    found = frame[f"{heading['name']}{unit}{part}"].astype(object)
                    assert found.where(found.notna(), None).tolist() == wanted


def test_a_table_of_some_runs(runs: Path) -> None:
    made = ganbench.table(runs, tasks=["ring8"], variants=["vanilla"])
    ranking = next(frame for title, frame in made.items() if title.endswith("ranking"))
    assert ranking["variant"].tolist() == ["vanilla"]
    with pytest.raises(ganbench.NothingSelected):
        ganbench.table(runs, tasks=["none"])


def test_status_tells_of_every_run(runs: Path, ganbench_cli: Cli) -> None:
    frame = ganbench.status(runs)
    printed = json.loads(ganbench_cli("status", "--json", "--runs", str(runs)).stdout)
    assert frame.to_dict("records") == printed
    assert frame.set_index("seed").loc[99, "status"] == "unfinished"
    assert list(ganbench.status(runs).columns) == list(printed[0])


def test_show_is_the_record(runs: Path) -> None:
    record = starter()[0]
    assert ganbench.show(record["run_id"], runs) == record
    with pytest.raises(ganbench.UsageError, match="has not ended yet"):
        ganbench.show(spec("dcgan", "ring8", 99).run_id, runs)


def test_check_gives_a_result_for_every_check() -> None:
    results = ganbench.check("digits", "dataset")
    assert {result.status for result in results} <= {"passed", "skipped"}
    with pytest.raises(ganbench.UsageError):
        ganbench.check("no-such-plugin")


PUBLIC: dict[str, Any] = {name: getattr(functions, name) for name in functions.__all__} | {
    "new": authoring.new,
    "authoring.check": authoring.check,
    "parametrize_checks": authoring.parametrize_checks,
}

NEEDED = {"run_id": "x", "out": "out", "path": "x", "name": "x", "kind": "loss", "fake": "x"}
"""Of arguments without a default."""

WRONG = {
    "str": [3, b"x", ["x"]],
    "int": ["1", 0.5, True],
    "float": ["1", True],
    "bool": [1, "yes"],
    "Sequence[int]": ["0-4", ["1"], [0.5], {0: 1}, 0.5],
    "Sequence[str]": [3, [3], [["x"]], {"x": "x"}],
    "Sequence[Path | str | ModuleType]": [3, [3]],
    "Path | str": [3, b"x", ["x"]],
    "Path": [3],
    "ModuleType": [3],
    "Mapping[str, str | int | float | bool]": ["a.b=1", {1: "x"}, {"x": ["x"]}],
    "Mapping[str, str]": ["x", {"x": 1}],
    "Literal": ["no such thing", 3],
    "Precision": ["fp16", 3],
    "PluginChoice": ["x"],
    "object": [True],
}
"""What fits no argument with that annotation, whether or not it may be None or another thing."""


def _wrong() -> Iterator[tuple[str, str, Any]]:
    for name, function in PUBLIC.items():
        for argument, parameter in inspect.signature(function).parameters.items():
            annotation = parameter.annotation.removesuffix(" | None")
            for value in WRONG[annotation.partition("['")[0].partition('["')[0]]:
                yield name, argument, value


@pytest.mark.parametrize(("name", "argument", "value"), list(_wrong()))
def test_every_argument_of_every_function_is_checked_by_name_before_anything_is_written(
    name: str, argument: str, value: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    function = PUBLIC[name]
    positional: tuple[Any, ...] = ()
    parameters = inspect.signature(function).parameters
    given = {
        one: NEEDED[one]
        for one, parameter in parameters.items()
        if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
    }
    if parameters[argument].kind is inspect.Parameter.VAR_POSITIONAL:
        positional = ("vanilla", value)
    else:
        given[argument] = value
    with pytest.raises(
        ganbench.UsageError, match=rf"^{function.__name__}\(\): .*{argument}.*must be"
    ):
        function(*positional, **given)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seeds", [[-1], [2**32], -1])
def test_a_seed_that_cannot_be_one_is_refused(seeds: Any) -> None:
    with pytest.raises(ganbench.UsageError, match="seeds are integers from 0"):
        ganbench.plan("vanilla", seeds=seeds)


@pytest.mark.parametrize("function", [ganbench.run, ganbench.plan, ganbench.prepare])
def test_a_device_that_is_none_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ganbench.UsageError, match="unknown device 'gpu'"):
        function("vanilla", tasks="ring8", seeds=0, device="gpu")


def test_what_notebooks_pass_is_taken(tmp_path: Path) -> None:
    numbers: Any = np
    wanted = ganbench.plan("vanilla", tasks=["ring8"], seeds=[0, 1])
    assert wanted.equals(ganbench.plan("vanilla", tasks="ring8", seeds=numbers.arange(2)))
    frame = ganbench.run(
        "vanilla",
        tasks="ring8",
        seeds=numbers.int64(1),
        budget="2steps",
        settings={"vanilla.lr_scale": numbers.float64(0.5)},
        runs=tmp_path,
        progress=numbers.bool_(False),
    )
    assert list(frame["status"]) == ["ok"]
    assert list(frame["seed"]) == [1]
    assert ganbench.table(tmp_path, tasks="ring8", variants="vanilla[lr_scale=0.5]")
