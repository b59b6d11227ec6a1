"""Trackers as they are installed, offline: what they hold afterwards is what the record holds."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from ganbench.catalogue.catalogue import known_trackers
from ganbench.results.record import Record
from ganbench.results.store import RunStore

Cli = Callable[..., "CompletedProcess[str]"]

SHORT = ("vanilla", "--task", "ring8", "--seeds", "0", "--budget", "20steps", "--runs", "runs")


def needs(*libraries: str) -> pytest.MarkDecorator:
    missing = [one for one in libraries if find_spec(one) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{' and '.join(missing)} not installed")


def tracked(cli: Cli, folder: Path, name: str, **environment: str) -> tuple[Record, Path]:
    """The record and the folder of a short run."""
    done = cli("run", *SHORT, "--track", name, **environment)
    assert done.returncode == 0, done.stderr
    (record,) = RunStore(folder / "runs").read_all().records
    run = folder / "runs" / record["run_id"]
    assert "failed" not in (run / "log.txt").read_text()
    return record, run


def curve(record: Record, label: str = "modes10") -> list[tuple[int, float]]:
    """Steps and values of one of its scores."""
    (key,) = (key for key, one in record["columns"].items() if one["label"] == label)
    return [(point["used"]["steps"], point["scores"][key]) for point in record["points"]]


@pytest.mark.whole
@needs("tensorboard")
def test_tensorboard_has_curves_and_pictures(ganbench_cli: Cli, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    record, run = tracked(ganbench_cli, tmp_path, "tensorboard")
    events = EventAccumulator(str(run / "tensorboard"), size_guidance={"images": 0})
    events.Reload()
    found = [(one.step, one.value) for one in events.Scalars("score/modes10")]
    assert found == [(step, pytest.approx(value)) for step, value in curve(record)]
    history = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    losses = [one.value for one in events.Scalars("train/generator_loss")]
    assert losses == pytest.approx([row["generator_loss"] for row in history])
    assert [one.step for one in events.Images("samples")] == [step for step, _ in curve(record)]


def messages(content: bytes) -> Iterator[bytes]:
    """What a LevelDB log holds, behind the seven bytes that wandb puts before it."""
    place, parts = 7, []
    while place + 7 <= len(content):
        left = 32768 - place % 32768
        if left < 7:  # a block's end that holds no header
            place += left
            continue
        _, size, kind = struct.unpack("<IHB", content[place : place + 7])
        parts.append(content[place + 7 : place + 7 + size])
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            yield b"".join(parts)
            parts = []


@needs("wandb")
@pytest.mark.filterwarnings("ignore")  # its own
def test_wandb_keeps_a_run_offline(ganbench_cli: Cli, tmp_path: Path) -> None:
    from wandb.proto.wandb_internal_pb2 import Record as Message

    record, run = tracked(ganbench_cli, tmp_path, "wandb")
    (file,) = (run / "wandb").glob("offline-run-*/*.wandb")
    found, ended = [], False
    for content in messages(file.read_bytes()):
        message = Message()
        message.ParseFromString(content)
        ended |= message.WhichOneof("record_type") == "exit"
        row = {
            one.key or "/".join(one.nested_key): json.loads(one.value_json)
            for one in message.history.item
        }
        if "score/modes10" in row:
            found.append((row["_step"], row["score/modes10"]))
    assert found == curve(record)
    assert ended
    pictures = list(file.parent.glob("files/media/images/samples_*"))
    assert len(pictures) == len(record["points"])


@needs("trackio")
def test_trackio_keeps_a_run_on_this_machine(ganbench_cli: Cli, tmp_path: Path) -> None:
    record, _ = tracked(ganbench_cli, tmp_path, "trackio", TRACKIO_DIR=str(tmp_path / "kept"))
    with sqlite3.connect(tmp_path / "kept" / "ganbench.db") as kept:
        rows = kept.execute("select step, metrics from metrics order by id").fetchall()
    metrics = [(step, json.loads(text)) for step, text in rows]
    found = [(step, one["score/modes10"]) for step, one in metrics if "score/modes10" in one]
    assert found == curve(record)


@needs("mlflow", "sqlalchemy")
@pytest.mark.filterwarnings("ignore")  # its own
def test_mlflow_has_metrics_parameters_and_artifacts(ganbench_cli: Cli, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    record, _ = tracked(ganbench_cli, tmp_path, "mlflow")
    client: Any = MlflowClient(f"sqlite:///{tmp_path}/runs/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("ganbench").experiment_id])
    assert (run.info.run_name, run.info.status) == (record["run_id"], "FINISHED")
    assert run.data.params["variant"] == "vanilla"
    found = [
        (one.step, one.value) for one in client.get_metric_history(run.info.run_id, "score/modes10")
    ]
    assert found == curve(record)
    assert len(client.list_artifacts(run.info.run_id, "samples")) == len(record["points"])


BREAKS = """
import random
from ganbench import hookimpl

@hookimpl
def ganbench_evaluated(point, scores, sheets):
    random.seed(0)
    raise SystemExit("the tracker's server has gone")

@hookimpl
def ganbench_run_ended(record):
    raise OSError("no disk")
"""


@pytest.mark.whole
def test_a_tracker_that_fails_costs_a_run_nothing(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "breaks.py").write_text(BREAKS)
    records = []
    for number, more in enumerate(((), ("-P", "breaks.py"))):
        runs = tmp_path / str(number)
        done = ganbench_cli("run", *SHORT[:-1], str(runs), *more)
        assert done.returncode == 0, done.stderr
        records += RunStore(runs).read_all().records
    assert records[0]["generator_sha256"] == records[1]["generator_sha256"]
    log = (tmp_path / "1" / records[1]["run_id"] / "log.txt").read_text()
    assert "ganbench_evaluated() of plugin" in log
    assert "the tracker's server has gone" in log
    assert "no disk" in log


def test_unknown_and_missing_trackers_are_told(ganbench_cli: Cli) -> None:
    done = ganbench_cli("run", *SHORT, "--track", "tensorbord")
    assert (done.returncode, "did you mean tensorboard?" in done.stderr) == (2, True)
    for one in known_trackers():
        library = "sqlalchemy" if one.name == "mlflow" else one.name
        if find_spec(library) is None:
            done = ganbench_cli("run", *SHORT, "--track", one.name)
            assert done.returncode == 3
            assert f"pip install 'ganbench[{one.name}]'" in done.stderr
