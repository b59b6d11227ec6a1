"""From a task's references to what they name, each looked up once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench import DataInfo, DatasetSpec, ExtractorSpec, Parameter, ScoreSpec, Survey
from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.chosen import ChosenTask, choose_data, choose_task
from ganbench.planning.suite import Task

POINTS, IMAGES = "ring8", "digits"


def task(*scores: str, final: tuple[str, ...] = (), on: str = POINTS) -> Task:
    budget = Budget("steps", 1)
    return Task(name="t", dataset=on, budget=budget, scores=scores, final_scores=final)


def names(chosen: ChosenTask) -> list[tuple[str, str]]:
    return [(spec.kind, spec.name) for spec in chosen.specs]


def test_data_come_with_all_parameters_and_what_they_tell(catalogue_with: Any) -> None:
    info = DataInfo(name="whatever", modality="points", shape=(3,))
    survey = Survey(info=info, fingerprint="abc", train=5, heldout=2, notes=("one is empty",))
    spec = DatasetSpec(name="mine", description="mine", describe=lambda: survey, load="x:y")
    chosen = choose_data("mine", catalogue_with(spec))
    assert (chosen.text, chosen.spec, chosen.parameters) == ("mine", spec, {})
    assert chosen.info == replace(info, name="mine")
    assert chosen.fingerprint == "abc"
    assert chosen.survey == replace(survey, info=chosen.info)


def test_scores_and_final_scores(catalogue: Catalogue) -> None:
    chosen = choose_task(task("sliced-w2", "modes", final=("w2[samples=500]",)), catalogue)
    assert [one.text for one in chosen.scores] == ["sliced-w2", "modes"]
    assert [one.parameters for one in chosen.final_scores] == [{"samples": 500}]
    assert names(chosen) == [
        ("dataset", "ring8"), ("score", "sliced-w2"), ("score", "modes"), ("score", "w2"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["fd", "fd[extractor=classifier]"])
def test_an_extractor_takes_part_even_by_default(catalogue: Catalogue, text: str) -> None:
    chosen = choose_task(task(text, on=IMAGES), catalogue)
    assert names(chosen)[1:] == [("score", "fd"), ("extractor", "classifier")]


def test_an_extractor_may_have_parameters(catalogue: Catalogue) -> None:
    inner = "inception-v3-compat[weights=w.pt,download=true]"
    chosen = choose_task(task(f"fd[extractor={inner}]", on=IMAGES), catalogue)
    (score,) = chosen.scores
    assert score.extractor is not None
    assert score.extractor.parameters == {"weights": "w.pt", "download": True}
    assert chosen.extractors == {inner: score.extractor}


def test_an_extractor_that_two_scores_share_is_one(catalogue: Catalogue) -> None:
    chosen = choose_task(task("fd", final=("prdc",), on=IMAGES), catalogue)
    assert list(chosen.extractors) == ["classifier"]
    assert names(chosen).count(("extractor", "classifier")) == 1


def test_a_score_may_do_without_an_extractor(catalogue_with: Any) -> None:
    plain = ScoreSpec(name="plain", description="plain", compute="x:y")
    chosen = choose_task(task("plain"), catalogue_with(plain))
    assert names(chosen)[1:] == [("score", "plain")]
    assert chosen.extractors == {}


def test_a_judge_takes_part_as_an_extractor_does(catalogue_with: Any) -> None:
    """It is asked what it knows, and may fetch its weights."""
    parts = {name: Parameter(default="plain", help="x") for name in ("extractor", "judge")}
    fetched = {"download": Parameter(default=False, help="x")}
    score = ScoreSpec(name="two", description="two", compute="x:y", parameters=parts)
    plain = ExtractorSpec(name="plain", description="x", build="x:y")
    able = ExtractorSpec(
        name="able", description="x", build="x:y", classifies=True, parameters=fetched
    )
    catalogue = catalogue_with(score, plain, able)
    chosen = choose_task(task("two[judge=able]"), catalogue)
    assert names(chosen)[1:] == [("score", "two"), ("extractor", "plain"), ("extractor", "able")]
    assert chosen.extractors["able"].arguments == {"download": False}
    assert chosen.fetching.extractors["able"].arguments == {"download": True}
    with pytest.raises(UsageError) as caught:
        choose_task(task("two"), catalogue)
    assert "judge of score two must be a classifier, and plain only" in caught.value.message
    assert caught.value.hint == "known for points data: two[judge=able]"


@pytest.mark.parametrize(
    ("text", "on", "message"),
    [
        ("fid", IMAGES, "task t: unknown score 'fid'"),
        ("fd:inception", IMAGES, "task t: fd takes nothing behind a colon"),
        ("fd[extractr=raw]", IMAGES, "task t: fd has no parameter 'extractr'"),
        ("fd[extractor=clasifier]", IMAGES, "task t: unknown extractor 'clasifier'"),
        ("fd[extractor=classifier[x=1]]", IMAGES, "task t: classifier has no parameter 'x'"),
        ("w2[samples=1]", POINTS, "task t: w2.samples is '1', outside"),
        ("modes", IMAGES, "task t: the score modes does not handle image data such as digits"),
        ("fd", POINTS, "task t: the extractor classifier does not handle points data"),
        ("fd", "ring9", "task t: unknown dataset 'ring9'"),
    ],
)
def test_mistakes_are_told_with_the_task(
    catalogue: Catalogue, text: str, on: str, message: str
) -> None:
    sound = "w2" if on == POINTS else "vendi"
    for bad in (task(text, on=on), task(sound, final=(text,), on=on)):
        with pytest.raises(UsageError) as caught:
            choose_task(bad, catalogue)
        assert caught.value.message.startswith(message)


def test_a_path_alone_is_told_how_it_is_named(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "my photos").mkdir()
    with pytest.raises(
        UsageError, match="task t: unknown dataset 'my photos': it is a p"
    ) as caught:
        choose_task(task("vendi", on="my photos[side=16]"), catalogue, str(tmp_path))
    assert "images:my photos" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "on", "told", "typed"),
    [
        ("fd", POINTS, "and the score fd takes it", "fd[extractor=raw]"),
        ("prdc", "unicode-names", "and the score prdc takes it", "prdc[extractor=char-lm]"),
        ("bleu", POINTS, "the score bleu does not handle points data", "sliced-w2"),
    ],
)
def test_what_works_on_such_data_is_named_and_can_be_typed(
    catalogue: Catalogue, text: str, on: str, told: str, typed: str
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        choose_task(task(text, on=on), catalogue)
    ways = (caught.value.hint or "").partition("data: ")[2].split(", ")
    assert typed in ways
    for way in ways:
        choose_task(task(way, on=on), catalogue)
