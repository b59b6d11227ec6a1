"""A whole plan: what is reused, what is left out, and what it says in the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ganbench.api.errors import UsageError
from ganbench.api.version import SCHEMA_VERSION
from ganbench.execution.conditions import DEFAULTS, Conditions
from ganbench.execution.session import reusable
from ganbench.results.seal import canonical_json, unseal
from ganbench.results.store import Finished, RunStore

from ..results.synthetic import record, spec
from ..steering import GATES, HAZARDS

Cli = Callable[..., "CompletedProcess[str]"]

SHORT = ("--task", "ring8", "--budget", "20steps")
JOBS = ("--jobs", "2")


def make_newer(file: Path) -> bytes:
    """Turn a record into one of a later ganbench."""
    body = canonical_json({**unseal(file.read_bytes()), "schema": SCHEMA_VERSION + 1})
    digest = hashlib.sha256(body).hexdigest()
    file.write_bytes(body[:-1] + f',"sha256":"{digest}"}}\n'.encode())
    return file.read_bytes()


@pytest.mark.whole
def test_a_newer_record_is_warned_of_once_and_left_where_it_is(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    """The rest of the plan is run; `plan` and `status` do not take the run for a missing one."""
    assert ganbench_cli("run", "vanilla", "--seeds", "0", *SHORT, *JOBS).returncode == 0
    (file,) = tmp_path.glob("runs/*/record.json")
    content, run_id = make_newer(file), file.parent.name
    warning = f"warning: run {run_id}: record.json is left out: schema {SCHEMA_VERSION + 1}"

    planned = ganbench_cli("plan", "vanilla", "--seeds", "0-1", *SHORT)
    assert planned.returncode == 0
    assert planned.stderr.count(warning) == 1
    assert "1 to run" in planned.stderr

    done = ganbench_cli("run", "vanilla", "--seeds", "0-1", *SHORT, *JOBS)
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("record.json is left out") == done.stderr.count(warning) == 1
    assert "1 run (1 new)" in done.stderr
    assert "1 run of the plan ended before, with a record that this ganbench cannot" in done.stderr
    assert "update ganbench" in done.stderr
    assert "vanilla" in done.stdout
    assert file.read_bytes() == content
    assert not list(file.parent.glob("record.json.*"))
    contents = RunStore(tmp_path / "runs").read_all()
    assert (len(contents.records), contents.unfinished, contents.foreign) == (1, {}, {run_id})

    shown = ganbench_cli("show", run_id)
    assert (shown.returncode, shown.stdout) == (4, "")
    rows = json.loads(ganbench_cli("status", "--json").stdout)
    assert [row["status"] for row in rows] == ["ok"]

    fresh = ganbench_cli("run", "vanilla", "--seeds", "0", "--fresh", *SHORT, *JOBS)
    assert fresh.returncode == 0, fresh.stderr
    assert (file.parent / "record.json.replaced-1").read_bytes() == content


def test_after_a_failure_nothing_more_is_trained(ganbench_cli: Cli, tmp_path: Path) -> None:
    done = ganbench_cli(
        *("run", "hazard-raise", "vanilla", "--seeds", "0-1", *SHORT),
        *("--fail-fast", "--jobs", "1"),
        plugins=[HAZARDS, GATES],
    )
    assert done.returncode == 1
    assert "1 run (1 new)" in done.stderr
    contents = RunStore(tmp_path / "runs").read_all()
    assert [one["status"] for one in contents.records] == ["error"]
    assert contents.unfinished == {}  # no folder of another run was even made


RECORDS = {
    status: record(spec(seed=seed), [0.5], status)
    for seed, status in enumerate(("ok", "diverged", "error", "killed"))
}


@pytest.mark.parametrize(
    ("conditions", "kept", "foreign"),
    [
        (Conditions(), {"ok", "diverged", "error", "killed"}, {"later"}),
        (Conditions(retry_failed=True), {"ok", "diverged"}, {"later"}),
        (Conditions(fresh=True), set(), set()),
        (Conditions(fresh=True, retry_failed=True), set(), set()),
    ],
)
def test_what_is_reused(conditions: Conditions, kept: set[str], foreign: set[str]) -> None:
    finished = Finished({one["run_id"]: one for one in RECORDS.values()}, [], {"later"})
    found = reusable(finished, conditions)
    assert {one["status"] for one in found.records.values()} == kept
    assert found.foreign == foreign
    assert ("later" in found) == bool(foreign)


def test_what_ran_on_other_threads_than_its_spec_says_is_run_again() -> None:
    ran = {"threads": 2}
    one = record(spec(seed=8), [0.5], environment=ran)
    two = record(replace(spec(seed=9), threads=2), [0.5], environment=ran)
    finished = Finished({each["run_id"]: each for each in (one, two)})
    assert set(reusable(finished, Conditions()).records) == {two["run_id"]}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"jobs": 0}, "jobs is 0, not a positive number"),
        ({"limit_seconds": -1.0}, "limit_seconds is -1.0, not a positive number"),
        ({"output_bytes": 0}, "output_bytes is 0, not a positive number"),
        ({"checkpoint_seconds": float("nan")}, "checkpoint_seconds is nan, not a positive number"),
        ({"retries": -1}, "retries is -1, a negative number"),
    ],
)
def test_conditions_are_in_range(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Conditions(**wrong)


def test_the_defaults_are_the_same_everywhere(ganbench_cli: Cli) -> None:
    """Of the command, of the function and of whoever asks for nothing."""
    import inspect

    import ganbench
    from ganbench.cli.verbs.run import command

    declared = inspect.signature(ganbench.run).parameters
    options = {one.name: one for one in command.params}
    for field, argument, option in (
        ("executor", "executor", "executor"),
        ("jobs", "jobs", "jobs"),
        ("limit_seconds", "limit_seconds", "limit"),
        ("output_bytes", None, "max_output"),
        ("retries", "retries", "retries"),
        ("checkpoint_seconds", "checkpoint_seconds", "checkpoint_every"),
        ("fail_fast", "fail_fast", "fail_fast"),
    ):
        wanted, one = getattr(DEFAULTS, field), options[option]
        assert one.type_cast_value(None, one.to_info_dict()["default"]) == wanted  # type: ignore[arg-type]
        assert argument is None or declared[argument].default == wanted
