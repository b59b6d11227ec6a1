"""Mixtures: what is typed, what is mixed, and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ganbench.api.data import Data, DataInfo, Survey
from ganbench.api.errors import MissingData, PluginNotUsable, UsageError
from ganbench.api.parameters import Parameter
from ganbench.api.schema import Numeric, Vocabulary
from ganbench.api.specs import DatasetSpec
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.budget import Budget
from ganbench.planning.chosen import choose_data, choose_task
from ganbench.planning.datasets import choose_dataset, prepare, require_present
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.references import split_alternatives
from ganbench.planning.suite import Task
from ganbench.running.task import load_data

from .conftest import MakeCatalogue

TASK = Task(name="both", dataset="ring8|grid25", budget=Budget("steps", 2), scores=("sliced-w2",))


def made(name: str, value: float, train: int, heldout: int, side: int = 1) -> DatasetSpec:
    info = DataInfo(name=name, modality="points", shape=(side,))

    def load(shift: float) -> Data:
        points = torch.full((train, side), value + shift) + torch.arange(train)[:, None] / 1000
        return Data(info=info, train=points, heldout=torch.full((heldout, side), value + shift))

    return DatasetSpec(
        name=name,
        description=name,
        modalities=("points",),
        parameters={"shift": Parameter(default=0.0, help="")},
        describe=lambda shift: Survey(info=info, train=train, heldout=heldout, fingerprint=name),
        load=load,
        prepare=lambda shift: [f"{name} is ready"],
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("digits", ("digits",)),
        ("a|b", ("a", "b")),
        ("images:x[side=8] | b", ("images:x[side=8]", "b")),
        ('images:"a|b"|c', ('images:"a|b"', "c")),
    ],
)
def test_bars_part_references(text: str, parts: tuple[str, ...]) -> None:
    assert split_alternatives(text) == parts


def test_nothing_beside_a_bar_is_refused() -> None:
    with pytest.raises(UsageError, match="names nothing on one side"):
        split_alternatives("digits|")


def test_as_many_of_each(catalogue_with: MakeCatalogue) -> None:
    catalogue = catalogue_with(made("few", 0.0, 5, 4), made("many", 10.0, 50, 3))
    chosen = choose_data("few|many[shift=5]", catalogue)
    assert (chosen.survey.train, chosen.survey.heldout) == (10, 6)
    assert chosen.info == DataInfo(
        name="few|many[shift=5]", modality="points", shape=(1,), classes=2
    )
    assert chosen.fingerprint == "few|many"
    data, again = load_data(chosen, catalogue), load_data(chosen, catalogue)
    assert torch.equal(data.train, again.train)
    assert data.train_labels is not None
    assert data.train_labels.tolist() == [0] * 5 + [1] * 5
    assert data.train[:5].flatten().tolist() == pytest.approx([0, 0.001, 0.002, 0.003, 0.004])
    assert bool((data.train[5:] >= 15).all())
    assert len(data.train[5:].unique()) == 5
    assert data.heldout.flatten().tolist() == [0.0] * 3 + [15.0] * 3


def test_other_shapes_cannot_be_mixed(catalogue_with: MakeCatalogue) -> None:
    catalogue = catalogue_with(made("narrow", 0.0, 5, 4), made("wide", 0.0, 5, 4, side=2))
    with pytest.raises(UsageError, match=r"narrow has points of shape \(1,\), wide has"):
        choose_data("narrow|wide", catalogue)


LETTERS = Vocabulary(tokens=("a", "b", ""))
TEXT = DataInfo(name="x", modality="text", shape=(4, 3), vocabulary=LETTERS)
SOUND = DataInfo(name="x", modality="audio", shape=(1, 64), rate=8_000)
AGE = Numeric(name="age", low=0, high=9)
TABLE = DataInfo(name="x", modality="tabular", shape=(1,), schema=(AGE,))
PAIR = DataInfo(name="x", modality="pair", shape=(76,), halves=(SOUND, TEXT))


def told(name: str, info: DataInfo) -> DatasetSpec:
    return DatasetSpec(
        name=name,
        description=name,
        modalities=(info.modality,),
        describe=lambda: replace(info, name=name),
        load=lambda: None,
    )


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (SOUND, replace(SOUND, rate=16_000), "8,000 and 16,000 samples per second.*rate=N"),
        (
            TEXT,
            replace(TEXT, vocabulary=Vocabulary(tokens=("a", "c", ""))),
            "different vocabularies: one alone has 'b', 'c'.*same characters",
        ),
        (
            TABLE,
            replace(TABLE, schema=(replace(AGE, high=5),)),
            "different columns 'age': numbers from 0 to 9 and numbers from 0 to 5.*csv:PATH",
        ),
        (
            PAIR,
            replace(PAIR, halves=(replace(SOUND, rate=16_000), TEXT)),
            "in their first half 8,000 and 16,000 samples per second",
        ),
    ],
    ids=["rate", "vocabulary", "schema", "halves"],
)
def test_what_the_same_numbers_mean_otherwise_cannot_be_mixed(
    catalogue_with: MakeCatalogue, one: DataInfo, other: DataInfo, said: str
) -> None:
    catalogue = catalogue_with(told("one", one), told("like", one), told("other", other))
    assert choose_data("one|like", catalogue).info.classes == 2
    with pytest.raises(UsageError, match=f"one and other have {said}"):
        choose_data("one|other", catalogue)


def test_a_source_that_describes_itself_wrongly_is_told(catalogue_with: MakeCatalogue) -> None:
    catalogue = catalogue_with(told("one", SOUND), told("other", replace(SOUND, rate=None)))
    with pytest.raises(PluginNotUsable, match="other describes audio data wrongly: it must have r"):
        choose_data("one|other", catalogue)


def test_all_sources_are_checked_prepared_and_pinned(catalogue_with: MakeCatalogue) -> None:
    def absent(shift: float) -> None:
        raise MissingData("it is not here")

    present = made("present", 0.0, 5, 4)
    missing = DatasetSpec(
        name="missing",
        description="what is not here",
        modalities=("points",),
        parameters=present.parameters,
        describe=present.describe,
        load=present.load,
        check=absent,
    )
    catalogue, told = catalogue_with(present, missing), list[str]()
    spec, parameters = choose_dataset("present|missing", catalogue)
    assert parameters == {"1.shift": 0.0, "2.shift": 0.0}
    prepare(spec, parameters, catalogue, told.append)  # type: ignore[arg-type]
    assert told == ["present is ready"]
    with pytest.raises(MissingData):
        require_present(spec, parameters, catalogue)


def test_all_sources_take_part(catalogue: Catalogue) -> None:
    names = [spec.name for spec in choose_task(TASK, catalogue).specs]
    assert names[:2] == ["ring8", "grid25"]


def test_the_suite_of_mixtures_can_be_planned(catalogue: Catalogue) -> None:
    plan = make_plan(Selection(variants=["vanilla"], suite="hetero", seeds=[0]), catalogue)
    (spec,) = plan.runs
    pinned = {pin["name"] for pin in spec.pins if pin["kind"] == "dataset"}
    assert pinned == {"mnist5k", "fashion-mnist"}
