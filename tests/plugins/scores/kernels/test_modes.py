from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ganbench.api.scores import NonFiniteSamples
from ganbench_plugins.scores.kernels.modes import (
    class_modes,
    grid_centres,
    high_quality_floor,
    histogram_floors,
    known_modes,
    reverse_kl_floor,
    ring_centres,
    tv_floor,
)

RING, RING_SIGMA = ring_centres(), 0.01
GRID, GRID_SIGMA = grid_centres(), 0.05


def draw(centres: Tensor, sigma: float, n: int = 2500, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    modes = torch.randint(len(centres), (n,), generator=generator)
    noise = torch.randn(n, centres.shape[1], generator=generator, dtype=torch.float64)
    return centres[modes] + sigma * noise


def test_ring_and_grid_have_all_their_modes() -> None:
    assert RING.shape == (8, 2)
    torch.testing.assert_close(RING.norm(dim=1), torch.ones(8).double())
    gaps = torch.cdist(RING, RING).fill_diagonal_(9)
    torch.testing.assert_close(gaps.amin(1), torch.full((8,), 2 * math.sin(math.pi / 8)).double())
    corners = {(float(x), float(y)) for x, y in GRID}
    assert corners == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize(
    ("centres", "sigma"), [(RING, RING_SIGMA), (GRID, GRID_SIGMA)], ids=["ring", "grid"]
)
def test_a_perfect_generator_is_at_the_floors_by_simulation(centres: Tensor, sigma: float) -> None:
    panels = [known_modes(draw(centres, sigma, seed=i), centres, sigma) for i in range(300)]
    k, n = len(centres), 2500
    assert all(panel["modes"] == panel["modes10"] == k for panel in panels)
    quality = high_quality_floor(2)
    for key, expected in (
        ("high_quality", quality),
        ("reverse_kl", reverse_kl_floor(k, round(quality * n))),
        ("tv", tv_floor(k, round(quality * n))),
    ):
        found = torch.tensor([panel[key] for panel in panels])
        margin = 4 * float(found.std()) / math.sqrt(300) + 0.01 * expected * (key != "high_quality")
        assert float(found.mean()) == pytest.approx(expected, abs=margin), key


def test_the_floor_of_quality() -> None:
    assert high_quality_floor(2) == pytest.approx(1 - math.exp(-4.5))
    assert high_quality_floor(1) == pytest.approx(math.erf(3 / math.sqrt(2)))


def test_collapse_onto_one_mode() -> None:
    panel = known_modes(RING[2:3].expand(100, 2), RING, RING_SIGMA)
    assert panel == pytest.approx(
        {"modes": 1, "modes10": 1, "high_quality": 1, "reverse_kl": math.log(8), "tv": 7 / 8}
    )


def test_no_sample_of_high_quality() -> None:
    panel = known_modes(torch.zeros(100, 2), RING, RING_SIGMA)
    assert panel == pytest.approx(
        {"modes": 0, "modes10": 0, "high_quality": 0, "reverse_kl": math.log(8), "tv": 7 / 8}
    )


def test_half_of_the_modes_dropped() -> None:
    panel = known_modes(draw(RING[::2], RING_SIGMA), RING, RING_SIGMA)
    assert panel["modes"] == panel["modes10"] == 4
    assert panel["reverse_kl"] == pytest.approx(math.log(2), abs=0.01)
    assert panel["tv"] == pytest.approx(0.5, abs=0.001)


def test_a_mode_counts_from_one_sample_and_in_modes10_from_a_tenth_of_its_share() -> None:
    # 800 samples on 8 modes: a fair share of 100, so 10 samples count and 9 do not.
    counts = torch.tensor([772, 10, 9, 9, 0, 0, 0, 0])
    panel = known_modes(RING.repeat_interleave(counts, dim=0), RING, RING_SIGMA)
    assert (panel["modes"], panel["modes10"]) == (4, 2)
    shares = counts[:4] / 800
    assert panel["reverse_kl"] == pytest.approx(float((shares * (8 * shares).log()).sum()))


def test_quality_ends_at_three_sigma() -> None:
    centre = torch.zeros(1, 2, dtype=torch.float64)
    samples = torch.tensor([[2.999, 0], [0, -2.999], [3.0, 0], [2.2, 2.2]], dtype=torch.float64)
    assert known_modes(samples, centre, 1.0)["high_quality"] == 0.5


def test_modes_far_from_the_origin_lose_no_precision() -> None:
    samples = draw(RING, 1e-6)
    near, far = known_modes(samples, RING, 1e-6), known_modes(samples + 100, RING + 100, 1e-6)
    assert near == pytest.approx(far)
    assert near["high_quality"] > 0.98


def test_classes_as_modes() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30 + [2] * 20)
    assert class_modes(labels, torch.tensor([5, 3, 2]))["tv"] == pytest.approx(0)
    panel = class_modes(labels, torch.tensor([100, 100, 100, 100]))  # counts do as well
    assert panel["modes"] == 3
    assert panel["high_quality"] == 1
    assert panel["tv"] == pytest.approx(0.3)
    p = torch.tensor([0.5, 0.3, 0.2])
    assert panel["reverse_kl"] == pytest.approx(float((p * (4 * p).log()).sum()))


