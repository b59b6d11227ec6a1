"""Reference generators make what their names say, of any kind of data."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.modalities import modality_of
from ganbench.results.references import COPIES, GAUSSIAN, NOISE, ONE, REFERENCES, SHUFFLED
from ganbench.scoring.references import MOST, reference_samples

from ..modalities.samples import pairs, singles, stored

POINTS = DataInfo(name="points", modality="points", shape=(3,))


def data_of(train: Tensor, info: DataInfo = POINTS) -> Data:
    return Data(info=info, train=train, heldout=train[:0])


def correlated(count: int) -> Tensor:
    """Three coordinates: the second follows the first, the third is skewed."""
    own = torch.Generator().manual_seed(3)
    first = torch.randn(count, generator=own)
    second = 2 * first + 0.5 * torch.randn(count, generator=own)
    third = torch.rand(count, generator=own).log().neg() + 5
    return torch.stack([first, second, third], dim=1)


@given(st.one_of(singles, pairs), st.sampled_from(REFERENCES), st.integers(1, 20))
def test_whatever_the_data_they_are_samples_of_it(info: DataInfo, name: str, count: int) -> None:
    made = reference_samples(data_of(stored(info, seed=1), info), name, count, seed=2)
    assert len(made) == count
    modality_of(info).check(name, made, info)


@pytest.mark.parametrize("name", REFERENCES)
def test_a_seed_is_the_same_again_and_another_is_not(name: str) -> None:
    data = data_of(correlated(500))
    first, again, other = (reference_samples(data, name, 40, seed) for seed in (1, 1, 2))
    assert first.equal(again)
    assert first.equal(other) == (name == ONE)


def test_copies_are_of_the_train_split_none_twice_before_all_were_there_once() -> None:
    train = correlated(50)
    made = reference_samples(data_of(train), COPIES, 120, seed=0)
    places = torch.cdist(made, train).argmin(dim=1)
    assert train[places].equal(made)
    assert set(places.bincount(minlength=50).tolist()) == {2, 3}


def test_the_gaussian_has_the_mean_and_covariance_and_nothing_else() -> None:
    train = correlated(4_000)
    made = reference_samples(data_of(train), GAUSSIAN, 200_000, seed=0).double()
    assert made.mean(dim=0) == pytest.approx(train.double().mean(dim=0), abs=0.02)
    assert torch.cov(made.T).flatten() == pytest.approx(
        torch.cov(train.double().T).flatten(), abs=0.05
    )
    centred = (made - made.mean(dim=0)) / made.std(dim=0)
    assert centred.pow(3).mean(dim=0) == pytest.approx(torch.zeros(3), abs=0.05)  # the data: 2
    assert centred.pow(4).mean(dim=0) == pytest.approx(torch.full((3,), 3.0), abs=0.1)


def test_a_gaussian_of_as_few_samples_as_coordinates_stays_in_their_span() -> None:
    train = correlated(2)
    made = reference_samples(data_of(train), GAUSSIAN, 100, seed=0)
    direction = (train[1] - train[0]) / (train[1] - train[0]).norm()
    off = made - train.mean(dim=0)
    assert (off - (off @ direction)[:, None] * direction).abs().max() < 1e-5


def test_shuffled_coordinates_keep_every_law_and_no_dependence() -> None:
    train = correlated(5_000)
    made = reference_samples(data_of(train), SHUFFLED, 20_000, seed=0)
    for own, others in zip(made.T, train.T, strict=True):
        assert torch.isin(own, others).all()
        levels = torch.linspace(0.05, 0.95, 10)
        assert own.quantile(levels) == pytest.approx(others.quantile(levels), abs=0.15)
    assert float(torch.corrcoef(train.T)[0, 1]) > 0.9
    assert abs(float(torch.corrcoef(made.T)[0, 1])) < 0.03


def test_noise_fills_the_range_of_the_data_evenly() -> None:
    train = correlated(1_000)
    made = reference_samples(data_of(train), NOISE, 20_000, seed=0)
    low, high = float(train.min()), float(train.max())
    shares = (made - low) / (high - low)
    assert 0 <= float(shares.min()) < 0.001
    assert 0.999 < float(shares.max()) <= 1
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(shares.var()) == pytest.approx(1 / 12, abs=0.01)


def test_of_much_data_the_covariance_is_that_of_a_part() -> None:
    train = correlated(3 * MOST)
    made = reference_samples(data_of(train), GAUSSIAN, 5_000, seed=0)
    assert made.std(dim=0) == pytest.approx(train.std(dim=0), rel=0.05)
