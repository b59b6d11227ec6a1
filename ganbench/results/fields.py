"""The columns of every frame and published file: name, type, unit and meaning, said once."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ganbench.results.record import Status

FieldType = Literal["string", "integer", "number", "datetime"]

RunRow = Mapping[str, Any]
"""A run as a row of a frame or of `runs.csv`: column -> value, None for what is missing."""

_DTYPES: Final = {"string": "str", "integer": "Int64", "number": "float64", "datetime": "str"}

UNFINISHED: Final = "unfinished"
"""What stands for a status in the row of a run that was planned and has left no record."""

STATUSES: Final[tuple[str, ...]] = (*typing.get_args(Status), UNFINISHED)


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Args:
        name: its heading.
        type: of its values, in the words of Frictionless Table Schema.
        description: one line.
        unit: of its values; empty if they have none.
        required: whether every row has a value.
        optional: whether published files leave the column out where no row has a value, as files do
            that were published before there was such a column.
        varies: whether it tells of the machine (dates, times, memory), so that the same run gives
            another value the next time. All other columns are the same again, byte for byte, on
            one CPU, however often a run was interrupted.
        properties: further Table Schema properties.
    """

    name: str
    type: FieldType
    description: str
    unit: str = ""
    required: bool = False
    optional: bool = False
    varies: bool = False
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def dtype(self) -> str:
        """The pandas type that holds its values and the missing ones."""
        return _DTYPES[self.type]

    def to_schema(self) -> dict[str, Any]:
        """As a field of a Frictionless Table Schema."""
        schema: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.type == "datetime":
            schema["format"] = "%Y-%m-%dT%H:%M:%SZ"
        if self.unit:
            schema["unit"] = self.unit
        schema |= {"description": self.description, **self.properties}
        if self.required:
            schema["constraints"] = {"required": True} | schema.get("constraints", {})
        return schema


def _text(name: str, description: str, **more: Any) -> Field:
    return Field(name, "string", description, **more)


def _count(name: str, description: str, unit: str = "", **more: Any) -> Field:
    return Field(name, "integer", description, unit, **more)


def _number(name: str, description: str, unit: str = "", **more: Any) -> Field:
    return Field(name, "number", description, unit, **more)


def with_interval(name: str, description: str, unit: str = "", **more: Any) -> tuple[Field, ...]:
    """Four columns: an estimate over seeds, its 95 % limits, and how many runs are in it."""
    return (
        _number(name, description, unit, **more),
        _number(f"{name}_low", f"lower 95 % limit of {name}", unit, **more),
        _number(f"{name}_high", f"upper 95 % limit of {name}", unit, **more),
        _count(f"{name}_n", f"runs that {name} is computed from", "runs"),
    )


def _rank(name: str, which: str) -> tuple[Field, ...]:
    return (
        _count(f"{name}_low", f"best rank {which} that the 95 % intervals allow"),
        _count(f"{name}_high", f"worst rank {which} that the 95 % intervals allow"),
    )


_WHAT: Final = (
    _text("suite", "the suite that asked for the run", required=True),
    _text("task", "data set, budget and scoring protocol, as the suite names them", required=True),
    _text(
        "variant", "the variant, with the parameters that differ from its defaults", required=True
    ),
)

_PRIMARY: Final = _text(
    "primary", "key of the distance that utilities and stability are computed from"
)

_SETTING: Final = (
    _text("dataset", "the task's data set", required=True),
    _text("dataset_parameters", "all parameters of the data set, as JSON", required=True),
    _text("budget_kind", "what the budget counts: flops, seconds, images or steps", required=True),
    _number(
        "budget_amount", "training budget of a run, in FLOPs, s, images or steps", required=True
    ),
    _text("split", "the real side of the scores: heldout or train", required=True),
    _count("fakes", "generated samples per evaluation", "samples", required=True),
    _count("evaluations", "evaluations per run, at equal fractions of the budget", required=True),
    _count("memory_limit_bytes", "cap on the device's memory that the plan set", "B"),
    _text("precision", "of products in training: float32, tf32 or bf16", required=True),
    _text("setting", "hash of protocol, task, data, memory, threads, precision", required=True),
    _text("timed_on", "the device, where the budget is time: it is part of the setting"),
    _count("protocol", "version of everything that changes numbers", required=True),
)

_CODE: Final = (
    _text("variant_parameters", "all parameters of the variant, as JSON", required=True),
    _text("distribution", "the Python distribution that provides the variant"),
    _text("version", "version of that distribution"),
    _text("source_hash", "SHA-256 of that distribution's plugin package"),
    _text("code", "hash of the pins of every plugin that took part; see `plugins` in the package"),
)

SEVERAL: Final = "; "
"""Between machines, where a run has gone on on another one or seeds ran on several."""

ENVIRONMENT: Final = (
    _text("ganbench", "version of ganbench"),
    _text("commit", "commit of ganbench, where it ran from a repository"),
    _text("python", "version of Python"),
    _text("torch", "version of torch"),
    _text("cuda", "version of CUDA that torch was built for"),
    _text("driver", "version of the GPU's driver"),
    _text("device", "cpu or cuda"),
    _text("device_name", "model of the device that trained"),
    _text("cpu", "model of the CPU"),
    _text("cpu_kind", "the CPU's family, model and vector units: who rounds alike", optional=True),
)
"""What is known of the machine and may be published: never its name, its user or its paths."""

