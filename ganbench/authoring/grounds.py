"""Where plugins for each kind of data are tried out: tasks, features and scores that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ganbench.api.data import ModalityName
from ganbench.modalities import MODALITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a new plugin meets on one kind of data.

    Args:
        task: arguments of `ganbench run` for the quickest task there is.
        suite: whose leaderboard a row is for; empty: the default one's.
        dataset: of that task.
        extractor: whose features a new score compares.
        scores: of a new data set, and beside a new score or extractor; the primary one first.
        fakes: that these take.
        extra: of ganbench, which has what the data set needs; empty: none.
    """

    task: str
    suite: str = ""
    dataset: str
    extractor: str
    scores: tuple[str, ...]
    fakes: int = 1000
    extra: str = ""


def _in_starter_all(dataset: str, **rest: object) -> Ground:
    return Ground(task=f"--suite starter-all --task {dataset}", dataset=dataset, **rest)  # type: ignore[arg-type]


GROUNDS: Mapping[ModalityName, Ground] = {
    "points": Ground(
        task="--task ring8",
        dataset="ring8",
        extractor="raw",
        scores=("sliced-w2", "modes"),
        fakes=2500,
    ),
    "image": Ground(
        task="--task digits", dataset="digits", extractor="classifier", scores=("fd", "prdc")
    ),
    "audio": _in_starter_all(
        "spoken-digits",
        suite="audio",
        extractor="log-mel",
        scores=("kid[extractor=log-mel]", "loudness"),
        extra="speech",
    ),
    "text": _in_starter_all(
        "unicode-names",
        suite="text",
        extractor="char-lm",
        scores=("ngram-jsd", "distinct-n", "overlap"),
    ),
    "tabular": _in_starter_all(
        "mixed", suite="tabular", extractor="raw", scores=("pair-trends", "column-shapes")
    ),
    "pair": _in_starter_all(
        "digit-names",
        suite="pairs",
        extractor="halves",
        scores=("fd[extractor=halves]", "agreement"),
    ),
}


def sample_table(modalities: tuple[ModalityName, ...]) -> str:
    """What a sample is, as a Markdown table with a row for each kind of data."""
    rows = [
        "| data | networks see, float32 | scores get | what generators emit |",
        "|---|---|---|---|",
    ]
    for modality in (MODALITIES[name] for name in modalities):
        seen, stored = (_shape(axes) for axes in (modality.axes, modality.stored_axes))
        rows.append(
            f"| `{modality.name}` | {seen} | {modality.stored} {stored} | {modality.emitted} |"
        )
    return "\n".join(rows)


def _shape(axes: tuple[str, ...]) -> str:
    return f"(N, {', '.join(axes)})"
