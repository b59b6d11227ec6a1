from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from prdc import compute_prdc
from torch import Tensor

from ganbench.api.scores import NonFiniteSamples
from ganbench.statistics.nulls import chance_of_rate
from ganbench_plugins.scores.kernels import distances
from ganbench_plugins.scores.kernels.distances import Points, nearest_in, nearest_others
from ganbench_plugins.scores.kernels.neighbours import (
    NeighbourScores,
    copy_rate,
    coverage_null,
    neighbour_scores,
    normalised_coverage,
    originals,
    rate_error,
    real_neighbours,
)

from .ties import Ties, ties


def normal(n: int, d: int = 8, seed: int = 0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def scores(real: Tensor, fake: Tensor) -> NeighbourScores:
    return neighbour_scores(real_neighbours(real), fake)


def by_definition(real: Tensor, fake: Tensor) -> dict[str, float]:
    """All four in exact integer arithmetic, from a full matrix: no rounding, every tie a tie."""
    r, f = real.long(), fake.long()

    def squares(x: Tensor, y: Tensor) -> Tensor:
        return (x[:, None] - y[None]).square().sum(dim=2)

    def radii(x: Tensor, k: int) -> Tensor:
        matrix = squares(x, x)
        matrix.fill_diagonal_(torch.iinfo(torch.int64).max)
        return matrix.sort(dim=1).values[:, k - 1]

    cross = squares(r, f)
    inside = cross < radii(r, 5)[:, None]
    return {
        "precision": float((cross <= radii(r, 3)[:, None]).any(0).double().mean()),
        "recall": float((cross <= radii(f, 3)).any(1).double().mean()),
        "density": float(inside.sum()) / (5 * len(f)),
        "coverage": float(inside.any(1).double().mean()),
    }


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("n_real", "n_fake", "d"), [(200, 200, 8), (150, 90, 3), (60, 240, 40)])
def test_agrees_with_prdc_to_the_last_digit(
    n_real: int, n_fake: int, d: int, dtype: torch.dtype
) -> None:
    real, fake = normal(n_real, d).to(dtype), (0.9 * normal(n_fake, d, 1) + 0.2).to(dtype)
    found = scores(real, fake)
    three, five = (compute_prdc(real.numpy(), fake.numpy(), nearest_k=k) for k in (3, 5))
    assert found.precision == three["precision"]
    assert found.recall == three["recall"]
    assert found.density == pytest.approx(five["density"], rel=1e-14)
    assert found.coverage == five["coverage"]
    assert 0 < found.precision < 1  # or the comparison would show little
    assert 0 < found.recall < 1


integers = st.integers(2, 3).flatmap(
    lambda d: st.tuples(
        arrays(np.int64, st.tuples(st.integers(6, 14), st.just(d)), elements=st.integers(-2, 2)),
        arrays(np.int64, st.tuples(st.integers(4, 14), st.just(d)), elements=st.integers(-2, 2)),
    )
)


@settings(deadline=None, max_examples=200)
@given(integers, st.sampled_from([0, 7, 10_000]))
def test_ties_and_duplicates_are_settled_exactly(
    pair: tuple[np.ndarray, np.ndarray], offset: int
) -> None:
    real, fake = (torch.from_numpy(each) + offset for each in pair)
    found = scores(real.float(), fake.float())
    expected = by_definition(real, fake)
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, abs=1e-12)


def test_what_may_be_counted_differently_is_what_is_nearly_on_a_sphere() -> None:
    real = torch.tensor([[0.0], [1.0], [10.0], [20.0]])  # radii with k = 1: 1, 1, 9, 10
    outside, inside = [[40.0]], [[0.5]]
    on_first = [[-1.0]]
    assert ties(real, torch.tensor(outside), 1) == Ties(pairs=0, balls=0)
    assert ties(real, torch.tensor(on_first), 1) == Ties(pairs=1, balls=1)
    assert ties(real, torch.tensor(on_first + inside), 1) == Ties(pairs=1, balls=0)
    for off in (2**-24, -(2**-24)):
        near = torch.tensor([[-1.0 + off]], dtype=torch.float64)
        assert ties(real, near, 1) == Ties(pairs=1, balls=1)
    for off in (2**-20, -(2**-20)):
        near = torch.tensor([[-1.0 + off]], dtype=torch.float64)
        assert ties(real, near, 1) == Ties(pairs=0, balls=0)


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_agrees_with_prdc_up_to_ties(offset: float) -> None:
    """On a lattice with many of them, which an offset makes more of that rounding alone decides."""
    generator = torch.Generator().manual_seed(0)
    real, fake = (
        torch.randint(-3, 4, (300, 3), generator=generator).float() / 7 + offset for _ in range(2)
    )
    found, expected = scores(real, fake), compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)
    tied = ties(real, fake, 5)
    assert tied.pairs > 100
    assert abs(found.density - expected["density"]) * 5 * len(fake) <= tied.pairs + 1e-6
    assert abs(found.coverage - expected["coverage"]) * len(real) <= tied.balls + 1e-6


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
anything = st.tuples(
    arrays(np.float32, (8, 3), elements=finite), arrays(np.float32, (8, 3), elements=finite)
).map(lambda pair: tuple(torch.from_numpy(each) for each in pair))


