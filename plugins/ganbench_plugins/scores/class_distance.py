"""How far each class is from its own real samples, and its means over the frequent and the rare.

The distance of all samples mixes two faults: classes that are hit too often or too rarely, and
classes that are drawn badly. Here every class is compared with itself, so that a generator that
draws ten classes evenly and nine of them well is told from one that draws them all half as well.

Who is of which class: where the generator was asked for classes, fakes are of those, and real
samples of their own. Where it was not, a judge says so, a classifier, and of both sides: a judge
that takes sevens for ones takes real sevens for ones as well, so that its errors do not count
twice.

Trap avoided: with 2,048 features and the hundreds of samples that a class has, an intra-class FID
is mostly bias. So the default is the kernel distance, which has none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import torch

from ganbench import Classifier, Evaluation, EvaluationInfo, FeatureColumn, Measurement, UsageError
from ganbench_plugins.scores import requirements
from ganbench_plugins.scores.kernels.by_class import (
    Distance,
    RealClass,
    chance_of_fewer,
    mean_halves,
    real_classes,
)
from ganbench_plugins.scores.tail import PARTS, thirds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

NAMES = {"kid": "KID", "fd": "FD"}

ASKED, JUDGED = "as-asked", "judged-by-"
"""The rule where a generator was asked for classes; where it was not, before the judge's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Who is of which class.

    Args:
        real: (N,) int64 of the real side.
        fake: (M,) int64 of the fakes.
        rule: `ASKED`, or `JUDGED` and the judge's id: a part of each column's key.
    """

    real: Tensor
    fake: Tensor
    rule: str

    @property
    def words(self) -> str:
        """The rule, without the hash of the judge's weights."""
        judge = self.rule.removeprefix(JUDGED).partition("@")[0]
        return "as asked" if self.rule == ASKED else f"judged by {judge}"


@dataclass(frozen=True)
class ClassColumn(FeatureColumn):
    """Columns of distances by classes; distance and rule are parts of what they are called."""

    classes: Classes
    distance: Distance

    def key(self, name: str) -> str:
        """``name/extractor@hash/layer/rule/split/NxM``."""
        *which, split, sizes = super().key(name).split("/")
        return "/".join((*which, self.classes.rule, split, sizes))

    def mean(self, of: str, sides: Sequence[RealClass], values: Sequence[float]) -> Measurement:
        """The mean over some classes, with those of all that it is held against.

        Args:
            of: which classes these are: empty for all, a third's name, or the number of one.
            sides, values: of these classes.
        """
        kernel, label = self.distance == "kid", f"class {NAMES[self.distance]}"
        name, cap = f"class_{self.distance}", _mean([side.cap for side in sides])
        floor, halves = _mean([side.floor for side in sides]), mean_halves(sides)
        label = f"{of} {label}" if of in PARTS else label
        where = f"[{self.network}, {self.classes.words}]"
        return self.measurement(
            f"{of}_{name}" if of in PARTS else f"{name}_of_{of}" if of else name,
            _mean(values),
            "distance",
            "lower",
            label=f"{label}{where} of {of}" if of and of not in PARTS else f"{label}{where}",
            null=0.0 if kernel else None,
            floor=None if kernel else floor,
            measured_floor=None if halves is None else halves.mean,
            floor_error=None if halves is None else halves.error,
            floor_spread=None if halves is None else halves.spread,
            cap=cap,
            lowest=None if kernel else 0.0,
        )

    def missing(self, found: int, expected: float) -> Measurement:
        """How many classes were charged for having too few fakes."""
        return self.measurement(
            f"classes_missing_{self.distance}",
            float(found),
            "collapse",
            "lower",
            label=f"classes missing[{NAMES[self.distance]} of {self.network}, "
            f"{self.classes.words}]",
            null=expected,
            highest=float(self.evaluation.data.info.classes or 0),
        )


