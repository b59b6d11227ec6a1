"""Scores, on samples whose quality is known: real ones, noise, and a collapsed generator's."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast, get_args

from torch import Tensor

from ganbench.api.data import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.api.parameters import Value
from ganbench.api.scores import (
    Direction,
    Evaluation,
    EvaluationInfo,
    Extractor,
    Measurement,
    Panel,
)
from ganbench.api.specs import ScoreSpec
from ganbench.authoring.conformance.cases import Case
from ganbench.authoring.conformance.comparing import same_bits
from ganbench.authoring.conformance.results import Broken, NotApplicable, contract
from ganbench.authoring.conformance.samples import example_data, noise_like
from ganbench.authoring.conformance.subject import Subject, advance
from ganbench.catalogue.blame import told
from ganbench.catalogue.calling import call_light
from ganbench.planning.chosen import choose_extractor
from ganbench.planning.naming import choose_variant
from ganbench.planning.prepared import Prepared
from ganbench.planning.references import parse_reference
from ganbench.results.headings import measurement_name
from ganbench.running.contestant import contestant_of
from ganbench.running.contracts import check_drawings, check_measurements, made
from ganbench.running.task import build_extractor
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.training.seeds import seed_everything
from ganbench.training.trainer import Trainer

COUNT = 1_000
"""Samples of each kind."""

TRAIN = 2_000

OTHER_SEED = 20_262
"""Nothing else is seeded with it."""

SLACK = 1e-6
"""Relative: how far beyond its range rounding may carry a number."""

MODELS = {"dirac": "dirac"}
"""Data sets with a model of their own; all others get perceptrons."""

QUICK = "raw"
"""The extractor that is tried first where a score leaves the choice: it has no weights."""


@dataclass(frozen=True)
class Tried:
    """What came of measuring a set of fakes.

    Args:
        measured: what the score made of them.
        changed: what of its input it has changed; empty if nothing.
    """

    measured: list[Measurement]
    changed: str


@dataclass(frozen=True)
class Scene:
    """Three sets of fakes on one data set, with a training that they might come from.

    Args:
        data: the real side.
        trainer: of the training.
        fakes: by kind.
        labels: classes that these were made for, as conditional generators have them, or None.
        compute: what the score makes of an evaluation, as a plan and a run ask for it.
        draw: what it draws of one, if it draws at all.
        known: what came of the sets that have been measured, for all checks: some scores take
            seconds for each.
    """

    data: Data
    trainer: Trainer
    fakes: dict[str, Tensor]
    labels: Tensor | None
    compute: Callable[[Snapshot], list[Measurement]]
    draw: Callable[[Snapshot], object]
    known: dict[str, Tried] = field(default_factory=dict)

    def snapshot(self, subject: Subject, kind: str, steps: int = 3) -> Snapshot:
        """A fresh evaluation of one set of fakes after so many steps: nothing is left of another
        one."""

        def build(text: str) -> Extractor:
            chosen = choose_extractor(text, subject.catalogue)
            return build_extractor(chosen, self.data, subject.catalogue, subject.device)

        side = RealSide(self.data, "heldout", subject.device, build)
        one = contestant_of(self.trainer)
        return one.snapshot(side, self.fakes[kind].clone(), self.labels, steps)

    def measure(self, subject: Subject, kind: str) -> list[Measurement]:
        """What the score makes of a set of fakes, now."""
        return self.compute(self.snapshot(subject, kind))

    def tried(self, subject: Subject, kind: str) -> Tried:
        """What came of a set of fakes when it was measured first."""
        if kind not in self.known:
            snapshot = self.snapshot(subject, kind)
            before = _contents(snapshot)
            measured = self.compute(snapshot)
            after = _contents(snapshot)
            changed = (name for name, one in before.items() if not same_bits(one, after[name]))
            self.known[kind] = Tried(measured, next(changed, ""))
        return self.known[kind]


def scene(subject: Subject) -> Scene:
    """The first data set, with an extractor if need be, that the score can be computed on.

    Raises:
        NotApplicable: it refuses all of them.
    """

    def compute() -> Scene:
        refusal = f"no data set of {' or '.join(subject.spec.modalities)} is at hand"
        for candidate in _scenes(subject):
            try:
                candidate.tried(subject, "real")
            except UsageError as error:
                refusal = error.message
            else:
                return candidate
        raise NotApplicable(f"it cannot be tried here: {refusal}")

    return subject.once("scene", compute)


def _scenes(subject: Subject) -> Iterator[Scene]:
    """Without classes first: most scores need none."""
    spec = subject.spec
    assert isinstance(spec, ScoreSpec)
    chosen = parse_reference(subject.name).settings
    options = [subject.parameters]
    if "extractor" in spec.parameters and "extractor" not in chosen:
        options.insert(0, {**subject.parameters, "extractor": QUICK})
    for info in subject.shapes:
        if info.modality in spec.modalities:
            data, trainer = _data(subject, info), _trainer(subject, info)
            classes = None if data.train_labels is None else data.train_labels[:COUNT]
            for labels in (None,) if classes is None else (None, classes):
                for parameters in options:
                    asked = functools.partial(_asked, subject, spec, parameters)
                    drawn = functools.partial(_drawn, subject, spec, parameters)
                    yield Scene(data, trainer, _fakes(data), labels, asked, drawn)


def _asked(
    subject: Subject, spec: ScoreSpec, parameters: Mapping[str, Value], snapshot: Snapshot
) -> list[Measurement]:
    """What a plan asks a score, and then a run."""
    if spec.check is not None:
        what, about = f"check of score {spec.name}", EvaluationInfo.of(cast("Evaluation", snapshot))
        call_light(what, object, spec.check, about, **parameters)
    return made(subject.catalogue, check_measurements, spec, spec.compute, snapshot, **parameters)


def _drawn(
    subject: Subject, spec: ScoreSpec, parameters: Mapping[str, Value], snapshot: Snapshot
) -> object:
    """What a run draws after its last step."""
    if spec.draw is None:
        return None
    return made(subject.catalogue, check_drawings, spec, spec.draw, snapshot, **parameters)


def _data(subject: Subject, info: DataInfo) -> Data:
    data = example_data(info, subject.catalogue)
    train, heldout = data.train_labels, data.heldout_labels
    return replace(
        data,
        train=data.train[:TRAIN],
        heldout=data.heldout[:COUNT],
        train_labels=None if train is None else train[:TRAIN],
        heldout_labels=None if heldout is None else heldout[:COUNT],
    )


def _trainer(subject: Subject, info: DataInfo) -> Trainer:
    model = MODELS.get(info.name, "mlp")
    variant = choose_variant(f"{model}+non-saturating", subject.catalogue)
    parts, recipe = variant.resolved(subject.catalogue, info)
    prepared = Prepared(variant=variant, parameters={}, recipe=recipe, parts=parts)
    trainer = subject.trainer(Case(prepared, info))
    advance(trainer, 3)
    return trainer


def _fakes(data: Data) -> dict[str, Tensor]:
    """Other real samples, noise, and one sample again and again."""
    real = data.train[:COUNT]
    collapsed = real[:1].repeat_interleave(len(real), dim=0)  # as many as there are classes for
    return {"real": real, "random": noise_like(data.info, len(real)), "collapsed": collapsed}


def exercised(subject: Subject) -> Callable[[], object]:
    """Measuring real samples, to be called again and again."""
    found = scene(subject)
    return lambda: found.measure(subject, "real")


def columns(subject: Subject) -> None:
    """The fields of every measurement, and the same columns for any fakes."""
    with contract():
        measured = scene(subject).tried(subject, "real").measured
    for one in measured:
        _documented(one)
    keys = [one.key for one in measured]
    if len(set(keys)) < len(keys):
        raise Broken("two of its measurements have the same key")
    for one in measured:
        if one.read_with and one.read_with not in keys and _own(one.read_with, keys):
            raise Broken(f"{one.label} is to be read with {one.read_with}, which is not there")


def _own(key: str, keys: list[str]) -> bool:
    """Whether a key would be one of these: another score of the task may provide it as well."""
    return measurement_name(key) in set(map(measurement_name, keys))


def _documented(one: Measurement) -> None:
    for name in ("key", "label"):
        text = getattr(one, name)
        if not isinstance(text, str) or not text.strip() or "\n" in text:
            raise Broken(f"the {name} {text!r} of a measurement is no line of text")
    if one.panel not in get_args(Panel) or one.direction not in get_args(Direction):
        raise Broken(f"{one.label}: panel {one.panel!r}, direction {one.direction!r} are unknown")
    if one.direction == "target" and one.null is None:
        raise Broken(f"{one.label} is best nearest to its null, and has none")
    if one.n_fake < 1:
        raise Broken(f"{one.label} does not say of how many fakes it is (n_fake)")
    if None not in (one.lowest, one.highest) and not one.lowest < one.highest:  # type: ignore[operator]
        raise Broken(f"{one.label}: its range is {one.lowest} to {one.highest}")
    if None not in (one.floor, one.cap) and not one.floor < one.cap:  # type: ignore[operator]
        raise Broken(f"{one.label}: its floor {one.floor} is not below its cap {one.cap}")


def values(subject: Subject) -> None:
    """Every set of fakes; noise may be refused with a reason, real and collapsed ones may not."""
    found = scene(subject)
    for kind in found.fakes:
        try:
            measured = found.tried(subject, kind).measured
        except UsageError as error:
            if kind == "random":
                continue
            raise Broken(f"{kind} samples: {error.message}") from error
        for one in measured:
            _in_range(one, kind)
    # As a run does before its first step, and after its last one.
    try:
        found.compute(found.snapshot(subject, "real", steps=0))
    except Exception as error:
        raise Broken(
            f"before the first step: {told(error, subject.catalogue.plugins)}",
            "evaluation.steps is 0 when a run tries its scores",
        ) from error
    with contract():
        found.draw(found.snapshot(subject, "real"))


def _in_range(one: Measurement, kind: str) -> None:
    value = one.value
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise Broken(f"{one.label} of {kind} samples is {value!r}")
    slack = SLACK * max(1.0, abs(value))
    low = one.lowest is not None and value < one.lowest - slack
    high = one.highest is not None and value > one.highest + slack
    if low or high:
        bounds = f"{one.lowest} to {one.highest}"
        raise Broken(f"{one.label} of {kind} samples is {value:g}, outside of {bounds}")


def repeatable(subject: Subject) -> None:
    """Two fresh evaluations under other global random numbers."""
    found = scene(subject)
    first = {one.key: one.value for one in found.tried(subject, "real").measured}
    seed_everything(OTHER_SEED)
    second = {one.key: one.value for one in found.measure(subject, "real")}
    if first.keys() != second.keys():
        raise Broken(f"columns differ between two calls: {sorted(first.keys() ^ second.keys())}")
    for key, value in first.items():
        if value != second[key]:
            raise Broken(f"{key} is {value!r}, then {second[key]!r}")


def pure(subject: Subject) -> None:
    """Fakes, splits and labels before and after."""
    found = scene(subject)
    for kind in ("real", "collapsed"):
        if changed := found.tried(subject, kind).changed:
            raise Broken(f"it changes {changed}")


def _contents(snapshot: Snapshot) -> dict[str, Tensor]:
    data: Any = snapshot.data
    parts = {f"the data set's {field.name}": getattr(data, field.name) for field in fields(data)}
    tensors = {name: one for name, one in parts.items() if isinstance(one, Tensor)}
    return {name: one.clone() for name, one in {**tensors, "the fakes": snapshot.fakes}.items()}