@settings(deadline=None, max_examples=100)
@given(anything)
def test_in_range_for_any_finite_input(pair: tuple[Tensor, Tensor]) -> None:
    found = scores(*pair)
    for share in (found.precision, found.recall, found.coverage, found.near_duplicates):
        assert 0 <= share <= 1
    assert 0 <= found.density <= 8 / 5
    assert 0 <= copy_rate(originals(*pair), pair[1]) <= 1


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999), st.floats(0.001, 1000))
def test_invariant_under_rotation_shift_and_scale(seed: int, scale: float) -> None:
    real, fake = normal(60, 5, seed), 1.3 * normal(50, 5, seed + 1)
    rotation = torch.linalg.qr(normal(5, 5, seed + 2)).Q
    moved = (scale * each @ rotation + 3 * scale for each in (real, fake))
    assert scores(*moved) == scores(real, fake)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999))
def test_a_set_against_itself(seed: int) -> None:
    real = normal(60, 5, seed)
    found = scores(real, real)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    # Each ball holds its centre and the four others nearer than the fifth; ties are outside.
    assert found.density == pytest.approx(1, abs=1e-12)


def test_a_large_common_offset_costs_nothing() -> None:
    real, fake = normal(100).float() / 512, normal(100, seed=1).float() / 512
    real, fake = ((each * 2**16).round() / 2**16 for each in (real, fake))  # exact after the shift
    assert scores(real + 64, fake + 64) == scores(real, fake)


def test_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = normal(67), normal(53, seed=1)
    train = originals(real, fake)
    whole = scores(real, fake), copy_rate(train, normal(40, seed=2)), train.threshold
    monkeypatch.setattr(distances, "TILE", 10)
    train = originals(real, fake)
    assert whole == (
        scores(real, fake),
        copy_rate(train, normal(40, seed=2)),
        pytest.approx(train.threshold),
    )


@pytest.mark.parametrize("tile", [3, 10, 2048])
def test_nearest_others_are_those_of_the_full_matrix(
    tile: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "TILE", tile)
    rows = normal(23, 4)
    rows[5] = rows[11]  # a duplicate is another point, at distance zero
    matrix = torch.cdist(rows, rows).square()
    expected = matrix.fill_diagonal_(torch.inf).sort(dim=1).values[:, :5]
    found = nearest_others(Points.of(rows), 5)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)
    others = normal(17, 4, seed=1)
    nearest = torch.cdist(rows, others).square().amin(dim=1)
    torch.testing.assert_close(nearest_in(Points.of(rows), Points.of(others)), nearest)


def test_coverage_null_and_density_null_by_simulation() -> None:
    real, fake = 40, 25
    draws = [scores(normal(real, 3, 2 * i), normal(fake, 3, 2 * i + 1)) for i in range(500)]
    for values, expected in (
        ([each.coverage for each in draws], coverage_null(real, fake)),
        ([each.density for each in draws], 1.0),
    ):
        found = torch.tensor(values)
        error = float(found.std()) / math.sqrt(len(found))
        assert error < 0.02
        assert float(found.mean()) == pytest.approx(expected, abs=4 * error)


def test_near_rates_are_one_percent_under_the_null_by_simulation() -> None:
    n, duplicates, copies = 400, [], []
    for i in range(60):
        train, real, fake = (normal(n, 3, 3 * i + j) for j in range(3))
        duplicates.append(scores(real, fake).near_duplicates)
        copies.append(copy_rate(originals(train, real), fake))
    for values in (duplicates, copies):
        found = torch.tensor(values)
        error = float(found.std()) / math.sqrt(len(found))
        assert error < 0.002
        # The quantile of n distances is itself biased by up to 1/n.
        assert float(found.mean()) == pytest.approx(0.01, abs=4 * error + 1 / n)


