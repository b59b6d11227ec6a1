"""Scores of texts whose train split has fewer lines than there are fakes."""

from __future__ import annotations

import functools

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo, EvaluationInfo, Measurement, UsageError, Vocabulary
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.scores import text
from ganbench_plugins.scores.language_models import language_model
from ganbench_plugins.scores.requirements import compared_texts
from ganbench_plugins.scores.text import Column, distinct_n, ngram_jsd, overlap

CPU = torch.device("cpu")
LENGTH, LETTERS = 12, 12
VOCABULARY = Vocabulary(tokens=tuple("abcdefghijkl"))
INFO = DataInfo(name="lines", modality="text", shape=(LENGTH, LETTERS), vocabulary=VOCABULARY)
FAKES = 600


def law(count: int, seed: int) -> Tensor:
    """(N, L) lines, each letter one of two places behind the one before it."""
    random = torch.Generator().manual_seed(seed)
    first = torch.randint(LETTERS, (count, 1), generator=random)
    steps = torch.randint(1, 3, (count, LENGTH - 1), generator=random)
    return torch.cat([first, steps], dim=1).cumsum(dim=1) % LETTERS


def side(train: int) -> RealSide:
    data = Data(info=INFO, train=law(train, seed=1), heldout=law(2_000, seed=2))
    return RealSide(data, "heldout", CPU, lambda _: pytest.fail("no features"))


@functools.cache
def measured(train: int) -> dict[str, Measurement]:
    """Of fresh lines of the law."""
    snapshot = Snapshot(side(train), law(FAKES, seed=3))
    found = [
        *ngram_jsd(snapshot, longest=4),
        *distinct_n(snapshot, n=4),
        *language_model(snapshot, n=3),
    ]
    return {one.key.partition("/")[0]: one for one in found}


@pytest.mark.parametrize("key", ["ngram_jsd_4", "ngram_jsd_3", "lm_reverse_3"])
def test_the_law_is_at_its_floor_however_few_lines_there_are_to_train_on(key: str) -> None:
    one = measured(100)[key]
    assert one.floor is not None
    assert one.floor_spread
    assert one.floor_error == pytest.approx(one.floor_spread / 4)
    assert abs(one.value - one.floor) < 5 * one.floor_spread
    assert one.n_fake == 50
    assert one.key.endswith("/2000x50")


def test_sets_that_share_lines_tell_the_spread_of_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mean over M of T lines has S^2 / M (1 - M/T), over M new ones S^2 / M."""
    monkeypatch.setattr(text, "DRAWS", 4000)
    column = Column(Snapshot(side(100), law(FAKES, seed=3)))
    _, error, spread = column.of_train("share", lambda lines: float((lines < 4).float().mean()))
    of_each = (column.train < 4).float().mean(1)
    assert spread == pytest.approx(float(of_each.std()) / 50**0.5, rel=0.04)
    assert error == pytest.approx(spread / 4000**0.5)


def test_known_lines_are_told_as_if_both_splits_were_as_large() -> None:
    """All fakes are held-out lines: of a split a twentieth as large, a twentieth."""
    data = side(100)
    _, found = overlap(Snapshot(data, data.real[:600]))
    assert (found.label, found.value) == ("in held-out (scaled)", pytest.approx(100 / 2000))


def test_the_law_repeats_itself_as_its_null_says() -> None:
    one = measured(100)["distinct_4"]
    assert one.null is not None
    assert one.value == pytest.approx(one.null, rel=0.1)
    assert (one.n_fake, one.key) == (50, "distinct_4/heldout/2000x50")


def test_quality_is_of_all_fakes_since_a_mean_has_no_floor() -> None:
    one = measured(100)["lm_3"]
    assert (one.n_fake, one.key) == (FAKES, f"lm_3/heldout/2000x{FAKES}")


def test_twice_as_many_training_lines_are_enough_for_all_fakes() -> None:
    assert {one.n_fake for one in measured(2 * FAKES).values()} == {FAKES}


def test_sets_of_one_line_do_not_differ() -> None:
    snapshot = Snapshot(side(1), law(FAKES, seed=3))
    with pytest.raises(
        UsageError, match="ngram-jsd compares sets of training lines, and lines has 1"
    ):
        ngram_jsd(snapshot, longest=4)
    unknown = EvaluationInfo(data=INFO, split="heldout", real=None, train=None, fakes=FAKES)
    assert compared_texts(unknown) == FAKES
