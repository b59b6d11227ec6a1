"""Where plugins for each kind of data are tried out: tasks, features and scores that suit it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import msgspec

from ganbench.api.data import ModalityName
from ganbench.modalities import MODALITIES


class Law(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new data set draws.

    Args:
        module: that draws it.
        about: one line.
        parts: kinds of data whose laws it is made of.
    """

    module: str
    about: str
    parts: tuple[ModalityName, ...] = ()


class Ground(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a new plugin meets on one kind of data, as `grounds.toml` has it.

    Args:
        suite: whose leaderboard a row is for; empty: the default one's.
        dataset: of the quickest task, which has its name.
        extractor: whose features a new score compares.
        scores: of a new data set, and beside a new score or extractor; the primary one first.
        fakes: that these take.
        extra: of ganbench, which has what the data set needs; empty: none.
        law: what a new data set draws.
    """

    suite: str = ""
    dataset: str
    extractor: str
    scores: tuple[str, ...]
    fakes: int = 1000
    extra: str = ""
    law: Law

    @property
    def task(self) -> str:
        """Arguments of `ganbench run` for the quickest task: `starter-all` has one of each kind."""
        return (
            f"--suite starter-all --task {self.dataset}" if self.suite else f"--task {self.dataset}"
        )


def _grounds() -> dict[ModalityName, Ground]:
    text = (files(__package__) / "grounds.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[ModalityName, Ground])


GROUNDS: Mapping[ModalityName, Ground] = _grounds()


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
