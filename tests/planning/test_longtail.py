"""Long tails: the counts of the literature, the same samples for the same words, and no others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ganbench import Data, DataInfo, DatasetSpec, Parameter, Survey
from ganbench.api.errors import UsageError
from ganbench.catalogue.catalogue import Catalogue
from ganbench.planning.chosen import choose_data
from ganbench.planning.datasets import describe_dataset
from ganbench.planning.longtail import kept, long_tailed, tail_counts
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.runspec import RunSpec
from ganbench.running.run import Run
from ganbench.running.task import load_data, trained_on

CIFAR10_LT = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
"""As it is published, for a ratio of 100: 12,406 images."""


def loaded(text: str, catalogue: Catalogue) -> Data:
    return load_data(choose_data(text, catalogue), catalogue)


def counts(data: Data) -> list[int]:
    assert data.train_labels is not None
    return torch.bincount(data.train_labels, minlength=data.info.classes or 0).tolist()


# How many.


def test_the_published_counts() -> None:
    assert tail_counts(5000, 10, 100, "exponential") == CIFAR10_LT
    assert sum(CIFAR10_LT) == 12_406
    assert tail_counts(5000, 10, 100, "step") == [5000] * 5 + [50] * 5
    assert tail_counts(90, 3, 30, "step") == [90, 90, 3]
    assert tail_counts(90, 2, 30, "exponential") == [90, 3]  # 90 * (1 / 30) is 2.9999... or 3


@given(
    st.integers(1, 10_000),
    st.integers(2, 50),
    st.floats(1, 1000),
    st.sampled_from(["exponential", "step"]),
)
def test_tails_fall_from_the_largest_to_its_share(
    n: int, classes: int, r: float, tail: str
) -> None:
    found = tail_counts(n, classes, r, tail)
    assert len(found) == classes
    assert found[0] == n
    assert found == sorted(found, reverse=True)
    assert n / r - 1 < found[-1] <= n / r + 1e-6


def test_no_tail_at_all_keeps_the_same_number_of_every_class() -> None:
    labels = np.repeat(np.arange(3), (7, 5, 9))
    chosen = kept(labels, 3, 1.0, "exponential", "ascending")
    assert np.bincount(labels[chosen]).tolist() == [5, 5, 5]


# Which.


@pytest.mark.parametrize("tail", ["exponential", "step"])
def test_orders_of_classes(tail: str) -> None:
    labels = np.random.RandomState(0).permutation(np.repeat(np.arange(6), 50))
    sizes = tail_counts(50, 6, 10, tail)
    of = {
        order: np.bincount(labels[kept(labels, 6, 10, tail, order)]).tolist()
        for order in ("ascending", "descending", "drawn")
    }
    assert of["ascending"] == sizes
    assert of["descending"] == sizes[::-1]
    assert sorted(of["drawn"], reverse=True) == sizes
    assert of["drawn"] not in (sizes, sizes[::-1])


def test_a_longer_tail_is_part_of_a_shorter_one() -> None:
    labels = np.random.RandomState(0).permutation(np.repeat(np.arange(5), 40))
    short, long = (set(kept(labels, 5, r, "exponential", "drawn").tolist()) for r in (4, 20))
    assert long < short


def test_what_is_kept_is_a_random_part_of_each_class() -> None:
    """Neighbours in a file may be alike: its first samples of a class would be."""
    labels = np.repeat(np.arange(2), 1000)
    chosen = kept(labels, 2, 2, "step", "ascending")
    rare = chosen[labels[chosen] == 1] - 1000
    assert len(rare) == 500
    assert abs(rare.mean() - 499.5) < 4 * 1000 / np.sqrt(12 * 500)
    assert chosen.tolist() == sorted(chosen.tolist())


# Of data sets.


def test_digits_with_a_tail(catalogue: Catalogue) -> None:
    plain = loaded("digits", catalogue)
    data = loaded("digits[longtail=20]", catalogue)
    assert counts(data) == tail_counts(min(counts(plain)), 10, 20, "exponential")
    assert torch.equal(data.heldout, plain.heldout)
    assert data.heldout_labels is not None
    assert plain.heldout_labels is not None
    assert torch.equal(data.heldout_labels, plain.heldout_labels)
    own = {row.numpy().tobytes() for row in plain.train}
    assert all(row.numpy().tobytes() in own for row in data.train)
    assert describe_dataset("digits[longtail=20]", catalogue).name == "digits[longtail=20]"


def test_a_mixture_with_a_tail_keeps_its_modes(catalogue: Catalogue) -> None:
    data = loaded("ring8[longtail=100,tail=step]", catalogue)
    assert data.modes is not None
    assert data.train_labels is not None
    assert counts(data)[:4] == [100 * counts(data)[4] + counts(data)[0] % 100] * 4
    nearest = torch.cdist(data.train, data.modes.centres).argmin(dim=1)
    assert torch.equal(nearest, data.train_labels)


def test_what_a_record_says_tells_tails_apart(catalogue: Catalogue) -> None:
    texts = [
        "digits",
        "digits[longtail=1]",
        "digits[longtail=20]",
        "digits[longtail=20,tail=step]",
        "digits[longtail=20,order=descending]",
        "digits[longtail=20,order=drawn]",
    ]
    told = [trained_on(loaded(text, catalogue)) for text in texts]
    assert len({one["sha256"] for one in told}) == len(texts)
    assert told[2]["classes"] == counts(loaded(texts[2], catalogue))
    assert told[2]["samples"] == sum(told[2]["classes"] or [])
    assert trained_on(loaded(texts[2], catalogue)) == told[2]
    assert trained_on(loaded("digits[tail=exponential,longtail=20]", catalogue)) == told[2]


def test_what_is_trained_on_without_labels() -> None:
    info = DataInfo(name="plain", modality="points", shape=(2,))
    data = Data(info=info, train=torch.zeros(5, 2), heldout=torch.zeros(0, 2))
    told = trained_on(data)
    assert (told["samples"], told["classes"]) == (5, None)


SUITE = """\
name = "tails"
seeds = "0"
[[tasks]]
name = "digits"
dataset = "{dataset}"
budget = "10steps"
fakes = 100
scores = ["fd[extractor=raw]", "class-recall[extractor=raw]"]
"""


def planned(dataset: str, catalogue: Catalogue, folder: Path) -> RunSpec:
    file = folder / "tails.toml"
    file.write_text(SUITE.format(dataset=dataset), "utf-8")
    (spec,) = make_plan(Selection(variants=["vanilla"], suite=str(file)), catalogue).runs
    return spec


def test_a_tail_is_part_of_a_runs_identity(catalogue: Catalogue, tmp_path: Path) -> None:
    texts = ["digits", "digits[longtail=20]", "digits[longtail=20,order=drawn]"]
    specs = [planned(text, catalogue, tmp_path) for text in texts]
    assert len({spec.run_id for spec in specs}) == 3
    assert specs[0].dataset_parameters == {}
    assert specs[2].dataset_parameters == {
        "longtail": 20.0,
        "tail": "exponential",
        "order": "drawn",
    }


def test_a_run_records_what_it_trained_on(catalogue: Catalogue, tmp_path: Path) -> None:
    spec = planned("digits[longtail=20]", catalogue, tmp_path)
    record = Run(spec, tmp_path, catalogue, torch.device("cpu")).execute()
    assert (record["status"], record["failure"]) == ("ok", None)
    assert record["trained"] == trained_on(loaded("digits[longtail=20]", catalogue))
    assert {column["label"] for column in record["columns"].values()} >= {"tail recall", "FD[raw]"}


# What is refused.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dirac[longtail=2]", "dirac has no classes of which some could be rarer than others"),
        ("digits[longtail=0.5]", "digits.longtail is '0.5', outside [1, inf]"),
        ("digits[longtail=100]", "leaves no sample of the rarest class: 797 samples of 10 classes"),
        ("digits[longtail=2,tail=long]", "not one of: exponential, step"),
        ("digits[tail=step]", "digits has no parameter 'tail'"),
    ],
)
def test_refusals(text: str, message: str, catalogue: Catalogue) -> None:
    with pytest.raises(UsageError) as caught:
        describe_dataset(text, catalogue)
    assert message in str(caught.value)


def test_a_tail_that_is_too_long_once_loaded_names_the_longest() -> None:
    with pytest.raises(UsageError) as caught:
        kept(np.repeat(np.arange(2), (9, 6)), 2, 7.0, "step", "ascending")
    assert "the largest can have 6 here" in str(caught.value)
    assert caught.value.hint == "longtail=6 is the longest tail of this data set"


def test_a_data_set_whose_own_parameter_is_in_the_way() -> None:
    spec = DatasetSpec(
        name="mine",
        description="mine",
        describe=lambda order: Survey(info=DataInfo(name="mine", modality="points", shape=(1,))),
        load="nowhere:nothing",
        parameters={"order": Parameter(default=1, help="its own")},
    )
    assert long_tailed(spec, {"order": "2"}) is spec
    with pytest.raises(UsageError) as caught:
        long_tailed(spec, {"longtail": "2"})
    assert "its own order is in the way" in str(caught.value)


def test_a_class_that_nobody_can_train_on_is_named() -> None:
    labels = np.array([0, 1, 0, 1, 3])
    with pytest.raises(UsageError, match=r"class 2 \(of 0 to 3\) has none to train on") as caught:
        kept(labels, 4, 2.0, "exponential", "ascending")
    assert "longtail=" not in str(caught.value.hint)
