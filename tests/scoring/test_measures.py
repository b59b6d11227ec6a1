"""Measurements carry the right names, floors, caps and nulls; evaluations share their work."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.api.errors import UsageError
from ganbench.scoring.errors import NonFiniteSamples
from ganbench.scoring.evaluation import RealSide, Snapshot, measure
from ganbench.scoring.frechet import frechet_distance, gaussian_statistics
from ganbench.scoring.measures import (
    exact_wasserstein,
    frechet,
    frechet_label,
    modes,
    prdc,
    sliced_wasserstein,
)
from ganbench_plugins.datasets.points import load_ring


@dataclass
class Doubling:
    """An extractor that counts how often it is asked."""

    id: str = "doubling@12345678"
    layer: str = "top"
    calls: int = 0

    def __call__(self, samples: Tensor) -> Tensor:
        self.calls += 1
        return 2 * samples.flatten(1).float()


def gaussian_data(n: int = 400, d: int = 5) -> Data:
    random = torch.Generator().manual_seed(0)
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
    ("extractor_id", "fakes", "against_train", "label"),
    [
        ("inception-v3-compat@45dbbd4f", 50_000, True, "FID"),
        ("inception-v3-compat@45dbbd4f", 10_000, True, "FID-10k"),
        ("inception-v3-compat@45dbbd4f", 300, True, "FID-300"),
        ("inception-v3-compat@45dbbd4f", 1_500, True, "FID-1500"),
        ("inception-v3-compat@45dbbd4f", 50_000, False, "FD[inception-v3-compat]"),
        ("inception-v3-compat-custom@0", 50_000, True, "FD[inception-v3-compat-custom]"),
        ("classifier-digits@1b2c3d4e", 50_000, True, "FD[classifier-digits]"),
    ],
)
def test_only_the_real_thing_is_called_fid(
    extractor_id: str, fakes: int, against_train: bool, label: str
) -> None:
    assert frechet_label(extractor_id, fakes, against_train) == label


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


def test_prdc_of_the_real_law_is_near_its_nulls(side: RealSide) -> None:
    measured = {one.label: one for one in prdc(Snapshot(side, side.data.train), extractor="e")}
    for name in ("density", "coverage", "cov norm"):
        null = measured[name].null
        assert null is not None
        assert measured[name].value == pytest.approx(null, abs=0.1)
    assert measured["near duplicates"].null == 0.01
    assert measured["near duplicates"].value < 0.05
    assert min(measured["precision"].value, measured["recall"].value) > 0.8


def test_modes_of_a_perfect_and_of_a_collapsed_generator() -> None:
    data = load_ring()
    side = RealSide(data, "heldout", torch.device("cpu"), lambda name: Doubling())
    perfect = {one.label: one for one in modes(Snapshot(side, data.train[:2500]))}
    assert perfect["modes"].value == perfect["modes"].null == 8
    assert perfect["high quality"].value == pytest.approx(0.98889, abs=0.01)
    assert perfect["reverse KL"].value < 0.01
    assert perfect["reverse KL"].key == "reverse_kl/8@2500"
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
