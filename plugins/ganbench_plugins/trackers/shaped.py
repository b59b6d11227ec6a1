"""Weights & Biases, and what has its shape: trackio, which keeps all on this machine.

Weights & Biases is offline unless ``WANDB_MODE`` says otherwise: a run must not wait for a network.
``wandb sync`` uploads it later.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
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

PROJECT = "ganbench"
"""Where nothing else is said by ``WANDB_PROJECT`` or ``TRACKIO_PROJECT``."""


@dataclass
class Shaped:
    """A tracker with `init`, `log` and `finish`.

    Args:
        module: that has them.
        begin: calls its `init`: of the module, the run and its settings.
    """

    module: str
    begin: Callable[[Any, dict[str, str], dict[str, Any]], Any]
    GANBENCH_API_VERSION: int = 2
    _runs: dict[str, Any] = field(default_factory=dict)

    @hookimpl
    def ganbench_run_started(self, spec: dict[str, Any], run: dict[str, str]) -> None:
        """Begin, or go on with, the run of that id."""
        library = importlib.import_module(self.module)
        self._runs[run["id"]] = self.begin(library, run, settings(spec))

    @hookimpl
    def ganbench_trained(self, run: dict[str, str], steps: list[dict[str, Any]]) -> None:
        """Losses, logits, gradient norms and what parts have logged."""
        for row in steps:
            self._runs[run["id"]].log(telemetry(row), step=row["step"])

    @hookimpl
    def ganbench_evaluated(
        self,
        run: dict[str, str],
        point: dict[str, Any],
        scores: dict[str, float],
        sheets: list[str],
    ) -> None:
        """Scores and pictures of samples."""
        picture = importlib.import_module(self.module).Image
        shown = {name: picture(str(path)) for name, path in pictures(sheets).items()}
        self._runs[run["id"]].log({**measured(scores), **shown}, step=point["used"]["steps"])

    @hookimpl
    def ganbench_run_ended(self, run: dict[str, str], record: dict[str, Any]) -> None:
        """How it ended."""
        tracked = self._runs.pop(run["id"])
        tracked.log(result(record), step=record["used"]["steps"])
        tracked.finish()


def _wandb(library: Any, run: dict[str, str], config: dict[str, Any]) -> Any:
    return library.init(
        project=os.environ.get("WANDB_PROJECT", PROJECT),
        mode=os.environ.get("WANDB_MODE", "offline"),
        name=run["id"],
        id=run["id"],
        resume="allow",
        dir=run["folder"],
        config=config,
        settings=library.Settings(console="off", silent=True, disable_git=True, init_timeout=30),
    )


def _trackio(library: Any, run: dict[str, str], config: dict[str, Any]) -> Any:
    return library.init(
        project=os.environ.get("TRACKIO_PROJECT", PROJECT),
        name=run["id"],
        resume="allow",
        embed=False,
        config=config,
        auto_log_cpu=False,
        auto_log_gpu=False,
    )


def __getattr__(name: str) -> Shaped:
    """`WANDB` and `TRACKIO`, which entry points name.

    Raises:
        ImportError: the library is not installed.
    """
    begin = {"WANDB": _wandb, "TRACKIO": _trackio}.get(name)
    if begin is None:
        raise AttributeError(name)
    require(name.lower(), name.lower())
    tracker = globals()[name] = Shaped(name.lower(), begin)
    return tracker
