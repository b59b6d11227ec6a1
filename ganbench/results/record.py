"""The record: the one JSON file that a run leaves, whatever happened to it."""

from __future__ import annotations

import sys
from typing import Annotated, Any, Final, Literal, TypedDict

from msgspec import Meta

from ganbench.api.scores import Direction, Panel

Status = Literal[
    "ok",
    "nonfinite_weights",
    "nonfinite_output",
    "dead_output",
    "diverged",
    "oom",
    "timeout",
    "error",
    "killed",
]

INSTABILITIES: Final = ("nonfinite_weights", "nonfinite_output", "dead_output", "diverged")
"""Failures of the training dynamics, in the order in which they are tested: they count as
instability."""

COUNTED: Final = ("ok", *INSTABILITIES)
"""Statuses of runs that say something about their variant. The others (`oom`, `timeout`, `error`,
`killed`) are accidents of the machine or of the code: printed, never counted against it."""

RECORD_FILE: Final = "record.json"

LARGEST: Final = 2**53
"""Of integers: more is no count of anything, and is lost by whoever reads JSON as floats."""

Integer = Annotated[int, Meta(ge=-LARGEST, le=LARGEST)]

Number = Annotated[float, Meta(ge=-sys.float_info.max, le=sys.float_info.max)]
"""A finite one: NaN and the infinities are in no such range."""


class Used(TypedDict):
    """What a run has spent on training: evaluation, logging and set-up are not in it."""

    flops: Number
    seconds: Number
    images: Integer
    steps: Integer


class Point(TypedDict):
    """One evaluation at a mark of the budget. `scores`: column key -> value."""

    fraction: Number
    used: Used
    scores: dict[str, Number]


class Judged(TypedDict, total=False):
    """What a column's values are held against, which older records do not say.

    `references`: name of a reference generator (`ganbench.results.references`) -> its value.
    `threshold`: what the value must reach where the primary distance sees no fault, as the task
    says.
    """

    references: dict[str, Number]
    threshold: Number


class Doubt(TypedDict, total=False):
    """How well a column's null and floor are known, which older records do not say."""

    null_error: Number | None
    floor_error: Number | None
    floor_spread: Number | None


class Column(Judged, Doubt):
    """Everything about a column but its values; see `ganbench.api.scores.Measurement`."""

    label: str
    panel: Panel
    direction: Direction
    null: Number | None
    floor: Number | None
    measured_floor: Number | None
    cap: Number | None
    n_real: Integer
    n_fake: Integer
    unit: str
    lowest: Number | None
    highest: Number | None
    read_with: str


class Fresh(TypedDict):
    """The primary distance of two generators on latents that chose neither of them.

    `end` is the generator at the end, `best` the one with the smallest distance at any mark, which
    was reached at the fraction `best_fraction` of the budget. Both see the same sets of latents.
    """

    best_fraction: Number
    best: list[Number]
    end: list[Number]


class Failure(TypedDict):
    """Why a run did not end well."""

    message: str
    traceback: str
    signal: str | None
    step: Integer | None


class Pin(TypedDict):
    """Exactly which code a name stood for."""

    kind: str
    name: str
    plugin: str
    distribution: str
    version: str
    source_hash: str


class Recount(TypedDict):
    """Steps whose operations were counted again, at marks and where the run's seed drew them.

    `differing` of the `steps` cost another number of FLOPs than steps of their kind had cost
    before. `added` FLOPs are part of `used.flops` only because of that: they were charged for
    steps that nobody had counted.
    """

    steps: Integer
    differing: Integer
    added: Number


class Trained(TypedDict):
    """The samples that a run trained on: how many, of each class (or null), and their content."""

    samples: Integer
    classes: list[Integer] | None
    sha256: str


class Kept(TypedDict, total=False):
    """What records have since later than the rest, and older ones have not.

    `generator_sha256` is that of `generator.safetensors`, the generator that the last evaluation
    saw. `coupled`: whether its samples depended on those that were generated beside them.
    """

    generator_sha256: str
    coupled: bool
    recount: Recount
    trained: Trained


class Record(Kept):
    """One run. Times are UTC in ISO 8601; absent numbers are null.

    `resumed` counts how often it went on from a checkpoint.
    """

    schema: Integer
    protocol: Integer
    api: Integer
    run_id: str
    spec: dict[str, Any]
    pins: list[Pin]
    status: Status
    failure: Failure | None
    used: Used
    flops_per_step: Number | None
    parameters: dict[str, Integer]
    peak_memory_bytes: Integer | None
    clocks: dict[str, Number]
    columns: dict[str, Column]
    primary: str | None
    points: list[Point]
    fresh: Fresh | None
    environment: dict[str, Any]
    resumed: Integer
    started: str
    finished: str
