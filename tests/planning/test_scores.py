"""From a task's score references to plugins."""

from __future__ import annotations

from typing import Any

import pytest

from ganbench import DataInfo, ScoreSpec
from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.scores import choose_scores
from ganbench.planning.suite import Task

POINTS = DataInfo(name="ring8", modality="points", shape=(2,))
IMAGES = DataInfo(name="digits", modality="image", shape=(1, 8, 8))


def task(*scores: str, final: tuple[str, ...] = ()) -> Task:
    budget = Budget("steps", 1)
    return Task(name="t", dataset="ring8", budget=budget, scores=scores, final_scores=final)


def names(used: list[Any]) -> list[tuple[str, str]]:
    return [(spec.kind, spec.name) for spec in used]


def test_scores_and_final_scores(catalogue: Catalogue) -> None:
    used = choose_scores(task("sliced-w2", "modes", final=("w2",)), POINTS, catalogue)
    assert names(used) == [("score", "sliced-w2"), ("score", "modes"), ("score", "w2")]


@pytest.mark.parametrize("text", ["fd", "fd[extractor=classifier]"])
def test_an_extractor_takes_part_even_by_default(catalogue: Catalogue, text: str) -> None:
    used = choose_scores(task(text), IMAGES, catalogue)
    assert names(used) == [("score", "fd"), ("extractor", "classifier")]


def test_an_extractor_may_have_parameters(catalogue: Catalogue) -> None:
    text = "fd[extractor=inception-v3-compat[weights=w.pt,download=true]]"
    used = choose_scores(task(text), IMAGES, catalogue)
    assert names(used) == [("score", "fd"), ("extractor", "inception-v3-compat")]


def test_a_score_may_do_without_an_extractor(catalogue_with: Any) -> None:
    plain = ScoreSpec(name="plain", description="plain", compute="x:y")
    used = choose_scores(task("plain"), POINTS, catalogue_with(plain))
    assert names(used) == [("score", "plain")]


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("fid", IMAGES, "unknown score 'fid'"),
        ("fd:inception", IMAGES, "fd takes nothing behind a colon"),
        ("fd[extractr=raw]", IMAGES, "fd has no parameter 'extractr'"),
        ("fd[extractor=clasifier]", IMAGES, "unknown extractor 'clasifier'"),
        ("fd[extractor=classifier[x=1]]", IMAGES, "classifier has no parameter 'x'"),
        ("w2[samples=1]", POINTS, "w2.samples is '1', outside"),
        ("modes", IMAGES, "task t: the score modes does not handle image data such as digits"),
        ("fd", POINTS, "task t: the extractor classifier does not handle points data"),
    ],
)
def test_mistakes_are_told_before_anything_runs(
    catalogue: Catalogue, text: str, data: DataInfo, message: str
) -> None:
    for bad in (task(text), task("w2", final=(text,)) if data is POINTS else task(text, text)):
        with pytest.raises(UsageError) as caught:
            choose_scores(bad, data, catalogue)
        assert message in caught.value.message