def test_real_samples_are_rarely_called_copies() -> None:
    # Each with its own reference: both the rate and its null are of finitely many samples.
    n, chances = 300, []
    for i in range(100):
        train, real, fake = (normal(n, 3, 3 * i + j) for j in range(3))
        copies = round(n * copy_rate(originals(train, real), fake))
        duplicates = round(n * scores(real, fake).near_duplicates)
        chances += [
            chance_of_rate(copies, n, 0.01, rate_error(n)),
            chance_of_rate(duplicates // 2, n // 2, 0.01, rate_error(n, together=2)),
        ]
    assert sum(chance < 0.05 for chance in chances) <= 16  # of 200; P(17 or more) is 0.02
    assert sum(chance < 0.01 for chance in chances) <= 5
    assert min(chances) > 1e-4


def test_coverage_null_in_closed_form() -> None:
    assert coverage_null(10, 10, k=1) == pytest.approx(1 - 9 / 19)
    assert coverage_null(10**7, 10**7) == pytest.approx(1 - 2**-5)
    assert normalised_coverage(coverage_null(50, 70), 50, 70) == pytest.approx(1)
    assert normalised_coverage(1.0, 50, 70) == 1
    assert normalised_coverage(0.0, 50, 70) == 0


def test_total_collapse_stays_finite() -> None:
    real = normal(60)
    for point in (real[7], real.mean(0), torch.full((8,), 1e6)):
        found = scores(real, point.expand(60, 8))
        assert found.recall <= 1 / 60  # a real sample that is the very point is inside
        assert found.near_duplicates == 1
        assert found.precision in (0, 1)
        assert 0 <= found.coverage < 1


def test_constant_real_samples_give_a_defined_result() -> None:
    real = torch.full((20, 3), 0.1)
    same, other = scores(real, real), scores(real, normal(20, 3).float())
    # Balls of radius zero: they hold what equals them where ties count, and nothing elsewhere.
    assert (same.precision, same.recall, same.density, same.coverage) == (1, 1, 0, 0)
    assert (other.precision, other.density, other.coverage) == (0, 0, 0)
    assert same.near_duplicates == 1
    assert other.near_duplicates == 0


def test_near_duplicates_compare_equally_many_samples() -> None:
    real, fake = normal(200), normal(120, seed=1)
    assert scores(real, fake).near_duplicates == scores(real[:120], fake).near_duplicates
    assert scores(real[:90], fake).near_duplicates == scores(real[:90], fake[:90]).near_duplicates


def test_copies_are_near_train_whatever_else() -> None:
    train, heldout = normal(200), normal(200, seed=1)
    reference = originals(train, heldout)
    assert copy_rate(reference, train[:50]) == 1
    assert copy_rate(reference, train[:1]) == 1
    assert copy_rate(reference, train + 100) == 0
    half = torch.cat([train[:30], normal(30, seed=2) + 9])
    assert copy_rate(reference, half) == 0.5
    # The threshold is zero where held-out samples repeat training samples, and copies still count.
    repeated = originals(train, train)
    assert repeated.threshold == pytest.approx(0, abs=1e-12)
    assert copy_rate(repeated, train) == 1


def test_refuses_too_few_and_unlike_samples() -> None:
    real = real_neighbours(normal(20))
    with pytest.raises(ValueError, match=r"real features: 5 samples.* at least 6"):
        real_neighbours(normal(5))
    with pytest.raises(ValueError, match=r"fake features: 3 samples.* at least 4"):
        neighbour_scores(real, normal(3))
    with pytest.raises(ValueError, match=r"8 real features against 2"):
        neighbour_scores(real, normal(20, 2))
    with pytest.raises(ValueError, match=r"fresh real features: 0 samples"):
        originals(normal(20), normal(0))
    with pytest.raises(ValueError, match=r"4 samples have no 4-th nearest"):
        nearest_others(Points.of(normal(4)), 4)
    with pytest.raises(NonFiniteSamples, match=r"20 of 20"):
        neighbour_scores(real, normal(20) / 0)
    with pytest.raises(NonFiniteSamples, match=r"fake features"):
        copy_rate(originals(normal(20), normal(20)), normal(20) / 0)