def test_the_floor_of_a_thousand_classes_by_simulation() -> None:
    # The stacked-digits protocol: 26,000 samples on 1,000 modes.
    generator = torch.Generator().manual_seed(0)
    found = [
        class_modes(torch.randint(1000, (26_000,), generator=generator), torch.ones(1000))
        for _ in range(20)
    ]
    mean = sum(panel["reverse_kl"] for panel in found) / 20
    assert reverse_kl_floor(1000, 26_000) == pytest.approx(0.0192, abs=5e-5)
    assert mean == pytest.approx(0.0194, abs=0.0003)  # the next order of the expansion adds 1 %
    assert all(panel["modes"] == 1000 for panel in found)


def test_refuses_what_has_no_panel() -> None:
    with pytest.raises(NonFiniteSamples, match="samples: 1 of 3"):
        known_modes(torch.tensor([[0, 0], [math.nan, 0], [0, 0]]), RING, RING_SIGMA)
    with pytest.raises(ValueError, match="samples: 0 samples"):
        known_modes(torch.empty(0, 2), RING, RING_SIGMA)
    with pytest.raises(ValueError, match="2 real features against 3"):
        known_modes(torch.zeros(4, 3), RING, RING_SIGMA)
    with pytest.raises(ValueError, match="sigma"):
        known_modes(torch.zeros(4, 2), RING, 0.0)
    with pytest.raises(ValueError, match="integers from 0 to 2"):
        class_modes(torch.tensor([0, 3]), torch.ones(3))
    with pytest.raises(ValueError, match="integers from 0 to 2"):
        class_modes(torch.tensor([], dtype=torch.int64), torch.ones(3))
    with pytest.raises(ValueError, match="empty classes"):
        class_modes(torch.tensor([0, 1]), torch.tensor([1.0, 0.0]))


def test_floors_of_two_histograms_by_simulation() -> None:
    generator = torch.Generator().manual_seed(5)
    shares = torch.tensor([0.3, 0.25, 0.2, 0.1, 0.1, 0.05], dtype=torch.float64)
    n_fake, n_real, repeats = 2000, 1000, 300

    def labels(n: int) -> Tensor:
        return torch.multinomial(shares, n, replacement=True, generator=generator)

    panels = [
        class_modes(labels(n_fake), torch.bincount(labels(n_real), minlength=6))
        for _ in range(repeats)
    ]
    kl, tv = histogram_floors(shares, n_fake, n_real)
    assert sum(one["reverse_kl"] for one in panels) / repeats == pytest.approx(kl, rel=0.15)
    assert sum(one["tv"] for one in panels) / repeats == pytest.approx(tv, rel=0.06)
