"""Evaluations of one run: sample, check, score, remember."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, cast

import torch
from torch import Tensor

from ganbench.api.data import Data
from ganbench.api.scores import Measurement, NonFiniteSamples
from ganbench.planning.suite import Task
from ganbench.results.headings import measurement_name
from ganbench.results.record import Column, Fresh, Judged, Point, Status, Used
from ganbench.running.contestant import Contestant
from ganbench.running.log import remark
from ganbench.running.references import References
from ganbench.running.task import Score
from ganbench.scoring.evaluation import RealSide, Snapshot, measure
from ganbench.statistics.stability import diverged
from ganbench.training.clock import BudgetClock
from ganbench.training.precision import products
from ganbench.training.sampling import all_finite, is_dead, is_finite
from ganbench.training.seeds import stream_seed
from ganbench.training.state import untouched_random_numbers

EVALUATION_SEED = stream_seed(0, "evaluation")
"""Latents of evaluations do not depend on the run's seed: seeds differ in training alone."""

FRESH_SEEDS = (stream_seed(0, "fresh 1"), stream_seed(0, "fresh 2"))
"""Latents on which the best and the last generator are compared: they have chosen neither."""


class Unstable(Exception):
    """The training dynamics ended the run; `status` is one of the failure words."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


class Evaluator:
    """Evaluates a run's generator at marks of its budget.

    Args:
        task: sample counts.
        contestant: what is evaluated.
        clock: how far it is.
        side: the real side of all scores.
        scores: computed at every mark.
        final_scores: computed at the end as well.
        references: what the reference generators score, by column and name.
        keep_generators: whether the generator of every evaluation is kept, not the best alone.
    """

    def __init__(
        self,
        task: Task,
        contestant: Contestant,
        clock: BudgetClock,
        side: RealSide,
        scores: list[Score],
        final_scores: list[Score],
        references: References | None = None,
        keep_generators: bool = False,
    ) -> None:
        self.points: list[Point] = []
        self.columns: dict[str, Column] = {}
        self.primary: str | None = None
        self.fresh: Fresh | None = None
        self.coupled = False
        """Whether samples of the generator at the end depend on those beside them."""
        self.seconds = 0.0
        self.measuring = False
        """Whether an evaluation is under way that could be given up without a trace."""
        self.fakes = torch.empty(0)
        self.fake_labels: Tensor | None = None
        self._dead = False
        self._best: tuple[Point, dict[str, Tensor]] | None = None
        self._primary_scores: list[Score] = []
        self._generators: list[dict[str, Tensor]] = []
        self._keep_generators = keep_generators
        self._real_is_constant = bool((side.real == side.real[:1]).all())
        self._task = task
        self._contestant = contestant
        self._clock = clock
        self._side = side
        self._scores = scores
        self._final_scores = final_scores
        self._references = references or {}

    def evaluate(self, *, final: bool = False) -> None:
        """Evaluate now.

        Global random numbers, which losses draw from, are as they were afterwards: what a score or
        an extractor draws must not reach the training.

        Raises:
            Unstable: weights, samples or scores are not finite.
            Exception: as a score raises it; the evaluator is then as it was before.
        """
        started = time.perf_counter()
        device = self._contestant.device
        with untouched_random_numbers(device), self._undone_on_failure(), products("float32"):
            self.measuring = True
            try:
                # Before sampling: of NaN weights a clamp could make images that look like images.
                self._check_weights()
                raw, self.fake_labels = self._sample(EVALUATION_SEED)
                if not self.points and (fault := self._contestant.out_of_range(raw)):
                    remark(f"samples {fault}: they are brought into range before they are scored")
                # Of the raw output: rounded to bytes, a generator that still moves may look dead.
                self._dead = is_dead(raw) and not self._real_is_constant
                self.fakes = self._as_stored(raw)
                del raw  # four times the bytes of what is scored
                scores = self._all_scores if final else self._scores
                measured = self._measure(self.fakes, self.fake_labels, scores)
            finally:
                self.measuring = False
            # Once, at the first evaluation: a curve of two distances would be none.
            self._choose_primary(scores, measured)
            point = self._keep(measured, 1.0 if final else self._clock.fraction())
            self._keep_weights(point)
            if final:
                self.fresh = self._judge_afresh()
                self.coupled = self._contestant.couples()
        self.seconds += time.perf_counter() - started

    @contextmanager
    def _undone_on_failure(self) -> Iterator[None]:
        """Forget an evaluation that fails half-way: it is done again when its run goes on."""
        count, columns = len(self.points), dict(self.columns)
        primary = self.primary, self._primary_scores, self._best
        try:
            yield
        except Unstable:  # a result, whose last point tells of it
            raise
        except BaseException:
            del self.points[count:], self._generators[count:]
            self.columns = columns
            self.primary, self._primary_scores, self._best = primary
            raise

    @property
    def data(self) -> Data:
        """The data set."""
        return self._side.data

    @property
    def real(self) -> Tensor:
        """(N, ...) reference samples, as they are stored."""
        return self._side.real

    def state(self) -> dict[str, Any]:
        """What the evaluations so far have left."""
        best = self._best and {"point": self.points.index(self._best[0]), "weights": self._best[1]}
        return {
            "points": self.points,
            "columns": self.columns,
            "primary": self.primary,
            "primary_scores": [
                self._all_scores.index(primary_score) for primary_score in self._primary_scores
            ],
            "seconds": self.seconds,
            "best": best,
            "generators": self._generators,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        self.points, self.columns = state["points"], state["columns"]
        self.primary, self.seconds = state["primary"], state["seconds"]
        self._primary_scores = [self._all_scores[index] for index in state["primary_scores"]]
        self._generators = state["generators"] if self._keep_generators else []
        best = state["best"]
        self._best = best and (self.points[best["point"]], best["weights"])

    def snapshot(self) -> Snapshot:
        """What scores see of the last fakes."""
        return self._shown(self.fakes, self.fake_labels)

    def _shown(self, fakes: Tensor, labels: Tensor | None) -> Snapshot:
        return self._contestant.snapshot(self._side, fakes, labels, self._clock.steps)

    @property
    def has_all_generators(self) -> bool:
        """Whether the generator of every evaluation so far is kept."""
        return len(self._generators) == len(self.points)

    @property
    def _all_scores(self) -> list[Score]:
        return [*self._scores, *self._final_scores]

    def verdict(self) -> tuple[Status, str]:
        """The status of a run that reached its end, and the reason if it is not `ok`.

        `dead_output` is judged by the last evaluation, `diverged` by the whole curve.
        """
        if self._dead:
            return "dead_output", "all generated samples are the same"
        if self.primary is None:
            return "ok", ""
        curve = [p["scores"][self.primary] for p in self.points if self.primary in p["scores"]]
        cap = self.columns[self.primary]["cap"]
        if cap is not None and diverged(curve, cap):
            label = self.columns[self.primary]["label"]
            return "diverged", f"{label} rose above {cap:g}, worse than the real mean alone"
        return "ok", ""

    def _check_weights(self) -> None:
        for name, module in self._contestant.modules.items():
            if not all_finite(module):
                raise Unstable(
                    "nonfinite_weights", self._at_step(f"the {name}'s weights are not finite")
                )

    def _sample(self, seed: int) -> tuple[Tensor, Tensor | None]:
        raw, labels = self._contestant.sample(self._task.fakes, seed)
        if not is_finite(raw):
            raise Unstable(
                "nonfinite_output", self._at_step("the generator's output is not finite")
            )
        return raw, labels

    def _as_stored(self, raw: Tensor) -> Tensor:
        return self._contestant.as_stored(raw)

    def _measure(
        self, fakes: Tensor, labels: Tensor | None, scores: list[Score]
    ) -> list[list[Measurement]]:
        snapshot = self._shown(fakes, labels)
        try:
            return measure(snapshot, scores)
        except NonFiniteSamples as error:
            raise Unstable("nonfinite_output", self._at_step(str(error))) from error

    def _keep_weights(self, point: Point) -> None:
        """Remember the generator with the smallest primary distance so far; all, if asked to."""
        distance = None if self.primary is None else point["scores"].get(self.primary)
        best = distance is not None and (
            self._best is None or distance < self._best[0]["scores"][str(self.primary)]
        )
        if not (best or self._keep_generators):
            return
        # On the CPU: the best of ten generators must not take the place of a batch on a GPU.
        state = self._contestant.generator.state_dict()
        weights = {name: tensor.detach().cpu().clone() for name, tensor in state.items()}
        if best:
            self._best = point, weights
        if self._keep_generators:
            self._generators.append(weights)

    def _judge_afresh(self) -> Fresh | None:
        """The primary distance of the last and of the best generator on fresh latents.

        The smallest of ten noisy distances is too small: against it, every run would seem to have
        become worse since. And two sets of latents tell how noisy a distance is.
        """
        if self._best is None or self.primary is None:
            return None
        point, weights = self._best
        end = self._fresh_distances()
        generator = self._contestant.generator
        # The very module is lent to the best weights: a copy would double the memory of a run.
        last = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
        try:
            generator.load_state_dict(weights)
            best = self._fresh_distances() if point is not self.points[-1] else end
        finally:
            generator.load_state_dict(last)
        return Fresh(best_fraction=point["fraction"], best=best, end=end)

    def _fresh_distances(self) -> list[float]:
        distances = []
        for seed in FRESH_SEEDS:
            raw, labels = self._sample(seed)
            (measured,) = self._measure(self._as_stored(raw), labels, self._primary_scores)
            distances += [one.value for one in measured if one.key == self.primary]
        return distances

    def _choose_primary(self, scores: list[Score], measured: list[list[Measurement]]) -> None:
        """The distance that stability is judged by: the first one with a floor and a cap.

        None where real samples do not vary: a cap of zero, or of rounding errors, is no scale.
        """
        if self.primary is None and not self._real_is_constant:
            for score, results in zip(scores, measured, strict=True):
                for result in results:
                    if self.primary is None and None not in (result.floor, result.cap):
                        self.primary, self._primary_scores = result.key, [score]

    def _judged(self, key: str) -> Judged:
        """What the values of a column are held against."""
        judged = Judged()
        if key in self._references:
            judged["references"] = dict(self._references[key])
        if (threshold := self._task.thresholds.get(measurement_name(key))) is not None:
            judged["threshold"] = threshold
        return judged

    def _at_step(self, message: str) -> str:
        return f"{message} at step {self._clock.steps}"

    def _keep(self, measured: list[list[Measurement]], fraction: float) -> Point:
        flat = [result for results in measured for result in results]
        for one in flat:
            fields = asdict(one)
            key, _ = fields.pop("key"), fields.pop("value")
            self.columns[key] = cast("Column", fields | self._judged(key))
        scores = {one.key: one.value for one in flat}
        point = Point(fraction=fraction, used=used(self._clock), scores=scores)
        self.points.append(point)
        return point


def used(clock: BudgetClock) -> Used:
    """What the clock has counted, for a record."""
    return Used(flops=clock.flops, seconds=clock.seconds, images=clock.images, steps=clock.steps)
