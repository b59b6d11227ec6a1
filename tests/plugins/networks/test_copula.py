"""Columns by their quantiles, joined by normal numbers or by nothing."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import norm, rankdata
from torch import Tensor

from ganbench import Categorical, DataInfo, Numeric, decode, encode
from ganbench.modalities import modality_of
from ganbench_plugins.networks.copula import Copula, correlations, normal_scores, root_of

INFO = DataInfo(
    name="table", modality="tabular", shape=(6,),
    schema=(
        Numeric(name="x", low=-9, high=9),
        Numeric(name="n", low=0, high=400, whole=True),
        Categorical(name="colour", categories=("red", "green", "blue", "violet")),
    ),
)  # fmt: skip


def table(count: int, correlation: float = 0.8) -> Tensor:
    random = torch.Generator().manual_seed(4)
    first, second = torch.randn(2, count, generator=random)
    second = correlation * first + (1 - correlation**2) ** 0.5 * second
    colours = torch.multinomial(
        torch.tensor([0.6, 0.0, 0.1, 0.3]), count, replacement=True, generator=random
    )
    number = second.exp().mul(5).round().clamp(0, 400)
    return torch.stack([first.clamp(-9, 9), number, colours.float()], dim=1)


def drawn(rows: Tensor, correlated: bool, count: int = 20_000) -> Tensor:
    model = Copula(INFO)
    model.fit_columns(encode(rows, INFO), correlated=correlated)
    raw = model(torch.randn(count, 3, generator=torch.Generator().manual_seed(1)))
    assert modality_of(INFO).range_fault(raw, INFO) == ""
    return decode(raw, INFO)


def test_scores_are_those_of_scipys_middle_ranks() -> None:
    values = torch.tensor([3.0, 1, 2, 2, 2, 7])
    expected = norm.ppf((rankdata(values) - 0.5) / 6)
    torch.testing.assert_close(normal_scores(values), torch.tensor(expected))


@pytest.mark.parametrize("correlated", [True, False])
def test_each_column_keeps_its_own_law(correlated: bool) -> None:
    rows = table(20_000)
    found = drawn(rows, correlated)
    for column, unit in ((0, 0.06), (1, 1)):
        quantiles = torch.linspace(0.05, 0.95, 10)
        for at in quantiles:
            one, other = (each[:, column].quantile(at) for each in (rows, found))
            assert float(one) == pytest.approx(float(other), rel=0.08, abs=unit)
    shares = torch.bincount(found[:, 2].long(), minlength=4) / len(found)
    torch.testing.assert_close(shares, torch.tensor([0.6, 0, 0.1, 0.3]), atol=0.015, rtol=0)
    assert shares[1] == 0  # between two categories lies none


def test_what_hangs_together_does_so_again_or_not_at_all() -> None:
    rows = table(20_000)
    expected = correlations(rows.double())[0, 1]
    joined, apart = (correlations(drawn(rows, one).double())[0, 1] for one in (True, False))
    assert float(expected) == pytest.approx(0.8, abs=0.02)
    assert float(joined) == pytest.approx(float(expected), abs=0.02)
    assert float(apart) == pytest.approx(0, abs=0.03)


def test_equal_and_constant_columns_are_no_accident() -> None:
    rows = table(500).double()
    rows[:, 1], rows[:, 2] = rows[:, 0], 3
    found = correlations(rows)
    torch.testing.assert_close(found, torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]).double())
    root = root_of(found)
    torch.testing.assert_close(root @ root.T, found)


def with_categories(counts: Tensor) -> tuple[DataInfo, Tensor]:
    """A column of numbers and one of as many categories, each as often as it is told."""
    categories = tuple(str(one) for one in range(len(counts)))
    info = DataInfo(
        name="rare", modality="tabular", shape=(1 + len(counts),),
        schema=(
            Numeric(name="x", low=0, high=1),
            Categorical(name="kind", categories=categories, counts=tuple(counts.tolist())),
        ),
    )  # fmt: skip
    places = torch.arange(len(counts)).repeat_interleave(counts)
    return info, torch.stack([torch.linspace(0, 1, len(places)), places.float()], dim=1)


@pytest.mark.parametrize("correlated", [True, False])
def test_every_category_is_as_frequent_as_in_the_rows_however_rare(correlated: bool) -> None:
    """At latents that are even in probability shares are exact, within one latent at each edge."""
    counts = (6_000 / torch.arange(1, 201) ** 1.3).long()[
        torch.randperm(200, generator=torch.Generator().manual_seed(0))
    ]
    assert (counts / counts.sum() < 1 / 1_000).sum() > 100
    info, rows = with_categories(counts)
    model = Copula(info)
    model.fit_columns(encode(rows, info), correlated=correlated)
    model.root = torch.eye(2)  # the joint law is another test's
    latents = torch.special.ndtri((torch.arange(200_000) + 0.5).double() / 200_000).float()
    found = decode(model(latents[:, None].expand(-1, 2)), info)[:, 1].long()
    shares = torch.bincount(found, minlength=200) / len(found)
    assert (shares > 0).all()
    torch.testing.assert_close(shares, counts / counts.sum(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("counts", [[0, 3, 0, 2, 0], [0, 0, 4], [5, 0], [7]])
def test_categories_of_no_row_are_not_drawn_by_the_farthest_latents(counts: list[int]) -> None:
    info, rows = with_categories(torch.tensor(counts))
    model = Copula(info)
    model.fit_columns(encode(rows, info), correlated=False)
    latents = torch.tensor([-40.0, -1, 0, 1, 40])[:, None].expand(-1, 2)
    found = decode(model(latents), info)[:, 1].long().tolist()
    there = [place for place, count in enumerate(counts) if count]
    assert all(bool(one.isfinite().all()) for one in model.buffers())  # or its run would end
    assert set(found) == set(there)


def test_categories_are_even_until_they_are_counted() -> None:
    info, _ = with_categories(torch.ones(5).long())
    latents = torch.special.ndtri((torch.arange(1_000) + 0.5).double() / 1_000).float()
    found = decode(Copula(info)(latents[:, None].expand(-1, 2)), info)
    assert torch.bincount(found[:, 1].long()).tolist() == [200] * 5
    torch.testing.assert_close(found[:, 0], (torch.arange(1_000) + 0.5) / 1_000, atol=1e-5, rtol=0)
