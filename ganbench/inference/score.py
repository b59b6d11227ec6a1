"""Scores of samples that exist, computed as a run's own evaluation computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ganbench.api.errors import UsageError
from ganbench.api.scores import Measurement, NonFiniteSamples
from ganbench.catalogue.catalogue import Catalogue
from ganbench.inference.fakes import fakes_of
from ganbench.inference.kept import KeptRun
from ganbench.inference.resampling import Interval, intervals
from ganbench.inference.sources import Opening, Split, open_source, real_data
from ganbench.machine.threads import computing_on, require_threads
from ganbench.modalities.arrays import Channels
from ganbench.planning.chosen import ChosenScore, choose_scores, extractors_of
from ganbench.results.headings import distinct_labels
from ganbench.running.task import make_scores, scores_there, side_of
from ganbench.scoring.evaluation import NotThereError, RealSide, Snapshot, measure


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be scored.

    Args:
        fakes: heading -> what `open_source` takes.
        real: the same, no run; None: the data that the runs among the fakes were trained on.
        scores: references to scores; none: those of the runs' task.
        split: of the real data that is the reference; None: that of the runs' task, or `heldout`.
        count: how many fakes of each; None: all.
        threads: of the computation; None: those of the first run, else one.
        resamples: halves of each fake of which intervals are made; 0: no intervals.

    Raises:
        UsageError: one half, or fewer than none; no fakes, or no threads.
    """

    fakes: Mapping[str, object]
    real: object | None
    scores: Sequence[str]
    split: Split | None = None
    count: int | None = None
    threads: int | None = None
    resamples: int = 0

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise UsageError(f"{self.count} fakes are no samples", "take 1 or more, or all: None")
        if self.threads is not None and self.threads < 1:
            raise UsageError(f"threads is {self.threads}, not a positive number")
        if self.resamples == 1 or self.resamples < 0:
            raise UsageError(f"{self.resamples} halves tell no spread", "take 2 or more, or 0")


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A table of scores.

    Args:
        real: what the fakes were compared with.
        split: which samples of it.
        n_real: how many these are.
        columns: heading of some fakes -> what was measured, by key.
        intervals: heading -> 95 % intervals by key; see `ganbench.inference.resampling`.
    """

    real: str
    split: str
    n_real: int
    columns: Mapping[str, Mapping[str, Measurement]]
    intervals: Mapping[str, Mapping[str, Interval]]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One for each key: fields of its `Measurement`, ``values`` by heading, None where numbers
        of some fakes cannot share the row, and ``intervals`` likewise where there are some."""
        told = {key: one for column in self.columns.values() for key, one in column.items()}
        labels = distinct_labels({key: one.label for key, one in told.items()})
        rows = []
        for key, one in told.items():
            values = {
                name: column[key].value if key in column else None
                for name, column in self.columns.items()
            }
            rows.append({**asdict(one), "label": labels[key], "values": values})
            if self.intervals:
                rows[-1]["intervals"] = {
                    name: self.intervals[name].get(key) for name in self.columns
                }
            del rows[-1]["value"]
        return rows


def score(request: Request, opening: Opening) -> Scored:
    """Score samples: with the code, the floors and the cache of runs.

    Raises:
        UsageError: a name names nothing, samples cannot be compared, or a score cannot be computed
            of them.
        MissingData, InvalidResults, PluginNotUsable: as `open_source`.
    """
    if not request.fakes:
        raise UsageError("nothing is named to score", "name a data set, a file, an array or a run")
    sources = {name: open_source(one, opening, fake=True) for name, one in request.fakes.items()}
    runs = [one for one in sources.values() if isinstance(one, KeptRun)]
    threads = request.threads or (runs[0].spec.threads if runs else 1)
    require_threads(threads)
    with computing_on(threads):
        side, scores, name, split = _reference(request, runs, opening)
        if request.scores:
            made = make_scores(scores, opening.catalogue)
        else:  # nobody has asked for those that cannot be had
            made = scores_there(scores, opening.catalogue, partial(_left_out, opening.remark))
        info = replace(side.data.info, name=name)  # as it was typed
        columns, known = {}, {}
        for heading, source in sources.items():
            fakes = fakes_of(source, heading, info, request.count, opening)
            snapshot = fakes.snapshot(side)
            measured = _measured(heading, snapshot, made)
            columns[heading] = {one.key: one for results in measured for one in results}
            if request.resamples:
                known[heading] = intervals(snapshot, made, measured, request.resamples)
    return Scored(real=name, split=split, n_real=len(side.real), columns=columns, intervals=known)


def _left_out(remark: Callable[[str], None], text: str) -> None:
    remark(f"score {text} is left out: it looks at more than the generator that is kept")


def _reference(
    request: Request, runs: Sequence[KeptRun], opening: Opening
) -> tuple[RealSide, Sequence[ChosenScore], str, str]:
    """The real side, the scores, the name of the data, and which of its samples it is."""
    task = runs[0].spec.task if runs else None
    if request.real is None:
        if task is None or {one.spec.task.dataset for one in runs} != {task.dataset}:
            raise UsageError(
                "nothing is named to compare with", "name a data set or a file: --against REAL"
            )
        data, folder = runs[0].data, runs[0].spec.folder
        split = request.split or task.split
        data = real_data(data, task.dataset, split, opening)
        name = task.dataset
    else:
        folder, split = "", request.split or "heldout"
        name = str(request.real) if isinstance(request.real, str | Path) else "the real samples"
        data = real_data(open_source(request.real, opening), name, split, opening)
    texts = request.scores or ((*task.scores, *task.final_scores) if task else ())
    if not texts:
        raise UsageError(
            "no score is named",
            "name some: --scores fd[extractor=raw],prdc[extractor=raw]; `ganbench list scores`",
        )
    scores = choose_scores(texts, data.info, opening.catalogue, folder)
    together = split == "all"
    named = extractors_of(scores)
    side = side_of(
        data, "train" if together else split, named, opening.catalogue, opening.device, folder
    )
    return side, scores, name, split if together else side.split


def _measured(heading: str, snapshot: Snapshot, scores: Sequence[Any]) -> list[list[Measurement]]:
    device = snapshot.real.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        try:
            return measure(snapshot, scores)
        except NotThereError:
            raise UsageError(
                f"a score looks at more of {heading} than its generator, which alone is kept",
                "leave it out: --scores",
            ) from None
        except NonFiniteSamples as error:
            raise UsageError(f"{heading} has no finite score: {error}") from None


def opening_of(
    catalogue: Catalogue,
    runs: Path,
    device: str,
    *,
    channels: Channels = "found",
    fake_split: Split = "all",
    remark: Callable[[str], None],
) -> Opening:
    """How the sources of a command are opened, on the device of that name."""
    return Opening(
        catalogue=catalogue,
        runs=runs,
        device=torch.device(device),
        channels=channels,
        fake_split=fake_split,
        remark=remark,
    )
