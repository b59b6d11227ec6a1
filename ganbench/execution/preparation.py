"""What all runs on some data share, computed and fetched once and before they start.

It is what a run itself does before its first step, with the same code, for one run of each task:
afterwards runs find all of it in the cache, and need no network.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ganbench.api.errors import GanbenchError, MissingData
from ganbench.catalogue import blame
from ganbench.catalogue.catalogue import Catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.cleaning import cache_heaps
from ganbench.execution.request import planned
from ganbench.machine.devices import chosen_gpus, resolve_device, see_gpus
from ganbench.machine.threads import computing_on, require_threads
from ganbench.planning.chosen import choose_task
from ganbench.planning.feasibility import check_task
from ganbench.planning.naming import choose_variant
from ganbench.planning.plan import Plan, Selection
from ganbench.planning.runspec import RunSpec
from ganbench.running.contestant import contestant_of
from ganbench.running.jury import jury_of
from ganbench.running.players import Players
from ganbench.running.task import load_data
from ganbench.training.feed import class_shares
from ganbench.wording import counted, duration, file_size


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What has become of one task.

    Args:
        task: its name.
        dataset: that it names.
        device: for whose kind features were computed: `cpu` or `cuda`.
        train, heldout: samples of each split.
        files: that the cache has got, beside downloads.
        size: of these files, in bytes.
        seconds: that it took.
        error: why it is not ready, if it is not.
    """

    task: str
    dataset: str
    device: str
    train: int | None = None
    heldout: int | None = None
    files: int = 0
    size: int = 0
    seconds: float = 0.0
    error: GanbenchError | None = None

    @property
    def state(self) -> str:
        """`ready`, `missing` (the hint says how to get it) or `failed`."""
        if self.error is None:
            return "ready"
        return "missing" if isinstance(self.error, MissingData) else "failed"

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "task": self.task,
            "dataset": self.dataset,
            "state": self.state,
            "reason": self.error.message if self.error else None,
            "hint": self.error.hint if self.error else None,
            "device": self.device,
            "train": self.train,
            "heldout": self.heldout,
            "new_files": self.files,
            "new_bytes": self.size,
            "seconds": self.seconds,
        }


def prepare(
    selection: Selection,
    plugins: PluginChoice,
    *,
    download: bool,
    tell: Callable[[str], None],
) -> list[Preparation]:
    """Prepare every task of a selection; one that cannot be does not keep others from it.

    Args:
        selection: as of the runs.
        plugins: which ones to load.
        download: whether data and weights that are not on this machine are fetched, as if their
            names had ``download=true``, which is no part of the runs' identity here.
        tell: takes lines of talk: what is being done, and what came of it.

    Raises:
        GanbenchError: there is no plan; or runs of so many threads cannot be run here, whose floors
            are theirs alone.
    """
    plan, catalogue = planned(selection, plugins, tell)
    require_threads(plan.threads)
    device = resolve_device(selection.device)
    if device == "cuda":
        see_gpus(chosen_gpus(selection.device)[:1])
    firsts = {spec.task.name: spec for spec in reversed(plan.runs)}
    found = []
    for number, name in enumerate(dict.fromkeys(spec.task.name for spec in plan.runs), start=1):
        told = f"[{number}/{len(firsts)}] {name}"
        found.append(_prepared(firsts[name], plan, catalogue, device, download, told, tell))
    return found


def _prepared(
    spec: RunSpec,
    plan: Plan,
    catalogue: Catalogue,
    device: str,
    download: bool,
    told: str,
    tell: Callable[[str], None],
) -> Preparation:
    began, before = time.monotonic(), _cached()
    counts: tuple[int, int] | None = None
    error: GanbenchError | None = None
    try:
        plan.prepare_data([spec], catalogue, tell)
        with computing_on(spec.threads):
            counts = _set_up(
                spec, catalogue, device, download, lambda line: tell(f"{told}: {line}")
            )
    except GanbenchError as problem:
        error = problem
    except Exception as problem:  # a plugin may raise anything
        error = GanbenchError(f"task {spec.task.name}: {blame.told(problem, catalogue.plugins)}")
    seconds = time.monotonic() - began
    new = {path: size for path, size in _cached().items() if path not in before}
    size = sum(new.values())
    if error is None:
        kept = f"{counted(len(new), 'file')} ({file_size(size)}) new in the cache"
        tell(f"{told}: ready after {duration(seconds)}; {kept if new else 'all was there'}")
    else:
        tell(f"{told}: not ready: {error}")
    train, heldout = counts or (None, None)
    return Preparation(
        task=spec.task.name,
        dataset=spec.task.dataset,
        device=device,
        train=train,
        heldout=heldout,
        files=len(new),
        size=size,
        seconds=seconds,
        error=error,
    )


def _set_up(
    spec: RunSpec,
    catalogue: Catalogue,
    device: str,
    download: bool,
    tell: Callable[[str], None],
) -> tuple[int, int]:
    """Do what a run does before its first step; the sizes of its splits.

    Raises:
        GanbenchError: the run could not start.
        Exception: as a plugin raises it.
    """
    task = choose_task(spec.task, catalogue, spec.folder)
    task = task.fetching if download else task
    if missing := check_task(task, catalogue):
        raise missing
    on = torch.device("cuda:0" if device == "cuda" else "cpu")
    tell(f"loading {task.data.text}")
    data = load_data(task.data, catalogue)
    recipe = choose_variant(spec.variant, catalogue).recipe(catalogue, data.info)
    # Whoever calls from a notebook keeps the random numbers that were next.
    with torch.random.fork_rng([on] if device == "cuda" else []):
        trainer = Players(recipe, catalogue, on).trainer(data, spec.seed, task.task.labels)
        contestant = contestant_of(trainer, class_shares(data, task.task.labels))
        named = ", ".join(task.extractors) or "no extractor"
        tell(f"scoring real samples and reference generators ({named})")
        jury_of(task, contestant, data, catalogue, on)
    return len(data.train), len(data.heldout)


def _cached() -> dict[Path, int]:
    return {
        path: path.stat().st_size
        for heap in cache_heaps()
        for path in heap.files
        if path.suffix != ".tmp" and path.exists()
    }