def class_distance(
    evaluation: Evaluation, *, extractor: str, judge: str, distance: str, each: bool
) -> list[Measurement]:
    """The distance of each class, at most its cap, and its mean over all classes and over thirds.

    A class of which fewer fakes were drawn than its distance needs is charged its cap, the distance
    of one sample at the class's mean again and again.

    Raises:
        UsageError: the extractor has too many features, the judge is no classifier of these
            classes, there are no labels, or too few real samples of a class.
    """
    real, fake = evaluation.real_features(extractor), evaluation.fake_features(extractor)
    info = replace(EvaluationInfo.of(evaluation), features={extractor: real.shape[1]})
    least = requirements.class_distance(
        info, extractor=extractor, judge=judge, distance=distance, each=each
    )
    kind, train = cast("Distance", distance), evaluation.data.train_labels
    classes = asked(evaluation) if evaluation.fake_labels is not None else judged(evaluation, judge)
    count = evaluation.data.info.classes or 0
    shares = torch.bincount(classes.real, minlength=count).double() / len(classes.real)

    def prepared() -> list[RealClass]:
        fakes = fakes_that_count(evaluation, classes, least)
        return real_classes(real, classes.real, fakes, kind, evaluation.cached)

    key = f"class-distance/{distance}/{extractor}/{classes.rule}/{len(fake)}"
    sides = evaluation.once(key, prepared)
    charged = [side.charged(fake[classes.fake == k], least) for k, side in enumerate(sides)]
    groups = {"": torch.arange(count)}
    if count >= len(PARTS) and train is not None:
        groups |= zip(PARTS, thirds(torch.bincount(train, minlength=count)), strict=True)
    if each:
        groups |= {str(one): torch.tensor([one]) for one in range(count)}
    column = ClassColumn(evaluation, extractor, classes, kind)
    means = [
        column.mean(of, [sides[k] for k in group], [charged[k][0] for k in group])
        for of, group in groups.items()
    ]
    expected = sum(chance_of_fewer(len(fake), float(share), least) for share in shares)
    return [*means, column.missing(sum(missing for _, missing in charged), expected)]


def asked(evaluation: Evaluation) -> Classes:
    """Fakes are of the classes that they were made for, real samples of their own.

    Raises:
        UsageError: the real side has no labels.
    """
    data, device = evaluation.data, evaluation.fakes.device
    labels = data.heldout_labels if evaluation.split == "heldout" else data.train_labels
    if labels is None or evaluation.fake_labels is None:
        raise UsageError(f"score class-distance needs the classes of {data.info.name}")
    return Classes(real=labels.to(device), fake=evaluation.fake_labels.to(device), rule=ASKED)


def judged(evaluation: Evaluation, judge: str) -> Classes:
    """Who is of which class, as a classifier sees it, on either side.

    Raises:
        UsageError: the judge tells no classes, or other ones.
    """
    network = cast("Classifier", evaluation.extractor(judge))
    name, info = network.id.partition("@")[0], evaluation.data.info
    if not hasattr(network, "classify"):
        raise UsageError(
            f"the judge of score class-distance must be a classifier, {name} tells no classes",
            "use class-distance[judge=classifier]",
        )
    if network.classes != info.classes:
        raise UsageError(
            f"the judge of score class-distance tells {network.classes} classes, {name}, and "
            f"{info.name} has {info.classes}",
            "name a classifier of these classes: class-distance[judge=...]",
        )
    return Classes(
        real=evaluation.once(
            f"judged/{judge}", lambda: network.classify(evaluation.real_features(judge))
        ),
        fake=network.classify(evaluation.fake_features(judge)),
        rule=f"{JUDGED}{network.id}",
    )


def fakes_that_count(evaluation: Evaluation, classes: Classes, least: int) -> list[int]:
    """Of each class, as many as its share of the real side gives among all fakes.

    So floors are those of the counts in use, and who draws a class too often gains nothing by it.

    Raises:
        UsageError: a class has fewer than `least` real samples, or fakes that count.
    """
    name, fakes, n = evaluation.data.info.name, len(classes.fake), len(classes.real)
    found = torch.bincount(classes.real, minlength=evaluation.data.info.classes or 0).tolist()
    fewest = min(found)
    told = (
        f"score class-distance needs {least} samples of each class, {classes.words}, and of class "
        f"{found.index(fewest)}"
    )
    if fewest < least:
        mend = "use more real samples" if classes.rule == ASKED else "use another judge"
        raise UsageError(
            f"{told} {evaluation.split} of {name} has {fewest}",
            mend if least == 2 else f"{mend}, or ask for [distance=kid]",
        )
    if fakes * fewest // n < least:
        raise UsageError(
            f"{told} there would be {fakes * fewest // n} among {fakes} samples of the real law",
            f"take more fakes: {-(-least * n // fewest)}",
        )
    return [fakes * one // n for one in found]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)
