"""What observers are told of one run, in its own process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ganbench.catalogue.observers import Observers
from ganbench.planning.runspec import RunSpec
from ganbench.results.headings import distinct_labels
from ganbench.results.media import frame_files
from ganbench.results.record import Record
from ganbench.running.evaluator import Evaluator
from ganbench.running.log import remark
from ganbench.training.state import untouched_random_numbers


class Observed:
    """Tells observers; their failures go to the run's log, and what they draw stays theirs.

    Args:
        spec: of the run.
        folder: of its files.
        device: where it runs.
        observers: who is told.
    """

    def __init__(
        self, spec: RunSpec, folder: Path, device: torch.device, observers: Observers
    ) -> None:
        self._spec = spec
        self._folder = folder
        self._device = device
        self._observers = observers

    def started(self) -> None:
        """The run is about to train."""
        self._notify("ganbench_run_started")

    def trained(self, steps: list[dict[str, Any]]) -> None:
        """Rows were written to the history."""
        self._notify("ganbench_trained", steps=steps)

    def evaluated(self, evaluator: Evaluator) -> None:
        """There is another evaluation, and its frame."""
        point, columns = evaluator.points[-1], evaluator.columns
        labels = distinct_labels({key: one["label"] for key, one in columns.items()})
        files = frame_files(self._folder).get(len(evaluator.points) - 1, [])
        self._notify(
            "ganbench_evaluated",
            point=dict(point),
            scores={labels[key]: value for key, value in point["scores"].items()},
            sheets=[str(path) for path in files],
        )

    def ended(self, record: Record) -> None:
        """The run has its record."""
        self._notify("ganbench_run_ended", record=record)

    def _notify(self, hook: str, **arguments: object) -> None:
        run = {"id": self._spec.run_id, "folder": str(self._folder)}
        with untouched_random_numbers(self._device):
            self._observers.notify(hook, remark, spec=self._spec.to_json(), run=run, **arguments)
