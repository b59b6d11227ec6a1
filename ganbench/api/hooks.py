"""The hooks that a plugin module may implement, each marked with `@hookimpl`."""

from __future__ import annotations

from typing import Any

import pluggy

from ganbench.api.specs import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    LossSpec,
    ModelSpec,
    ScoreSpec,
    TechniqueSpec,
    VariantSpec,
)

PROJECT = "ganbench"
ENTRY_POINT_GROUP = "ganbench.plugins"
TRACKER_GROUP = "ganbench.trackers"
"""Plugins that only observe, and are loaded where `--track` names them."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def ganbench_models() -> list[ModelSpec]:
    """Architectures that this plugin adds."""
    return []


@hookspec
def ganbench_losses() -> list[LossSpec]:
    """Adversarial objectives that this plugin adds."""
    return []


@hookspec
def ganbench_techniques() -> list[TechniqueSpec]:
    """What this plugin adds that can be added to any variant."""
    return []


@hookspec
def ganbench_variants() -> list[VariantSpec]:
    """Complete recipes that this plugin adds."""
    return []


@hookspec
def ganbench_datasets() -> list[DatasetSpec]:
    """Data sets that this plugin adds."""
    return []


@hookspec
def ganbench_scores() -> list[ScoreSpec]:
    """Scores that this plugin adds."""
    return []


@hookspec
def ganbench_extractors() -> list[ExtractorSpec]:
    """Feature extractors that this plugin adds."""
    return []


@hookspec
def ganbench_executors() -> list[ExecutorSpec]:
    """Places where runs can run that this plugin adds."""
    return []


@hookspec
def ganbench_run_started(spec: dict[str, Any], run: dict[str, str]) -> None:
    """Observe a run that is about to train, in its own process.

    Args:
        spec: the run's spec as JSON.
        run: its `id` and its `folder`. As of every hook, arguments may be left out.
    """


@hookspec
def ganbench_trained(
    spec: dict[str, Any], run: dict[str, str], steps: list[dict[str, Any]]
) -> None:
    """Observe training, in the run's process, whenever its history is written.

    Args:
        spec, run: as of `ganbench_run_started`.
        steps: the rows since the last time: step, losses, logits, gradient norms, and what losses
            and techniques have logged.
    """


@hookspec
def ganbench_evaluated(
    spec: dict[str, Any],
    run: dict[str, str],
    point: dict[str, Any],
    scores: dict[str, float],
    sheets: list[str],
) -> None:
    """Observe an evaluation, in the run's process.

    Args:
        spec, run: as of `ganbench_run_started`.
        point: as it stands in the record.
        scores: what was measured, by the names that tables show.
        sheets: paths of the files that show samples of it: pictures, sounds, texts or tables.
    """


@hookspec
def ganbench_run_ended(spec: dict[str, Any], run: dict[str, str], record: dict[str, Any]) -> None:
    """Observe the end of a run, whatever it is, in its own process: the last that it does.

    A run that is stopped to go on later, or that is killed, has no such end.

    Args:
        spec, run: as of `ganbench_run_started`.
        record: its record as JSON.
    """


@hookspec
def ganbench_run_finished(record: dict[str, Any]) -> None:
    """Observe a finished or failed run, in the parent process. `record`: its record as JSON."""
