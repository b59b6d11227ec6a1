"""`--precision` from the command to the record, on a machine whose measured ratio the test sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import ganbench
from ganbench.api.errors import UsageError
from ganbench.cli.main import cli
from ganbench.cli.verbs import doctor
from ganbench.execution import fast_paths as paths
from ganbench.results.store import RunStore

Cli = Callable[..., "CompletedProcess[str]"]

ASKED: dict[str, Any] = {"tasks": ["ring8"], "seeds": [0], "budget": "20steps", "device": "cpu"}
OPTIONS = ("--task", "ring8", "--seeds", "0", "--budget", "20steps", "--device", "cpu")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[float], None]:
    """Sets how many times as fast as in float32 products are on it."""
    monkeypatch.chdir(tmp_path)

    def measures(ratio: float) -> None:
        monkeypatch.setattr(paths, "measured_ratio", lambda *asked: ratio)
        monkeypatch.setattr(doctor, "measured_ratio", lambda *asked: ratio)

    return measures


@pytest.mark.whole
def test_runs_train_in_it_and_say_so(
    machine: Callable[[float], None], tmp_path: Path, ganbench_cli: Cli
) -> None:
    machine(2.0)
    frame = ganbench.run("vanilla", **ASKED, precision="bf16", progress=False)
    plain = ganbench.run("vanilla", **ASKED, progress=False)
    assert (*frame["status"], *frame["precision"], *plain["precision"]) == ("ok", "bf16", "float32")
    assert set(frame["run_id"]).isdisjoint(plain["run_id"])
    assert set(frame["setting"]).isdisjoint(plain["setting"])
    (run_id,) = frame["run_id"]
    record = RunStore(tmp_path / "runs").read(run_id)
    assert record is not None
    assert record["spec"]["precision"] == "bf16"  # type: ignore[typeddict-item]
    shown = ganbench_cli("show", run_id).stdout
    assert "precision: products of training in bf16, evaluations in float32" in shown
    assert "precision" not in ganbench_cli("show", *plain["run_id"]).stdout
    verified = ganbench_cli("verify", run_id)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_where_it_is_slower_it_is_refused(machine: Callable[[float], None], tmp_path: Path) -> None:
    machine(0.25)
    with pytest.raises(UsageError, match=r"bf16: products are 0\.25 times as fast as in float32"):
        ganbench.run("vanilla", **ASKED, precision="bf16", progress=False)
    assert not [*(tmp_path / "runs").glob("vanilla*")]
    with pytest.raises(UsageError, match=r"0\.25 times as fast"):
        cli.main(["plan", "vanilla", *OPTIONS, "--precision", "bf16"], standalone_mode=False)


def test_what_has_run_elsewhere_is_shown_where_it_could_not_run(
    machine: Callable[[float], None],
) -> None:
    machine(2.0)
    there = ganbench.run("vanilla", **ASKED, precision="bf16", progress=False)
    machine(0.25)
    here = ganbench.run("vanilla", **ASKED, precision="bf16", progress=False)
    assert [*here["run_id"]] == [*there["run_id"]]


@pytest.mark.parametrize("verb", ["plan", "run"])
def test_a_cpu_has_no_tf32(verb: str, ganbench_cli: Cli) -> None:
    refused = ganbench_cli(verb, "vanilla", *OPTIONS, "--precision", "tf32")
    assert refused.returncode == 2
    assert "--precision tf32: not available on a CPU" in refused.stderr


@pytest.mark.parametrize(
    ("ratio", "state", "said"),
    [(3.456, "ok", "3.5 times float32: a fast path"), (0.25, "note", "0.25 times float32: no")],
)
def test_doctor_tells_what_pays(
    machine: Callable[[float], None],
    capsys: pytest.CaptureFixture[str],
    ratio: float,
    state: str,
    said: str,
) -> None:
    machine(ratio)
    cli.main(["doctor", "--json"], standalone_mode=False)
    facts = {fact["subject"]: fact for fact in json.loads(capsys.readouterr().out)}
    assert "FLOP/s" in facts["float32 products"]["detail"]
    assert facts["bf16"]["state"] == state
    assert facts["bf16"]["detail"].startswith(said)
