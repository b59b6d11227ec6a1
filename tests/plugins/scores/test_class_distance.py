"""Distances class by class: against references, what is charged, and who tells the classes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric

from ganbench_plugins.scores.kernels.by_class import chance_of_fewer
from ganbench_plugins.scores.kernels.frechet import gaussian_statistics, noise_floor

from .classed import CENTRES, EACH, WIDTHS, D, K, data_of, measured, nearest, samples, snapshot


def reference(distance: str, real: Tensor, fake: Tensor) -> float:
    """By torch-fidelity; its kernel distance takes as many of either side."""
    real, fake = real.double(), fake.double()
    if distance == "fd":
        both = [fid_features_to_statistics(one) for one in (real, fake)]
        metric = fid_statistics_to_metric(*both, verbose=False)
        return float(metric["frechet_inception_distance"])
    size = min(len(real), len(fake))
    metric = kid_features_to_metric(
        real[:size], fake[:size], kid_subsets=1, kid_subset_size=size, verbose=False
    )
    return float(metric["kernel_inception_distance_mean"])


# What each class has.


@pytest.mark.parametrize("distance", ["kid", "fd"])
@pytest.mark.parametrize("judging", [False, True])
def test_every_class_is_what_torch_fidelity_has_of_its_samples_alone(
    distance: str, judging: bool
) -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    fakes = fakes + 0.1
    real_of, fake_of = data.heldout_labels, labels
    if judging:  # as many of either side, for a reference that takes no others
        real_of, fake_of = nearest(data.heldout), nearest(fakes)
        sizes = [int(min((real_of == k).sum(), (fake_of == k).sum())) for k in range(K)]
        rows = [
            torch.cat([(of == k).nonzero().flatten()[: sizes[k]] for k in range(K)]).sort().values
            for of in (real_of, fake_of)
        ]
        data = data_of([EACH] * K, heldout=data.heldout[rows[0]], heldout_labels=None)
        fakes, real_of, fake_of = fakes[rows[1]], real_of[rows[0]], fake_of[rows[1]]
        assert len(set(sizes)) > 1
    assert real_of is not None
    found = measured(snapshot(data, fakes, None if judging else labels), distance)
    values = []
    for one in range(K):
        value = reference(distance, data.heldout[real_of == one], fakes[fake_of == one])
        cap = found[f"class_of_{one}"].cap
        assert cap is not None
        values.append(value)
        assert found[f"class_of_{one}"].value == pytest.approx(values[-1], rel=1e-5, abs=1e-6)
        assert value < cap
    assert found["class"].value == pytest.approx(np.mean(values), rel=1e-5)
    parts = {"head": [0], "medium": [4], "tail": [2, 3, 1]}
    for name, part in parts.items():
        expected = np.mean([values[k] for k in part])
        assert found[f"{name}_class"].value == pytest.approx(expected, rel=1e-5)
    assert found["classes_missing"].value == 0
    assert len(found) == 1 + 3 + K + 1


def test_of_gaussians_it_is_the_closed_form() -> None:
    """Classes whose means are theta apart and whose standard deviations differ by a factor."""
    data = data_of([EACH] * K)
    assert data.heldout_labels is not None
    standard = torch.randn(EACH, D, generator=torch.Generator().manual_seed(5)).double()
    standard = standard - standard.mean(dim=0)
    standard = standard @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(standard.T))).T
    real, fakes = torch.empty(K * EACH, D), torch.empty(K * EACH, D)
    shift, factor = torch.linspace(0, 1, K), torch.linspace(0.7, 1.4, K)
    for k in range(K):
        rows = data.heldout_labels == k
        real[rows] = (CENTRES[k] + WIDTHS[k] * standard).float()
        fakes[rows] = (CENTRES[k] + shift[k] + factor[k] * WIDTHS[k] * standard.flip(0)).float()
    held = data_of([EACH] * K, heldout=real)
    found = measured(snapshot(held, fakes, data.heldout_labels), "fd")
    for k in range(K):
        expected = D * (shift[k] ** 2 + ((1 - factor[k]) * WIDTHS[k]) ** 2)
        assert found[f"class_of_{k}"].value == pytest.approx(float(expected), rel=1e-4, abs=1e-6)
        assert found[f"class_of_{k}"].cap == pytest.approx(float(D * WIDTHS[k] ** 2), rel=1e-4)


@pytest.mark.parametrize("distance", ["kid", "fd"])
def test_other_numbers_for_the_classes_give_each_the_column_of_its_new_one(distance: str) -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([50, 70, 60, 0, 40], 3)
    renamed = torch.tensor([3, 0, 4, 1, 2])
    assert data.heldout_labels is not None
    assert data.train_labels is not None
    other = data_of(
        [EACH] * K,
        heldout_labels=renamed[data.heldout_labels],
        train_labels=renamed[data.train_labels],
    )
    before = measured(snapshot(data, fakes, labels), distance)
    after = measured(snapshot(other, fakes, renamed[labels]), distance)
    for old, new in enumerate(renamed.tolist()):
        one, same = before[f"class_of_{old}"], after[f"class_of_{new}"]
        fields = ("value", "cap", "floor", "measured_floor", "floor_spread")
        assert [getattr(one, name) for name in fields] == [getattr(same, name) for name in fields]
    for name in ("class", "head_class", "medium_class", "tail_class", "classes_missing"):
        assert before[name].value == pytest.approx(after[name].value)
        assert before[name].cap == (None if name == "classes_missing" else after[name].cap)


@settings(max_examples=15)
@given(
    st.lists(st.integers(0, 2 * EACH), min_size=K, max_size=K).filter(lambda one: sum(one) >= 250),
    st.floats(0, 3),
    st.sampled_from(["kid", "fd"]),
    st.permutations(range(K)),
)
def test_means_lie_between_and_nothing_exceeds_its_cap(
    counts: list[int], blur: float, distance: str, order: list[int]
) -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples(counts, 3)
    fakes = fakes + blur * torch.randn(fakes.shape, generator=torch.Generator().manual_seed(9))
    found = measured(snapshot(data, fakes, labels), distance)
    own = [found[f"class_of_{k}"] for k in range(K)]
    values = [one.value for one in own]
    slack = 1e-9 * max(map(abs, values))
    for name in ("class", "head_class", "medium_class", "tail_class"):
        assert min(values) - slack <= found[name].value <= max(values) + slack
    caps = [one.cap for one in own]
    assert all(value <= cap for value, cap in zip(values, caps, strict=True) if cap is not None)
    least = D + 1 if distance == "fd" else 2
    missing = [k for k in range(K) if counts[k] < least]
    assert found["classes_missing"].value == len(missing)
    assert all(own[k].value == own[k].cap for k in missing)
    renamed = torch.tensor(order)
    assert data.heldout_labels is not None
    other = data_of([EACH] * K, heldout_labels=renamed[data.heldout_labels])
    same = measured(snapshot(other, fakes, renamed[labels]), distance)
    assert same["class"].value == pytest.approx(found["class"].value, rel=1e-9)


@pytest.mark.parametrize("distance", ["kid", "fd"])
def test_a_class_that_is_drawn_badly_is_seen_in_its_own_column_and_no_other(distance: str) -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    moved = fakes + 1.5 * (labels == 1)[:, None]
    before, after = (measured(snapshot(data, one, labels), distance) for one in (fakes, moved))
    for k in (0, 2, 3, 4):
        assert after[f"class_of_{k}"].value == before[f"class_of_{k}"].value
    bad = after["class_of_1"]
    assert bad.floor_spread is not None
    assert bad.value > before["class_of_1"].value + 2 * bad.floor_spread
    assert after["tail_class"].value > before["tail_class"].value
    assert after["head_class"].value == before["head_class"].value


# What is charged.


@pytest.mark.parametrize("distance", ["kid", "fd"])
def test_a_class_that_is_not_drawn_is_charged_what_its_mean_alone_would_have(distance: str) -> None:
    data = data_of([EACH] * K)
    whole, labels = samples([EACH] * K, 3)
    found = measured(snapshot(data, whole, torch.where(labels == 2, 0, labels)), distance)
    assert found["classes_missing"].value == 1
    assert found["class_of_2"].value == found["class_of_2"].cap
    assert data.heldout_labels is not None
    centre = data.heldout[data.heldout_labels == 2].double().mean(dim=0)
    single = whole.clone().double()
    single[labels == 2] = centre
    at_centre = measured(snapshot(data, single.float(), labels), distance)
    alone, cap = at_centre["class_of_2"].value, found["class_of_2"].cap
    assert cap is not None
    if distance == "fd":
        assert alone == pytest.approx(cap, rel=1e-5)
    else:  # an estimate that takes the mean for independent of the samples
        assert 0 < alone < cap
    assert at_centre["classes_missing"].value == 0


@pytest.mark.parametrize("distance", ["kid", "fd"])
def test_nothing_is_charged_more_than_a_missing_class(distance: str) -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    found = measured(snapshot(data, fakes + 50 * (labels == 1)[:, None], labels), distance)
    assert found["class_of_1"].value == found["class_of_1"].cap
    assert found["classes_missing"].value == 0


@pytest.mark.parametrize("distance", ["kid", "fd"])
def test_too_few_for_a_distance_are_none(distance: str) -> None:
    least = D + 1 if distance == "fd" else 2
    for count, missing in ((least - 1, 1), (least, 0)):
        fakes, labels = samples([EACH, EACH, count, EACH, EACH], 3)
        found = measured(snapshot(data_of([EACH] * K), fakes, labels), distance)
        assert found["classes_missing"].value == missing


def test_who_draws_a_class_too_often_gains_nothing_by_it() -> None:
    """A Fréchet distance falls with the count of fakes: of 400 it would be below its floor."""
    data = data_of([EACH] * K)
    fakes, labels = samples([400, 50, 50, 50, 50], 3)
    found = measured(snapshot(data, fakes, labels), "fd")["class_of_0"]
    counted = len(fakes) * EACH // (K * EACH)
    assert data.heldout_labels is not None
    real, own = data.heldout[data.heldout_labels == 0], fakes[labels == 0]
    assert found.value == pytest.approx(reference("fd", real, own[:counted]), rel=1e-5)
    assert found.value > 1.2 * reference("fd", real, own)


def test_how_many_classes_a_perfect_generator_would_miss() -> None:
    for count, share, least in ((50, 0.1, 2), (1000, 0.0965, 65), (7, 0.5, 9), (30, 1.0, 4)):
        expected = binom.cdf(least - 1, count, share)
        assert chance_of_fewer(count, share, least) == pytest.approx(expected, rel=1e-9)
    assert chance_of_fewer(3, 1.0, 4) == chance_of_fewer(10, 0.0, 1) == 1
    counts = [100, 50, 50, 50, 50]
    fakes, labels = samples([20, 10, 10, 10, 10], 3)
    found = measured(snapshot(data_of(counts), fakes, labels), "fd")["classes_missing"]
    assert found.null == pytest.approx(binom.cdf(4, 60, 1 / 3) + 4 * binom.cdf(4, 60, 1 / 6))
    assert (found.lowest, found.highest, found.direction) == (0, K, "lower")


# Floors.


@pytest.mark.whole
@pytest.mark.parametrize("distance", ["kid", "fd"])
@pytest.mark.parametrize("judging", [False, True])
def test_the_real_law_is_at_the_floor(distance: str, judging: bool) -> None:
    """Over 24 pairs of real sets: at the floors, with the spread that halves tell."""
    found = []
    for seed in range(24):
        (points, real), (fakes, labels) = samples([EACH] * K, seed + 100), samples([EACH] * K, seed)
        data = data_of([EACH] * K, heldout=points, heldout_labels=real)
        found.append(measured(snapshot(data, fakes, None if judging else labels), distance))
    for name in ("class", "tail_class", "class_of_3"):
        columns = [one[name] for one in found]
        values = [one.value for one in columns]
        spread = np.std(values, ddof=1)
        error = spread / math.sqrt(len(values))
        own = np.mean([one.measured_floor or 0.0 for one in columns])
        spreads = [one.floor_spread or 0.0 for one in columns]
        assert abs(np.mean(values) - own) < 5 * error
        assert spread == pytest.approx(np.mean(spreads), rel=0.4)
        if distance == "fd":  # an expansion, which is some per cent off at so few samples
            assert own == pytest.approx(np.mean([one.floor or 0.0 for one in columns]), rel=0.15)
        else:  # the cap cuts what is above it, and so a mean of 0 comes to be a little less
            assert -0.3 * np.mean(spreads) < own < 0.1 * np.mean(spreads)


def test_a_closed_form_floor_is_that_of_the_counts_in_use() -> None:
    data = data_of([80, 40, 60, 50, 70])
    fakes, labels = samples([20] * K, 3)
    found = measured(snapshot(data, fakes, labels), "fd")
    assert data.heldout_labels is not None
    floors = []
    for k, n in enumerate([80, 40, 60, 50, 70]):
        own = gaussian_statistics(data.heldout[data.heldout_labels == k])
        floors.append(noise_floor(own, n, 100 * n // 300))
        assert found[f"class_of_{k}"].floor == pytest.approx(floors[-1])
    assert found["class"].floor == pytest.approx(np.mean(floors))
    assert measured(snapshot(data, fakes, labels), "kid")["class"].floor is None


def test_halves_that_say_nothing_are_left_out() -> None:
    """Of a class of three, and of one whose samples are all the same."""
    fakes, labels = samples([20] * K, 3)
    found = measured(snapshot(data_of([3, 9, 9, 9, 9]), fakes, labels))
    assert found["class_of_0"].measured_floor is None
    assert found["class"].measured_floor is None
    assert found["class_of_1"].measured_floor is not None
    data = data_of([EACH] * K)
    assert data.heldout_labels is not None
    same = torch.where((data.heldout_labels == 1)[:, None], CENTRES[1], data.heldout)
    found = measured(snapshot(data_of([EACH] * K, heldout=same), fakes, labels), "fd")
    assert found["class_of_1"].measured_floor is None
    assert (found["class_of_1"].cap, found["class_of_1"].value) == (0, 0)


# Who says what is of a class.


def test_errors_of_a_judge_do_not_count_twice() -> None:
    """One that takes a third of the plane for another class takes real samples for it as well."""

    def mistaken(features: Tensor) -> Tensor:
        found = nearest(features)
        return torch.where(features[:, 0] > CENTRES[found, 0] + 0.5, (found + 1) % K, found)

    data, (fakes, labels) = data_of([200] * K), samples([200] * K, 3)
    assert float((mistaken(fakes) != labels).double().mean()) > 0.2
    found = measured(snapshot(data, fakes, classify=mistaken), "fd")["class"]
    assert found.measured_floor is not None
    assert found.floor_spread is not None
    assert abs(found.value - found.measured_floor) < 4 * found.floor_spread
    as_told = measured(snapshot(data, fakes, mistaken(fakes)), "fd")["class"]
    assert as_told.value > 5 * found.value


def test_what_is_asked_for_counts_and_not_what_is_drawn() -> None:
    """Classes exchanged: perfect by a judge, and nothing right by what was asked."""
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    judged = measured(snapshot(data, fakes))["class"]
    exchanged = measured(snapshot(data, fakes, (labels + 1) % K))["class"]
    assert judged.floor_spread is not None
    assert abs(judged.value - (judged.measured_floor or 0)) < 4 * judged.floor_spread
    assert exchanged.value == exchanged.cap


def test_columns_of_other_settings_are_other_columns() -> None:
    data, (fakes, labels) = data_of([EACH] * K), samples([EACH] * K, 3)
    settings_ = [(d, own) for d in ("kid", "fd") for own in (None, labels)]
    found = [measured(snapshot(data, fakes, own), distance) for distance, own in settings_]
    keys = [one.key for columns in found for one in columns.values()]
    assert len(set(keys)) == len(keys)
    assert [columns["class"].key for columns in found] == [
        f"class_{distance}/raw/input/{rule}/heldout/500x500"
        for distance in ("kid", "fd")
        for rule in ("judged-by-centres@12", "as-asked")
    ]
    assert [columns["tail_class"].label for columns in found[::3]] == [
        "tail class KID[raw, judged by centres]",
        "tail class FD[raw, as asked]",
    ]
    assert found[0]["class_of_3"].label == "class KID[raw, judged by centres] of 3"
    assert found[3]["classes_missing"].label == "classes missing[FD of raw, as asked]"


def test_two_classes_have_no_thirds_and_one_has_a_mean() -> None:
    for count in (1, 2):
        fakes, labels = samples([EACH] * count, 3)
        data = data_of([EACH] * count, train=[20] * count)
        found = measured(snapshot(data, fakes, labels), each=False)
        assert set(found) == {"class", "classes_missing"}
