"""What runs will cost, judged by made-up runs whose cost is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.planning.budget import Budget
from ganbench.planning.runspec import RunSpec
from ganbench.planning.suite import Task
from ganbench.results import forecast as module
from ganbench.results.forecast import SAMPLED_FOLDERS, Forecast
from ganbench.results.record import Record
from ganbench.results.store import RunStore

HERE = "AMD EPYC"


def spec(variant: str = "vanilla", budget: str = "2TFLOP", **task: Any) -> RunSpec:
    values = {"name": "ring8", "dataset": "ring8", "scores": ("modes",), **task}
    return RunSpec(
        suite="starter",
        variant=variant,
        parameters={},
        task=Task(budget=Budget.parse(budget), **values),
        dataset_parameters={},
        seed=0,
    )


def record(
    run: RunSpec, seconds: float, status: str = "ok", device: str = HERE, steps: int = 1000
) -> Record:
    """1 TFLOP, 64 images a step, in so many seconds, and 3 s for the rest."""
    used = {"flops": 1e12, "seconds": seconds, "images": 64 * steps, "steps": steps}
    return {  # type: ignore[typeddict-item]
        "run_id": run.run_id,
        "spec": run.to_json(),
        "status": status,
        "used": used,
        "clocks": {"training": seconds, "wall": seconds + 3.0},
        "environment": {"device_name": device},
    }


@pytest.mark.parametrize(
    ("budget", "training", "flops"),
    [
        ("2TFLOP", 20.0, 2e12),
        ("500steps", 5.0, 5e11),
        ("6400img", 1.0, 1e11),
        ("1m", 60.0, 6e12),
    ],
)
def test_each_kind_of_budget_by_the_same_variant_and_task(
    budget: str, training: float, flops: float
) -> None:
    earlier = [record(spec(), seconds) for seconds in (5.0, 10.0, 90.0)]
    cost = Forecast(earlier, HERE).cost(spec(budget=budget))
    assert cost.training_seconds == pytest.approx(training)
    assert cost.other_seconds == 3.0
    assert cost.seconds() == pytest.approx(training + 3.0)
    assert cost.seconds(done=0.5) == pytest.approx(training / 2 + 3.0)
    assert cost.flops == pytest.approx(flops)
    assert cost.exact
    assert cost.basis == "3 of this variant and task"


def test_the_nearest_runs_tell() -> None:
    own, other = record(spec("dcgan[lr=1]"), 40.0), record(spec("vanilla"), 10.0)
    forecast = Forecast([own, other], HERE)
    by_other = forecast.cost(spec("wgan-gp", "1TFLOP"))
    assert by_other.training_seconds == pytest.approx(25.0)
    assert by_other.basis == "2 of other variants on this task"
    by_own = forecast.cost(spec("dcgan", "1TFLOP"))
    assert by_own.training_seconds == pytest.approx(40.0)
    assert by_own.basis == "1 of this variant with other settings"
    assert {by_own.exact, by_other.exact} == {False}
    assert forecast.cost(spec("dcgan", "10steps")).flops is None  # a step's depend on the settings


@pytest.mark.parametrize(
    "earlier",
    [
        [],
        [record(spec(), 10.0, device="another")],
        [record(spec(), 10.0, status="timeout")],
        [record(spec(), 0.0)],
        [record(spec(), 10.0, steps=9)],
        [record(spec(dataset="digits"), 10.0)],
        [record(spec(fakes=5), 10.0)],
    ],
)
def test_what_nothing_tells_is_unknown(earlier: list[Record]) -> None:
    cost = Forecast(earlier, HERE).cost(spec())
    assert cost.seconds() is None
    assert cost.basis == ""
    assert cost.flops == 2e12  # the budget says it


def test_a_budget_of_time_is_its_own_forecast() -> None:
    cost = Forecast([], HERE).cost(spec(budget="10m"))
    assert cost.seconds() == 600.0
    assert cost.exact
    assert cost.basis == "the budget, without evaluation"
    assert cost.flops is None


def test_an_unstable_run_took_its_time_all_the_same() -> None:
    cost = Forecast([record(spec(), 10.0, status="diverged")], HERE).cost(spec())
    assert cost.training_seconds == pytest.approx(20.0)


def test_disk_is_the_median_of_the_tasks_folders(tmp_path: Path) -> None:
    store, records = RunStore(tmp_path), []
    for name, size in (("a", 100), ("b", 300), ("c", 1000)):
        one = record(spec(name), 10.0)
        folder = store.create(one["run_id"], {})
        (folder / "spec.json").unlink()
        (folder / "samples.png").write_bytes(b"x" * size)
        records.append(one)
    assert Forecast(records, HERE).bytes_of(spec(), store) == 300
    assert Forecast([], HERE).bytes_of(spec(), store) is None


class Looked(dict[str, Any]):
    """A record that counts how often something of it is asked for."""

    times = 0

    def __getitem__(self, key: str) -> Any:
        Looked.times += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("budget", ["2TFLOP", "500steps", "1m"])
@pytest.mark.parametrize("variant", ["vanilla", "vanilla[lr=1]", "dcgan"])
def test_records_are_not_gone_through_again_for_every_run(variant: str, budget: str) -> None:
    """A plan has as many runs as its folder has records, or more."""
    records: list[Any] = [Looked(record(spec(), 10.0)) for _ in range(50)]
    forecast = Forecast(records, HERE)
    forecast.cost(one := spec(variant, budget))
    before = Looked.times
    costs = {forecast.cost(replace(one, seed=seed)) for seed in range(50)}
    assert len(costs) == 1
    assert Looked.times == before > 0


def test_folders_are_not_measured_again_for_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Path] = []

    def size(folder: Path) -> int:
        measured.append(folder)
        return 1

    monkeypatch.setattr(module, "_size", size)
    store = RunStore(tmp_path)
    forecast = Forecast([record(spec(f"dcgan[lr={n}]"), 10.0) for n in range(1, 50)], HERE)
    for seed in range(50):
        assert forecast.bytes_of(replace(spec(), seed=seed), store) == 1
    assert len(measured) == SAMPLED_FOLDERS
