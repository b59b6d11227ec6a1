"""A run's id is a function of all that determines its result, and of nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ganbench.planning import runspec
from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import Task

TASK = Task(
    name="ring8",
    dataset="ring8",
    budget=Budget("flops", 1e12),
    scores=("sliced-w2", "modes"),
    final_scores=("w2",),
)
PIN = {
    "kind": "variant",
    "name": "dcgan",
    "plugin": "dcgan",
    "distribution": "ganbench",
    "version": "0.1.0",
    "source_hash": "sha256:00",
}
SPEC = RunSpec(
    suite="starter",
    variant="dcgan[lr=0.001]",
    parameters={"lr": 1e-3, "width": 0, "ema": 0.0},
    task=TASK,
    dataset_parameters={},
    seed=0,
    pins=(PIN,),
)

CHANGES: dict[str, dict[str, Any]] = {
    "variant": {"variant": "dcgan"},
    "parameter": {"parameters": {**SPEC.parameters, "lr": 1.1e-3}},
    "parameter's type": {"parameters": {**SPEC.parameters, "ema": False}},
    "dataset parameter": {"dataset_parameters": {"side": 32}},
    "data set's files": {"dataset_fingerprint": "sha256:00"},
    "seed": {"seed": 1},
    "memory": {"memory_bytes": 2**30},
    "threads": {"threads": 2},
    "precision": {"precision": "bf16"},
    "device": {"device": "cuda"},
    "plugin's source": {"pins": ({**PIN, "source_hash": "sha256:01"},)},
    "plugin's version": {"pins": ({**PIN, "version": "0.2.0"},)},
    "plugin's distribution": {"pins": ({**PIN, "distribution": "other"},)},
    "further plugin": {"pins": (PIN, {**PIN, "kind": "loss"})},
    "task's name": {"task": replace(TASK, name="ring")},
    "data set": {"task": replace(TASK, dataset="grid25")},
    "budget's amount": {"task": replace(TASK, budget=Budget("flops", 2e12))},
    "budget's kind": {"task": replace(TASK, budget=Budget("steps", 1e12))},
    "scores": {"task": replace(TASK, scores=("modes", "sliced-w2"))},
    "final scores": {"task": replace(TASK, final_scores=())},
    "fakes": {"task": replace(TASK, fakes=2500)},
    "split": {"task": replace(TASK, split="train")},
    "evaluations": {"task": replace(TASK, evaluations=5)},
    "law of classes": {"task": replace(TASK, labels="balanced")},
    "controls": {"task": replace(TASK, controls=("ngram",))},
    "engine": {"engine": "stacked"},
    "thresholds": {"task": replace(TASK, thresholds={"high_quality": 0.8})},
}


@pytest.mark.parametrize("what", CHANGES)
def test_changes_with(what: str) -> None:
    assert replace(SPEC, **CHANGES[what]).run_id != SPEC.run_id


def test_every_field_has_been_thought_of() -> None:
    changed = {name for change in CHANGES.values() for name in change}
    assert changed | {"suite", "folder"} == {field.name for field in fields(RunSpec)}
    tasks = [change["task"] for change in CHANGES.values() if "task" in change]
    assert {
        field.name
        for field in fields(Task)
        for task in tasks
        if getattr(task, field.name) != getattr(TASK, field.name)
    } == {field.name for field in fields(Task)}


def test_all_those_ids_differ() -> None:
    ids = {replace(SPEC, **change).run_id for change in CHANGES.values()}
    assert len(ids) == len(CHANGES)


def test_changes_with_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    before = SPEC.run_id
    monkeypatch.setattr(runspec, "PROTOCOL_VERSION", runspec.PROTOCOL_VERSION + 1)
    assert SPEC.run_id != before


def test_does_not_change_with_the_suite_its_place_or_the_order_of_parameters() -> None:
    assert replace(SPEC, suite="other").run_id == SPEC.run_id
    assert replace(SPEC, folder="/elsewhere").run_id == SPEC.run_id
    older = {name: value for name, value in SPEC.to_json().items() if name != "folder"}
    assert runspec.run_id_of(older, runspec.PROTOCOL_VERSION) == SPEC.run_id
    turned = dict(reversed(SPEC.parameters.items()))
    assert replace(SPEC, parameters=turned).run_id == SPEC.run_id


def test_a_spec_that_tells_of_no_precision_has_float32() -> None:
    assert "precision" not in SPEC.to_json()
    assert RunSpec.from_json(SPEC.to_json()).precision == "float32"
    lower = replace(SPEC, precision="bf16")
    assert RunSpec.from_json(lower.to_json()) == lower


def test_a_spec_that_tells_of_no_threads_has_one() -> None:
    assert "threads" not in SPEC.to_json()
    assert RunSpec.from_json(SPEC.to_json()).threads == 1
    assert RunSpec.from_json(replace(SPEC, threads=2).to_json()).threads == 2


def test_is_the_same_in_every_process() -> None:
    script = (
        "import json, sys; from ganbench.planning.runspec import RunSpec; "
        "print(RunSpec.from_json(json.load(sys.stdin)).run_id)"
    )
    ids = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale},
            input=json.dumps(SPEC.to_json()),
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed, locale in (("1", "C"), ("2", "C.UTF-8"))
    }
    assert ids == {SPEC.run_id}


def test_is_readable_and_safe_as_a_folder() -> None:
    assert re.fullmatch(r"dcgan_lr_0\.001_-ring8-s0-[0-9a-f]{10}", SPEC.run_id)


@example("/" * 90, 0)
@given(st.text(min_size=1), st.integers(0, 2**32 - 1))
def test_is_safe_as_a_folder_whatever_the_variant(variant: str, seed: int) -> None:
    run_id = replace(SPEC, variant=variant, seed=seed).run_id
    assert re.fullmatch(r"[a-z0-9+-][a-z0-9_.+-]*-s\d+-[0-9a-f]{10}", run_id)
    assert len(run_id) < 120


def test_json_and_back() -> None:
    data = json.loads(json.dumps(SPEC.to_json(), allow_nan=False))
    back = RunSpec.from_json(data)
    assert back == SPEC
    assert back.run_id == SPEC.run_id
    assert isinstance(back.task.budget, Budget)
