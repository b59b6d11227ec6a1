"""What is wrong with a task is told when it is planned, as far as it can be known then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ganbench import (
    DataInfo,
    DatasetSpec,
    EvaluationInfo,
    ExtractorSpec,
    Parameter,
    ScoreSpec,
    Survey,
)
from ganbench.api.errors import MissingData, PluginNotUsable, UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.chosen import choose_task
from ganbench.planning.feasibility import check_task, evaluation_info, notes_of
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.suite import Task, embedded_suites, load_suite

POINTS = DataInfo(name="mine", modality="points", shape=(2,))


def task(dataset: str, *scores: str, **changes: Any) -> Task:
    return Task(name="t", dataset=dataset, budget=Budget("steps", 1), scores=scores, **changes)


@pytest.mark.parametrize(
    ("split", "heldout", "expected"),
    [
        ("heldout", 20, ("heldout", 20)),
        ("heldout", 0, ("train", 80)),
        ("heldout", None, ("heldout", None)),
        ("train", 20, ("train", 80)),
    ],
)
def test_the_real_side_is_that_of_a_run(
    split: str, heldout: int | None, expected: tuple[str, int | None]
) -> None:
    found = evaluation_info(Survey(info=POINTS, train=80, heldout=heldout), split, 40)
    assert (found.split, found.real) == expected
    assert (found.data, found.train, found.fakes) == (POINTS, 80, 40)


def provider(check: Any, kind: str) -> list[Any]:
    """Data, and a score with an extractor, of which one has that check."""
    checks = {one: check if one == kind else None for one in ("dataset", "score", "extractor")}
    survey = Survey(info=POINTS, train=80, heldout=20)
    common = {"name": "mine", "description": "mine"}
    parameters = {"extractor": Parameter(default="mine", help="x")}
    return [
        DatasetSpec(**common, describe=lambda: survey, load="x:y", check=checks["dataset"]),
        ScoreSpec(**common, compute="x:y", parameters=parameters, check=checks["score"]),
        ExtractorSpec(**common, build="x:y", check=checks["extractor"]),
    ]


def test_each_is_asked_about_what_it_will_see(catalogue_with: Any) -> None:
    seen: list[Any] = []
    for kind in ("dataset", "score", "extractor"):

        def check(*about: object, **parameters: object) -> None:
            seen.append((*about, parameters))

        catalogue = catalogue_with(*provider(check, kind))
        assert check_task(choose_task(task("mine", "mine", fakes=40), catalogue), catalogue) is None
    evaluation = EvaluationInfo(data=POINTS, split="heldout", real=20, train=80, fakes=40)
    assert seen == [({},), (evaluation, {"extractor": "mine"}), (POINTS, {})]


@pytest.mark.parametrize(
    ("told", "known"),
    [(None, {}), (7, {"mine": 7}), (lambda data: data.features + 1, {"mine": 3})],
)
def test_scores_hear_how_many_features_there_are(
    catalogue_with: Any, told: Any, known: dict[str, int]
) -> None:
    seen: list[EvaluationInfo] = []
    *others, extractor = provider(lambda about, **_: seen.append(about), "score")
    catalogue = catalogue_with(*others, replace(extractor, features=told))
    check_task(choose_task(task("mine", "mine"), catalogue), catalogue)
    assert [one.features for one in seen] == [known]


def test_a_number_of_features_that_is_none_is_the_plugins_fault(catalogue_with: Any) -> None:
    *others, extractor = provider(None, "score")
    catalogue = catalogue_with(*others, replace(extractor, features=lambda data: "many"))
    with pytest.raises(PluginNotUsable, match="number of features of extractor mine must return"):
        check_task(choose_task(task("mine", "mine"), catalogue), catalogue)


@pytest.mark.parametrize("kind", ["dataset", "score", "extractor"])
def test_faults_are_told_with_the_task(catalogue_with: Any, kind: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UsageError("it cannot", "let it be")

    catalogue = catalogue_with(*provider(refuse, kind))
    chosen = choose_task(task("mine", "mine"), catalogue)
    with pytest.raises(UsageError, match="task t: it cannot") as caught:
        check_task(chosen, catalogue)
    assert caught.value.hint == "let it be"


@pytest.mark.parametrize("kind", ["dataset", "score", "extractor"])
def test_crashes_are_the_plugins(catalogue_with: Any, kind: str) -> None:
    def crash(*_: object, **__: object) -> None:
        raise KeyError("x")

    catalogue = catalogue_with(*provider(crash, kind))
    chosen = choose_task(task("mine", "mine"), catalogue)
    what = {"dataset": "data set"}.get(kind, kind)
    with pytest.raises(PluginNotUsable, match=f"check of {what} mine fails( on mine)?: KeyError"):
        check_task(chosen, catalogue)


@pytest.mark.parametrize("kind", ["dataset", "extractor"])
def test_what_is_not_here_is_no_fault_of_the_task(catalogue_with: Any, kind: str) -> None:
    """Finished runs are told of without it."""

    def missing(*_: object, **__: object) -> None:
        raise MissingData("it is not here", "fetch it")

    catalogue = catalogue_with(*provider(missing, kind))
    found = check_task(choose_task(task("mine", "mine"), catalogue), catalogue)
    assert isinstance(found, MissingData)
    assert (found.message, found.hint) == ("task t: it is not here", "fetch it")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Images without classes, of which the split is by their content."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(30):
        Image.new("L", (8, 8), number).save(folder / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (("fd",), "the classifier extractor needs labels of at least two classes"),
        (("classes",), "the classifier extractor needs labels of at least two classes"),
        (("ndb[extractor=raw]",), "score ndb with 100 bins needs as many training samples"),
        (("w2",), "the score w2 does not handle image data"),
    ],
)
@pytest.mark.parametrize("final", [False, True])
def test_what_a_folder_cannot_be_scored_by(
    catalogue: Catalogue, photos: Path, scores: tuple[str, ...], reason: str, final: bool
) -> None:
    named = task(f"images:{photos}[side=8]", *scores)
    if final:
        named = replace(named, scores=("fd[extractor=raw]",), final_scores=scores)
    with pytest.raises(UsageError, match=f"task t: .*{reason}"):
        check_task(choose_task(named, catalogue), catalogue)


@pytest.mark.parametrize(
    ("dataset", "score", "changes", "reason"),
    [
        ("digits", "ndb[bins=800]", {}, "needs as many training samples, there are 797"),
        ("ring8", "w2[samples=20000]", {"fakes": 20_000}, "needs 20000 real samples or more"),
        ("ring8", "w2", {"fakes": 500}, "needs 1000 generated samples or more, it gets 500"),
        ("digits", "near-train", {"split": "train"}, "the real side here is the train split"),
        ("digits", "prdc", {"fakes": 3}, "score prdc needs 4 generated samples or more, it gets 3"),
        ("ring8", "sliced-w2", {"split": "train", "fakes": 60_000}, "60000 real samples with"),
        ("unicode-names", "bleu", {"fakes": 2}, "there are too few generated ones"),
        ("unicode-names", "overlap", {"split": "train"}, "the real side here is the train split"),
        ("gaussian[d=2]", "sources", {}, "score sources needs two sources or more, gaussian"),
    ],
)
def test_counts_that_cannot_do(
    catalogue: Catalogue, dataset: str, score: str, changes: dict[str, Any], reason: str
) -> None:
    chosen = choose_task(task(dataset, score, **changes), catalogue)
    with pytest.raises(UsageError) as caught:
        check_task(chosen, catalogue)
    assert reason in caught.value.message


def test_too_few_images_for_neighbours(catalogue: Catalogue, photos: Path) -> None:
    for file in sorted(photos.iterdir())[3:]:
        file.unlink()
    chosen = choose_task(task(f"images:{photos}[side=8]", "prdc[extractor=raw]"), catalogue)
    with pytest.raises(UsageError, match="score prdc needs 6 real samples or more, it gets"):
        check_task(chosen, catalogue)


def test_weights_that_are_nowhere(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    final = ("fd[extractor=vgg16]",)
    chosen = choose_task(task("digits", "fd", final_scores=final), catalogue)
    found = check_task(chosen, catalogue)
    assert found is not None
    assert found.message == "task t: the weights of vgg16 are not on this machine"
    assert "vgg16[download=true]" in str(found.hint)


def test_the_built_in_suites_are_sound(catalogue: Catalogue) -> None:
    for name in embedded_suites():
        for one in load_suite(name).tasks:
            try:
                chosen = choose_task(one, catalogue)
            except MissingData:  # an extra that is not installed here
                continue
            check_task(chosen, catalogue)
            assert notes_of(chosen) == chosen.data.survey.notes


def test_it_is_told_where_nothing_is_held_out(catalogue_with: Any) -> None:
    survey = Survey(info=POINTS, train=80, heldout=0, notes=("a file is odd",))
    spec = DatasetSpec(name="mine", description="mine", describe=lambda: survey, load="x:y")
    catalogue = catalogue_with(spec)
    assert notes_of(choose_task(task("mine", "w2"), catalogue)) == (
        "a file is odd",
        "mine holds nothing out: t is scored on its train split",
    )
    asked = choose_task(task("mine", "w2", split="train"), catalogue)
    assert notes_of(asked) == ("a file is odd",)


@pytest.mark.parametrize(("train", "refused"), [(0, True), (1, True), (2, False), (None, False)])
def test_data_without_anything_to_train_on(
    catalogue_with: Any, train: int | None, refused: bool
) -> None:
    survey = Survey(info=POINTS, train=train, heldout=20, notes=("it is mostly held out",))
    spec = DatasetSpec(name="mine", description="x", describe=lambda: survey, load="x:y")
    catalogue = catalogue_with(spec)
    chosen = choose_task(task("mine"), catalogue)
    if not refused:
        assert check_task(chosen, catalogue) is None
        return
    with pytest.raises(UsageError, match=r"task t: mine has \d samples? to train on") as error:
        check_task(chosen, catalogue)
    assert error.value.hint == "it is mostly held out"


def test_a_score_of_classes_leaves_out_who_is_told_none(catalogue: Catalogue) -> None:
    asked = Selection(variants=["vanilla", "cgan"], suite="conditional", seeds=[0])
    plan = make_plan(asked, catalogue)
    assert {one.variant for one in plan.runs} == {"cgan"}
    assert plan.skipped == (
        "vanilla on digits: score intended-class is about generators that are told a class, and "
        "its model mlp is told none",
    )
