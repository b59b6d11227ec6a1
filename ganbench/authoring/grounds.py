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
        suite: whose leaderboard a row is for; empty: the default one's.
        dataset: of the quickest task, which has its name.
        extractor: whose features a new score compares.
        scores: of a new data set, and beside a new score or extractor; the primary one first.
        fakes: that these take.
        extra: of ganbench, which has what the data set needs; empty: none.
    """

    suite: str = ""
    dataset: str
    extractor: str
    scores: tuple[str, ...]
    fakes: int = 1000
    extra: str = ""

    @property
    def task(self) -> str:
        """Arguments of `ganbench run` for the quickest task: `starter-all` has one of each kind."""
        return (
            f"--suite starter-all --task {self.dataset}" if self.suite else f"--task {self.dataset}"
        )


GROUNDS: Mapping[ModalityName, Ground] = {
    "points": Ground(
        dataset="ring8",
        extractor="raw",
        scores=("sliced-w2", "modes"),
        fakes=2500,
    ),
    "image": Ground(dataset="digits", extractor="classifier", scores=("fd", "prdc")),
    "audio": Ground(
        dataset="spoken-digits",
        suite="audio",
        extractor="log-mel",
        scores=("kid[extractor=log-mel]", "loudness"),
        extra="speech",
    ),
    "text": Ground(
        dataset="unicode-names",
        suite="text",
        extractor="char-lm",
        scores=("ngram-jsd", "distinct-n", "overlap"),
    ),
    "tabular": Ground(
        dataset="mixed", suite="tabular", extractor="raw", scores=("pair-trends", "column-shapes")
    ),
    "pair": Ground(
        dataset="digit-names",
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
