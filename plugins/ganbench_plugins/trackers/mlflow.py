"""MLflow: a run in the experiment ``ganbench``, wherever ``MLFLOW_TRACKING_URI`` points.

Without it that is ``mlflow.db`` beside the runs, for ``mlflow ui --backend-store-uri sqlite:///...``.
"""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

from ganbench import hookimpl
from ganbench_plugins.trackers.telling import (
    measured,
    pictures,
    require,
    result,
    settings,
    telemetry,
)

GANBENCH_API_VERSION = 2

require("mlflow", "mlflow")
require("sqlalchemy", "mlflow")

EXPERIMENT = "ganbench"

_open: dict[str, tuple[Any, str]] = {}


@hookimpl
def ganbench_run_started(spec: dict[str, Any], run: dict[str, str]) -> None:
    """Begin a run; one that was interrupted goes on in its own."""
    # A server that does not answer must not hold a run up for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    library = importlib.import_module("mlflow")
    runs = Path(run["folder"]).absolute().parent
    client = library.MlflowClient(
        os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{runs}/mlflow.db"
    )
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(
        EXPERIMENT, artifact_location=(runs / "mlflow").as_uri()
    )  # fmt: skip
    alike = client.search_runs([experiment], f"attributes.run_name = '{run['id']}'", max_results=1)
    begun = alike[0] if alike else client.create_run(experiment, run_name=run["id"])
    _open[run["id"]] = client, begun.info.run_id
    if not alike:
        for name, value in settings(spec).items():
            client.log_param(begun.info.run_id, name, value)


@hookimpl
def ganbench_trained(run: dict[str, str], steps: list[dict[str, Any]]) -> None:
    """Losses, logits, gradient norms and what parts have logged."""
    entities = importlib.import_module("mlflow.entities")
    client, run_id = _open[run["id"]]
    metrics = [
        entities.Metric(_name(name), value, 0, row["step"])
        for row in steps
        for name, value in telemetry(row).items()
    ]
    for start in range(0, len(metrics), 1000):  # what a server takes at once
        client.log_batch(run_id, metrics=metrics[start : start + 1000])


@hookimpl
def ganbench_evaluated(
    run: dict[str, str], point: dict[str, Any], scores: dict[str, float], sheets: list[str]
) -> None:
    """Scores, and pictures of samples as artifacts."""
    client, run_id = _open[run["id"]]
    for name, value in measured(scores).items():
        client.log_metric(run_id, _name(name), value, step=point["used"]["steps"])
    for path in pictures(sheets).values():
        client.log_artifact(run_id, str(path), "samples")


@hookimpl
def ganbench_run_ended(run: dict[str, str], record: dict[str, Any]) -> None:
    """How it ended."""
    client, run_id = _open.pop(run["id"])
    for name, value in result(record).items():
        client.set_tag(run_id, name, value)
    client.set_terminated(run_id, "FINISHED" if record["status"] == "ok" else "FAILED")


def _name(name: str) -> str:
    """The name with what MLflow takes in names."""
    return re.sub(r"[^\w\-. :/]", "_", name)