RUN_FIELDS: Final = (
    *_WHAT,
    _count("seed", "seed of weights, latents and data order", required=True),
    _text(
        "status",
        "how the run ended",
        required=True,
        properties={"constraints": {"enum": list(STATUSES)}},
    ),
    _PRIMARY,
    _number("distance_end", "the primary distance at the end of the budget; finished runs only"),
    _number("distance_best", "the smallest primary distance at any evaluation"),
    _number("distance_floor", "what real samples have against real samples of the same number"),
    _number("distance_cap", "what a generator has that returns the real mean"),
    _number("distance_trivial", "what the best trivial generator has: where utility is 0"),
    _number("utility_end", "ln(trivial/distance) / ln(trivial/floor) at the end; unstable: 0"),
    _number("utility_best", "the largest utility at any evaluation, in [0, 1]"),
    _number("evaluation_noise", "sd of ln distance that the choice of latents alone causes"),
    _number(
        "late_degradation", "ln distance at the end minus at the best mark, both on fresh latents"
    ),
    _number("oscillation", "rises of ln distance beyond noise, over the second half of the run"),
    _number("flops", "training compute used: matrix products, convolutions, attention", "FLOP"),
    _number(
        "seconds", "training time used, without evaluation, logging and set-up", "s", varies=True
    ),
    _count("images", "real samples shown to the discriminator", "samples"),
    _count("steps", "generator steps", "steps"),
    _number("flops_per_step", "training compute of one generator step", "FLOP"),
    _number(
        "seconds_per_step",
        "training time of a step, median over the evaluation marks",
        "s",
        varies=True,
    ),
    _count("parameters", "trainable numbers of all networks", "parameters"),
    _count("generator_parameters", "trainable numbers of the generator", "parameters"),
    _count("discriminator_parameters", "trainable numbers of the discriminator", "parameters"),
    _count("peak_memory_bytes", "largest memory in use", "B", varies=True),
    _number("setup_seconds", "time before training", "s", varies=True),
    _number("evaluation_seconds", "time of all evaluations", "s", varies=True),
    _number("wall_seconds", "time from start to end", "s", varies=True),
    _count("coupled", "1: samples depend on those generated beside them; 0: they do not"),
    _count("failed_at_step", "the step at which the run failed", "steps"),
    *_SETTING,
    *_CODE,
    *ENVIRONMENT,
    _count("threads", "CPU threads of the run, a part of its setting", "threads"),
    Field("started", "datetime", "UTC", varies=True),
    Field("finished", "datetime", "UTC", varies=True),
    _count("schema", "version of the record's format"),
    _count("api", "version of the plugin contract"),
    _text("run_id", "name of the run: readable, and unique by a hash of its spec", required=True),
)

LEADERBOARD_FIELDS: Final = (
    *_WHAT,
    *_rank("rank", "in the suite, by suite_utility,"),
    _text("unranked", "why there is no rank in the suite"),
    *with_interval("suite_utility", "mean utility over the suite's tasks, all with equal weight"),
    *_rank("stability_rank", "on the task, by retained_utility,"),
    *_rank("distance_rank", "on the task, by distance,"),
    _text("incomplete", "what is missing for a rank on the task"),
    _text("marks", "what takes the rank from the row, such as signs of copies"),
    _count("runs", "runs planned: one per seed", "runs", required=True),
    *(_count(status, f"runs that ended as {status}", "runs", required=True) for status in STATUSES),
    *with_interval(
        "failure_rate", "share of unstable runs among those that could show it (Clopper-Pearson)"
    ),
    *with_interval("retained_utility", "mean final utility over the best utility of any seed"),
    _text("retained_utility_missing", "why there is no retained utility"),
    *with_interval("utility", "mean utility at the end; unstable runs count 0"),
    _PRIMARY,
    *with_interval("distance", "geometric mean of the primary distance over finished runs"),
    _number("distance_floor", "what real samples have against real samples of the same number"),
    _number("evaluation_noise", "sd of ln distance that the choice of latents alone causes"),
    _number("seed_dispersion", "sd of ln distance over finished runs, evaluation noise subtracted"),
    *with_interval("late_degradation", "mean of the runs' late_degradation"),
    *with_interval("oscillation", "mean of the runs' oscillation"),
    _text("uninterpretable", "keys of scores that say nothing here: precision is too low for them"),
    *with_interval(
        "seconds", "mean training time of finished runs, on one kind of device", "s", varies=True
    ),
    *with_interval("flops", "mean training compute of finished runs", "FLOP"),
    *with_interval("steps", "mean generator steps of finished runs", "steps"),
    *with_interval("images", "mean of the real samples shown in finished runs", "samples"),
    *with_interval(
        "seconds_per_step", "mean over finished runs of their median step time", "s", varies=True
    ),
    *with_interval(
        "peak_memory_bytes",
        "mean of the largest memory in use in finished runs",
        "B",
        varies=True,
    ),
    _count("parameters", "trainable numbers of all networks", "parameters"),
    *_SETTING,
    *_CODE,
    *ENVIRONMENT,
    _text("threads", "CPU threads of the runs, a part of their setting"),
    _text("seeds", "seeds of the runs"),
    Field("finished", "datetime", "UTC; when the last of the runs ended", varies=True),
)
