"""Measurements carry the right names, floors, caps and nulls; evaluations share their work."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo, Measurement
from ganbench.api.errors import UsageError
from ganbench.api.scores import NonFiniteSamples
from ganbench.scoring.evaluation import RealSide, Snapshot, check_columns, measure
from ganbench_plugins.datasets.points import load_ring
from ganbench_plugins.scores.collapse import bins, near_held_out, near_train, prdc, vendi
from ganbench_plugins.scores.distances import (
    exact_wasserstein,
    frechet,
    frechet_label,
    kernel,
    sliced_wasserstein,
)
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics
from ganbench_plugins.scores.modes import classes, modes


@dataclass
class Doubling:
    """An extractor that counts how often it is asked."""

    id: str = "doubling@12345678"
    layer: str = "top"
    calls: int = 0

    def __call__(self, samples: Tensor) -> Tensor:
        self.calls += 1
        return 2 * samples.flatten(1).float()


def gaussian_data(n: int = 400, d: int = 5, seed: int = 0) -> Data:
    random = torch.Generator().manual_seed(seed)
    info = DataInfo(name="normal", modality="tabular", shape=(d,))
    draw = torch.randn(2 * n, d, generator=random)
    return Data(info=info, train=draw[:n], heldout=draw[n:])


@pytest.fixture
def extractor() -> Doubling:
    return Doubling()


@pytest.fixture
def side(extractor: Doubling) -> RealSide:
    return RealSide(gaussian_data(), "heldout", torch.device("cpu"), lambda name: extractor)


@pytest.mark.parametrize(
    ("name", "fakes", "against_train", "label"),
    [
        ("inception-v3-compat", 50_000, True, "FID"),
        ("inception-v3-compat", 10_000, True, "FID-10k"),
        ("inception-v3-compat", 300, True, "FID-300"),
        ("inception-v3-compat", 1_500, True, "FID-1500"),
        ("inception-v3-compat", 50_000, False, "FID-50k[held-out]"),
        ("inception-v3-compat", 1_000, False, "FID-1k[held-out]"),
        ("inception-v3-compat-custom", 50_000, True, "FD[inception-v3-compat-custom]"),
        ("classifier-digits", 50_000, True, "FD[classifier-digits]"),
    ],
)
def test_only_the_real_thing_is_called_fid(
    name: str, fakes: int, against_train: bool, label: str
) -> None:
    assert frechet_label(name, fakes, against_train) == label


def test_frechet_measures_features_with_floor_and_cap(side: RealSide) -> None:
    fakes = torch.randn(300, 5, generator=torch.Generator().manual_seed(1)) + 1
    (one,) = frechet(Snapshot(side, fakes), extractor="doubling")
    real = gaussian_statistics(2 * side.real)
    assert one.value == frechet_distance(real, 2 * fakes)
    assert one.key == "fd/doubling@12345678/top/heldout/400x300"
    assert one.label == "FD[doubling]"
    assert one.cap == pytest.approx(float((2 * side.real.double()).var(dim=0).sum()))
    assert one.floor is not None
    assert one.cap is not None
    assert 0 < one.floor < 0.1 * one.cap
    assert (one.n_real, one.n_fake, one.panel, one.direction) == (400, 300, "distance", "lower")


def test_features_are_extracted_once(side: RealSide, extractor: Doubling) -> None:
    snapshot = Snapshot(side, torch.randn(400, 5, generator=torch.Generator().manual_seed(2)))
    for _ in range(2):
        frechet(snapshot, extractor="doubling")
        prdc(snapshot, extractor="doubling")
    assert extractor.calls == 2  # the real side and the fakes
    frechet(Snapshot(side, snapshot.fakes + 1), extractor="doubling")
    assert extractor.calls == 3


@pytest.mark.parametrize("score", ["w2", "vendi"])
def test_a_real_side_in_an_order_is_represented_by_samples_of_all_of_it(score: str) -> None:
    """As of a mixture, whose sources follow one another, or of a folder sorted by class."""
    law = torch.randn(2000, 2, generator=torch.Generator().manual_seed(0))
    law[::2] += 20
    held_out, train = law[:1000], law[1000:]
    info = DataInfo(name="two", modality="points", shape=(2,))
    data = Data(info=info, train=train, heldout=held_out[held_out[:, 0].argsort()])
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    if score == "w2":
        both, half = Snapshot(side, train[:400]), Snapshot(side, train[1::2][:400])
        (found,), (lost,) = (exact_wasserstein(one, samples=400) for one in (both, half))
        assert found.value < 10 < lost.value
    else:
        (found,) = vendi(Snapshot(side, train[:400]), extractor="doubling")
        assert found.value == pytest.approx(1, abs=0.1)


def test_near_duplicates_are_told_by_samples_of_all_of_a_real_side_in_an_order() -> None:
    """Half of the law is ten times as wide as the other half, and stands first."""
    law = torch.randn(6000, 5, generator=torch.Generator().manual_seed(0))
    law[::2] = 10 * law[::2] + 500
    held_out, train = law[:4000], law[4000:]
    order = held_out[:, 0].argsort(descending=True)
    info = DataInfo(name="two", modality="points", shape=(5,))
    data = Data(info=info, train=train, heldout=held_out[order])
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    measured = {one.label: one for one in prdc(Snapshot(side, train), extractor="e")}
    assert 0.003 < measured["near duplicates"].value < 0.03


def test_prdc_of_the_real_law_is_near_its_nulls(side: RealSide) -> None:
    measured = {one.label: one for one in prdc(Snapshot(side, side.data.train), extractor="e")}
    for name in ("density", "coverage", "cov norm"):
        null = measured[name].null
        assert null is not None
        assert measured[name].value == pytest.approx(null, abs=0.1)
    assert measured["near duplicates"].null == 0.01
    assert measured["near duplicates"].value < 0.05
    assert min(measured["precision"].value, measured["recall"].value) > 0.8


@pytest.mark.parametrize("fakes", [20, 60])
def test_the_measured_floor_holds_for_fewer_fakes_than_features(fakes: int) -> None:
    """Where the closed form, and all that it brings from other counts, is a quarter too low."""
    side = RealSide(
        gaussian_data(1000, 64), "heldout", torch.device("cpu"), lambda name: Doubling()
    )
    (one,) = frechet(Snapshot(side, side.data.train[:fakes]), extractor="e")
    fresh = torch.randn(20, 1000 + fakes, 64, generator=torch.Generator().manual_seed(5))
    found = [
        frechet_distance(gaussian_statistics(2 * each[fakes:]), 2 * each[:fakes]) for each in fresh
    ]
    assert one.measured_floor == pytest.approx(sum(found) / len(found), rel=0.05)


def test_the_measured_floor_of_gaussian_features_is_the_closed_form() -> None:
    # Also at other counts than those of the halves that it is measured on.
    side = RealSide(gaussian_data(4000), "heldout", torch.device("cpu"), lambda name: Doubling())
    for n in (4000, 500):
        (one,) = frechet(Snapshot(side, side.data.train[:n]), extractor="e")
        assert one.measured_floor == pytest.approx(one.floor, rel=0.3)
        assert one.floor_error is not None
        assert one.floor_spread is not None
        assert one.floor_error <= 0.03 * one.measured_floor
        assert one.floor_error < one.floor_spread < one.measured_floor


def test_the_measured_floor_sees_what_gaussians_do_not() -> None:
    data = gaussian_data(4000)
    heavy = Data(info=data.info, train=data.train**3, heldout=data.heldout**3)
    side = RealSide(heavy, "heldout", torch.device("cpu"), lambda name: Doubling())
    (one,) = frechet(Snapshot(side, side.data.train), extractor="e")
    assert one.floor is not None
    assert one.measured_floor is not None
    assert one.measured_floor > 1.5 * one.floor
    assert one.value < 5 * one.measured_floor


def test_precision_and_recall_have_the_nulls_of_real_halves(side: RealSide) -> None:
    measured = {one.label: one for one in prdc(Snapshot(side, side.data.train), extractor="e")}
    for name in ("precision", "recall"):
        null = measured[name].null
        assert null is not None
        assert measured[name].value == pytest.approx(null, abs=0.1)
    assert measured["recall"].read_with == measured["precision"].key
    assert measured["precision"].read_with == ""


def test_kernel_distance_is_zero_under_the_real_law_and_keeps_its_name(side: RealSide) -> None:
    (same,) = kernel(Snapshot(side, side.data.train), extractor="e")
    (other,) = kernel(Snapshot(side, side.data.train + 1), extractor="e")
    assert (same.label, same.null, same.floor, same.cap) == ("KID[doubling]", 0.0, None, None)
    assert abs(same.value) < 0.02 * other.value


def test_vendi_compares_equally_many(side: RealSide) -> None:
    (one,) = vendi(Snapshot(side, side.data.train[:150]), extractor="e")
    assert (one.n_real, one.n_fake) == (400, 150)
    assert one.value == pytest.approx(1, abs=0.1)
    assert one.read_with.startswith("precision/doubling")
    (collapsed,) = vendi(Snapshot(side, side.data.train[:1].expand(400, 5)), extractor="e")
    assert 0 < collapsed.value < 0.3


def test_copies_of_training_samples_are_seen(side: RealSide) -> None:
    (copies,) = near_train(Snapshot(side, side.data.train[:200]), extractor="e")
    (fresh,) = near_train(Snapshot(side, gaussian_data(seed=9).train), extractor="e")
    assert copies.value == 1
    assert fresh.value < 0.04
    assert copies.null == 0.01


def test_copies_of_held_out_samples_are_seen(side: RealSide) -> None:
    (copies,) = near_held_out(Snapshot(side, side.real[:200]), extractor="e")
    (fresh,) = near_held_out(Snapshot(side, gaussian_data(seed=9).train), extractor="e")
    mixed = torch.cat([side.real[:100], side.data.train[:100]])
    (half,) = near_held_out(Snapshot(side, mixed), extractor="e")
    assert (copies.label, copies.value, copies.null) == ("near held-out", 1, 0.01)
    assert fresh.value < 0.04
    assert half.value == pytest.approx(0.5, abs=0.04)


def test_rates_say_how_well_their_null_is_known() -> None:
    data = gaussian_data()
    data = Data(info=data.info, train=data.train[:100], heldout=data.heldout)
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    snapshot = Snapshot(side, data.heldout[:300])
    measured = [score(snapshot, extractor="e") for score in (near_train, near_held_out, prdc)]
    errors = {one.label: one.null_error for own in measured for one in own}
    assert errors["near train"] == pytest.approx((0.01 * 0.99 / 400) ** 0.5 + 1 / 400)
    assert errors["near held-out"] == pytest.approx((0.01 * 0.99 / 100) ** 0.5 + 1 / 100)
    assert errors["near duplicates"] == pytest.approx((0.01 * 0.99 / 150) ** 0.5 + 1 / 150)
    assert errors["coverage"] is None


@pytest.mark.parametrize("score", [near_train, near_held_out])
def test_copies_need_a_heldout_split(score: Callable[..., object], extractor: Doubling) -> None:
    side = RealSide(gaussian_data(), "train", torch.device("cpu"), lambda name: extractor)
    with pytest.raises(UsageError, match="tells copies of one split by what samples of the other"):
        score(Snapshot(side, side.real), extractor="e")


def test_bins_see_a_lost_half_of_the_data(side: RealSide) -> None:
    (same,) = bins(Snapshot(side, gaussian_data(seed=9).train), extractor="e", bins=20)
    half = side.data.train[side.data.train[:, 0] > 0]
    (lost,) = bins(Snapshot(side, half), extractor="e", bins=20)
    assert abs(same.value) < 0.02
    assert lost.value > 0.05
    with pytest.raises(UsageError, match=r"ndb\[bins=40\]"):
        bins(Snapshot(side, half), extractor="e", bins=500)


def test_bins_are_of_training_features_and_held_against_held_out_ones() -> None:
    """Both sets that are compared are of one half; that no training sample is missing is seen by
    neither."""
    data = gaussian_data()
    half = replace(data, heldout=data.heldout[data.heldout[:, 0] > 0])
    side = RealSide(half, "heldout", torch.device("cpu"), lambda name: Doubling())
    fakes = gaussian_data(seed=9).train
    (found,) = bins(Snapshot(side, fakes[fakes[:, 0] > 0]), extractor="e", bins=20)
    assert abs(found.value) < 0.04  # 3/4 ln(4/3) = .216 beside the train split


@dataclass
class Thirds(Doubling):
    """A classifier that cuts the first coordinate in three."""

    classes: int = 3
    channels: int = 1

    def classify(self, features: Tensor) -> Tensor:
        return (features[:, 0] > -1).long() + (features[:, 0] > 1).long()


def test_classes_are_counted_through_the_classifier() -> None:
    side = RealSide(gaussian_data(), "heldout", torch.device("cpu"), lambda name: Thirds())
    same = {one.label: one for one in classes(Snapshot(side, side.data.train), extractor="e")}
    assert same["classes"].value == same["classes"].null == 3
    assert same["class TV"].value < 0.1
    assert same["class KL"].value < 0.02
    assert same["class KL"].null == pytest.approx(0.005)  # (3 - 1) / 2 (1/400 + 1/400)
    judge = Thirds()
    shares = torch.bincount(judge.classify(judge(side.real))).double() / 400
    deviations = (2 / math.pi * shares * (1 - shares) * 2 / 400).sqrt()
    assert same["class TV"].null == pytest.approx(float(deviations.sum()) / 2)
    lost = Snapshot(side, side.data.train.abs())
    found = {one.label: one.value for one in classes(lost, extractor="e")}
    assert found["classes"] == 2
    assert found["class TV"] > 0.2


def test_classes_need_a_classifier_and_real_samples_of_each(side: RealSide) -> None:
    with pytest.raises(UsageError, match="doubling only extracts features"):
        classes(Snapshot(side, side.real), extractor="e")
    four = RealSide(gaussian_data(), "heldout", torch.device("cpu"), lambda _: Thirds(classes=4))
    with pytest.raises(UsageError, match="no real sample of class 3"):
        classes(Snapshot(four, four.real), extractor="e")


def test_ranges_hold_what_the_measures_say(side: RealSide) -> None:
    snapshot = Snapshot(side, 30 * side.data.train)
    for one in (
        *frechet(snapshot, extractor="e"),
        *prdc(snapshot, extractor="e"),
        *vendi(snapshot, extractor="e"),
        *near_train(snapshot, extractor="e"),
        *bins(snapshot, extractor="e", bins=20),
    ):
        assert one.lowest is None or one.value >= one.lowest, one
        assert one.highest is None or one.value <= one.highest, one


def test_modes_of_a_perfect_and_of_a_collapsed_generator() -> None:
    data = load_ring()
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    perfect = {one.label: one for one in modes(Snapshot(side, data.train[:2500]))}
    assert perfect["modes"].value == perfect["modes"].null == 8
    assert perfect["high quality"].value == pytest.approx(0.98889, abs=0.01)
    assert perfect["reverse KL"].value < 0.01
    assert perfect["reverse KL"].key == "reverse_kl/8@2500"
    # 1 - e^-4.5 of 2,500 samples, 2,472, are of high quality
    assert perfect["reverse KL"].null == pytest.approx(7 / 4944)
    assert perfect["TV"].null == pytest.approx(math.sqrt(7 / (4944 * math.pi)))
    one_point = Snapshot(side, data.train[:1].expand(2500, 2))
    collapsed = {one.label: one.value for one in modes(one_point)}
    assert collapsed["modes"] == 1
    assert collapsed["reverse KL"] == pytest.approx(2.0794, abs=1e-3)


def test_modes_need_known_modes(side: RealSide) -> None:
    with pytest.raises(UsageError, match="modes of normal are not known"):
        modes(Snapshot(side, side.real))


def test_transport_has_a_measured_floor_and_the_cap_of_a_constant() -> None:
    data = load_ring()
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    snapshot = Snapshot(side, data.train[50_000:52_500])
    (exact,) = exact_wasserstein(snapshot, samples=300)
    (sliced,) = sliced_wasserstein(snapshot)
    assert (exact.n_real, exact.n_fake) == (300, 300)
    assert (sliced.n_real, sliced.n_fake) == (2500, 2500)
    for one, accuracy in ((exact, 0.1), (sliced, 0.03)):  # 32 exact ones at most
        assert one.floor is not None
        assert one.floor_error is not None
        assert one.floor_error <= accuracy * one.floor
        assert one.floor_spread is not None
        assert one.value == pytest.approx(one.floor, abs=4 * one.floor_spread)
    for one in (exact, sliced):
        assert one.floor is not None
        assert one.cap is not None
        assert 0 < one.value < 5 * one.floor < one.cap
    # Collapsed onto the real mean: the total variance, and 1/d of it when sliced.
    assert exact.cap == pytest.approx(float(side.real[:300].var(dim=0, correction=0).sum()))
    assert sliced.cap == pytest.approx(0.5, rel=0.05)


def test_too_few_samples_for_a_score_is_said(side: RealSide) -> None:
    with pytest.raises(UsageError, match="needs 1000 real"):
        exact_wasserstein(Snapshot(side, side.real), samples=1000)


def test_nonfinite_features_are_never_a_number(side: RealSide) -> None:
    fakes = side.real.clone()
    fakes[3, 2] = float("nan")
    with pytest.raises(NonFiniteSamples, match="features of e are not finite"):
        frechet(Snapshot(side, fakes), extractor="e")


def test_two_scores_may_not_share_a_column(side: RealSide) -> None:
    score = (frechet, {"extractor": "e"})
    with pytest.raises(UsageError, match="same column fd/doubling"):
        measure(Snapshot(side, side.real), [score, score])


def test_a_data_set_without_heldout_samples_is_scored_on_train() -> None:
    data = gaussian_data()
    empty = Data(info=data.info, train=data.train, heldout=data.heldout[:0])
    side = RealSide(empty, "heldout", torch.device("cpu"), lambda name: Doubling())
    assert side.split == "train"
    assert len(side.real) == len(data.train)


@pytest.mark.parametrize("field", ["null", "floor", "measured_floor", "cap"])
def test_what_a_number_is_held_against_is_finite(field: str) -> None:
    one = Measurement(key="mine", label="mine", value=1.0, n_fake=1, **{field: float("nan")})
    with pytest.raises(UsageError, match=f"the {field.replace('_', ' ')} of mine is nan"):
        check_columns([[one]])
