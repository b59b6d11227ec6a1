"""Whatever the data: every built-in score has finite numbers, or says why it has none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from ganbench import Data, DataInfo, KnownModes, Measurement, UsageError
from ganbench.api.specs import import_builder
from ganbench.scoring.evaluation import RealSide, Snapshot, measure
from ganbench_plugins.scores.kernels.frechet import gaussian_statistics
from ganbench_plugins.scores.kernels.neighbours import coverage_null
from ganbench_plugins.scores.kernels.validation import centre_of
from ganbench_plugins.scores.specs import ganbench_scores

N = 24
SPECS = {spec.name: spec for spec in ganbench_scores()}
SETTINGS: Mapping[str, Mapping[str, object]] = {"ndb": {"bins": 3}, "w2": {"samples": N}}


class Halves:
    """A classifier: the samples themselves, and the sign of their first coordinate."""

    id, layer, classes, channels = "halves@12345678", "input", 2, 1

    def __call__(self, samples: Tensor) -> Tensor:
        return samples.flatten(1).float()

    def classify(self, features: Tensor) -> Tensor:
        return (features[:, 0] > 0).long()


def random(seed: int) -> Tensor:
    return torch.randn(N, 2, generator=torch.Generator().manual_seed(seed))


KINDS: dict[str, Callable[[], Tensor]] = {
    "zeros": lambda: torch.zeros(N, 2),
    "constant": lambda: torch.full((N, 2), 0.1),
    "huge constant": lambda: torch.full((N, 2), 3e30),
    "one constant coordinate": lambda: torch.stack([torch.full((N,), 0.1), random(0)[:, 0]], 1),
    "two points": lambda: torch.tensor([[0.1, 0.2], [-0.3, 0.7]]).repeat(N // 2, 1),
    "one point aside": lambda: torch.cat([torch.full((N - 1, 2), 0.1), torch.ones(1, 2)]),
    "duplicated": lambda: random(1)[: N // 8].repeat(8, 1),
    "line": lambda: random(2)[:, :1].expand(N, 2).contiguous(),
    "denormal": lambda: random(3) * 1e-40,
    "usual": lambda: random(4),
}


def side_of(real: Tensor) -> RealSide:
    """With a split of its own to compare with, which is the training one."""
    info = DataInfo(name="mine", modality="points", shape=(real.shape[1],))
    modes = KnownModes(centres=real[:2], sigma=0.1)
    data = Data(info=info, train=real, heldout=real.clone(), modes=modes)
    return RealSide(data, "heldout", torch.device("cpu"), lambda text: Halves())


def scored(name: str, real: Tensor | RealSide, fakes: Tensor) -> list[Measurement]:
    """What a score says."""
    side, spec = side_of(real) if isinstance(real, Tensor) else real, SPECS[name]
    own = {key: one.default for key, one in spec.parameters.items()} | dict(SETTINGS.get(name, {}))
    snapshot = Snapshot(side, fakes, logits=lambda samples, labels: samples.flatten(1).sum(1))
    return measure(snapshot, [(import_builder(spec.compute), own)])[0]


def defined(name: str, real: Tensor | RealSide, fakes: Tensor) -> None:
    """Either finite numbers in their ranges, or a reason with what to do about it."""
    refused = None
    try:
        measured = scored(name, real, fakes)
    except UsageError as error:
        measured, refused = [], error
    assert measured or (refused and refused.message and refused.hint)
    for one in measured:
        numbers = (one.value, one.null, one.floor, one.measured_floor, one.cap)
        assert all(number is None or math.isfinite(number) for number in numbers), one
        slack = 1e-9 * max(1.0, abs(one.value))
        assert one.lowest is None or one.value >= one.lowest - slack, one
        assert one.highest is None or one.value <= one.highest + slack, one


@pytest.mark.parametrize("real", KINDS)
@pytest.mark.parametrize("name", SPECS)
def test_degenerate_data_have_a_value_or_a_reason(name: str, real: str) -> None:
    side = side_of(KINDS[real]())
    for fakes in KINDS.values():
        defined(name, side, fakes())


@settings(max_examples=30)
@pytest.mark.parametrize("name", SPECS)
@given(data=st.data())
def test_any_few_distinct_samples_have_a_value_or_a_reason(name: str, data: st.DataObject) -> None:
    """Few points, each as often as it happens to be drawn: ties, copies, constant coordinates."""
    coordinates = st.sampled_from([0.0, 0.1, -0.1, 1.0, 1e-30, 1e18])
    known = torch.from_numpy(data.draw(arrays(np.float32, (4, 2), elements=coordinates)))
    places = st.lists(st.integers(0, 3), min_size=N, max_size=N)
    real, fakes = (known[data.draw(places)] for _ in range(2))
    defined(name, real, fakes)


@pytest.mark.parametrize("name", ["fd", "w2", "sliced-w2", "kid"])
def test_distances_of_constant_data_are_those_of_points(name: str) -> None:
    constant, apart = torch.full((N, 2), 0.1), torch.full((N, 2), 0.1) + torch.tensor([3.0, 4.0])
    (same,) = scored(name, constant, constant)
    (other,) = scored(name, constant, apart)
    assert same.value == pytest.approx(0, abs=1e-12)
    assert (same.floor or 0, same.cap or 0) == (0, 0)  # exactly: no rounding error is a scale
    if name in ("fd", "w2"):
        assert other.value == pytest.approx(25, rel=1e-5)


def test_data_without_variance_have_no_principal_axes() -> None:
    values = torch.full((1_000, 5), 0.1, dtype=torch.float64)
    assert not torch.equal(values.mean(dim=0), values[0])  # a sum is rounded
    assert torch.equal(centre_of(values), values[0])
    statistics = gaussian_statistics(values)
    assert (statistics.trace, len(statistics.root)) == (0.0, 0)


def test_neighbours_of_data_that_repeat_have_the_nulls_of_their_law() -> None:
    """Half of the real samples are one point: no ball about it, and a perfect generator repeats."""
    n = 400
    law = torch.randn(2 * n, 2, generator=torch.Generator().manual_seed(0))
    real, fakes = law[:n], law[n:].clone()
    real[::2] = fakes[::2] = 0.0
    found = {one.label: one for one in scored("prdc", real, fakes)}
    density, coverage, copies = (found[x] for x in ("density", "coverage", "near duplicates"))
    assert density.null == copies.null == 0.5
    assert coverage.null == pytest.approx(0.5 * coverage_null(n, n))
    assert copies.value == pytest.approx(0.5, abs=0.02)
    assert density.value == pytest.approx(0.5, abs=0.2)
    assert found["cov norm"].value == pytest.approx(1, abs=0.1)


def test_a_score_of_neighbours_refuses_data_without_any() -> None:
    two = KINDS["two points"]()
    with pytest.raises(UsageError, match="each of the 24 real samples has 5 exact copies") as error:
        scored("prdc", two, two)
    assert error.value.hint == "look at the data, or leave the score out"


@pytest.mark.parametrize(("different", "hint"), [(2, "ndb[bins=2]"), (1, "leave the score ndb")])
def test_fewer_distinct_samples_than_cells_are_counted(different: int, hint: str) -> None:
    real = random(0)[:different].repeat(N // different, 1)
    with pytest.raises(UsageError, match=f"24 training samples fill {different} of 3") as error:
        scored("ndb", real, real)
    assert hint in str(error.value.hint)


def test_the_only_class_with_samples_is_told() -> None:
    real = random(0).abs()
    with pytest.raises(UsageError, match="sees no real sample of class 0"):
        scored("classes", real, real)
