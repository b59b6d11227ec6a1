"""What the cache of the real side saves: to compute against to read, in processor time.

Reading counts in full: hashing the inputs, finding the file, verifying it. `-s` prints the numbers
that stand in `ganbench/scoring/realcache.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo
from ganbench.scoring.columns import FeatureColumn
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench.scoring.realcache import Origin, RealCache
from ganbench.storage.tensorcache import TensorCache
from ganbench_plugins.scores.kernels.caching import Cached, number
from ganbench_plugins.scores.kernels.diversity import real_bins, real_diversity
from ganbench_plugins.scores.kernels.frechet import frechet_distance, gaussian_statistics
from ganbench_plugins.scores.kernels.mmd import real_kernel
from ganbench_plugins.scores.kernels.neighbours import (
    K_COVERAGE,
    neighbour_scores,
    originals,
    real_neighbours,
)

from .kept import Ratios
from .race import race, seconds

pytestmark = [pytest.mark.perf, pytest.mark.usefixtures("one_thread")]

CPU = torch.device("cpu")
LARGE, SMALL = (10_000, 2048), (1_000, 64)


def features_of(shape: tuple[int, int]) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).abs()


def real_cache() -> RealCache:
    origin = Origin(name="identity", parameters={}, distribution="d", version="1", source="")
    return RealCache(lambda name: origin, CPU, TensorCache(remark=pytest.fail))


class Identity:
    """An extractor of samples that are features already."""

    id, layer = "identity@0", "input"

    def __call__(self, samples: Tensor) -> Tensor:
        return samples


def over_halves(features: Tensor, cache: RealCache, compare: Callable[[Tensor, Tensor], float]):
    info = DataInfo(name="features", modality="points", shape=tuple(features.shape[1:]))
    data = Data(info=info, train=features[:2], heldout=features)
    side = RealSide(data, "heldout", CPU, lambda name: Identity(), cache)
    column = FeatureColumn(Snapshot(side, features), "identity")
    return column.between_halves("fd", compare, least=K_COVERAGE + 1)


def between(one: Tensor, other: Tensor) -> float:
    return frechet_distance(gaussian_statistics(one), other)


def precision(one: Tensor, other: Tensor) -> float:
    return neighbour_scores(real_neighbours(one), other).precision


def through(function: Callable[[Tensor, Cached], object]) -> Callable[[Tensor, RealCache], object]:
    return lambda features, cache: function(features, cache.cached)


WORK: dict[str, Callable[[Tensor, RealCache], object]] = {
    "Gaussian statistics": through(gaussian_statistics),
    "floor of FD": lambda x, cache: over_halves(x, cache, between),
    "nulls of precision": lambda x, cache: over_halves(x, cache, precision),
    "neighbours": through(real_neighbours),
    "kernel": through(real_kernel),
    "Vendi": through(real_diversity),
    "near train": through(lambda x, cached: originals(x, x, cached)),
    "bins": through(lambda x, cached: real_bins(x, x, cached)),
}


@pytest.mark.parametrize("what", WORK)
@pytest.mark.parametrize("shape", [LARGE, SMALL], ids=str)
def test_reading_beats_computing(
    benchmark,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    what: str,
    shape: tuple[int, int],
    ratios: Ratios,
) -> None:
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    features, cache = features_of(shape), real_cache()
    computing = seconds(lambda: WORK[what](features, cache))
    kept = sum(file.stat().st_size for file in tmp_path.rglob("*.safetensors"))

    reading: list[float] = []
    read = partial(WORK[what], features, cache)
    benchmark.pedantic(lambda: reading.append(seconds(read)), rounds=3)
    again = min(reading)
    size = f"{kept / 1e6:.2f} MB kept" if kept else "not kept"
    print(f"\n{what} of {shape}: {computing:.3f} s, then {again:.3f} s; {size}")
    if shape == LARGE:
        assert kept
        ratios.compare(f"reading against computing: {what}", computing / again)


def test_what_is_not_kept_costs_little(
    benchmark, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ratios: Ratios
) -> None:
    """Hardly more than to hash the features, which says that they are the same."""
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    features, cache = features_of(SMALL), real_cache()
    cache.cached("zero", [features], lambda: number(0.0))

    def ours() -> None:
        for _ in range(100):
            cache.cached("zero", [features], lambda: number(0.0))

    def hashing() -> None:
        for _ in range(100):
            sha256(features.numpy().data)

    ratio = race(benchmark, ours, hashing, 20)
    assert not list(tmp_path.rglob("*.safetensors"))
    ratios.compare("what is not kept against hashing", ratio)
