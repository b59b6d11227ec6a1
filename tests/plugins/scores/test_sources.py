"""Shares of sources: by hand, of perfect and of blending generators."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganbench import Data, DataInfo, Measurement
from ganbench.api.errors import UsageError
from ganbench.scoring.evaluation import RealSide, Snapshot
from ganbench_plugins.extractors.raw import build as raw
from ganbench_plugins.scores.kernels import distances
from ganbench_plugins.scores.sources import assigned, limit, sources

CPU = torch.device("cpu")
N = 200
CENTRES = (0.0, 10.0)


def drawn(counts: tuple[int, int], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    parts = [
        torch.randn(count, 2, generator=generator) * 0.5 + centre
        for count, centre in zip(counts, CENTRES, strict=True)
    ]
    return torch.cat(parts)


def measured(fakes: Tensor, labels: Tensor | None = None) -> dict[str, Measurement]:
    if labels is None:
        labels = torch.arange(2).repeat_interleave(N)
    data = Data(
        info=DataInfo(name="a|b", modality="points", shape=(2,), classes=2),
        train=drawn((N, N), 1).flip(0),  # in another order: no score may take its labels
        heldout=drawn((N, N), 2),
        train_labels=labels.flip(0),
        heldout_labels=labels,
    )
    side = RealSide(data, "heldout", CPU, lambda name: raw(data, CPU))
    found = sources(Snapshot(side, fakes), extractor="raw")
    return {one.key.split("/")[0]: one for one in found}


def test_a_perfect_generator() -> None:
    found = measured(drawn((N, N), 3))
    assert found["share_of_0"].value == pytest.approx(0.5, abs=0.02)
    assert found["share_of_0"].null == 0.5
    assert found["neither"].value < 0.03
    for one in range(2):
        assert found[f"coverage_of_{one}"].value == pytest.approx(
            found[f"coverage_of_{one}"].null, abs=0.08
        )


def test_a_forgotten_source() -> None:
    found = measured(drawn((2 * N, 0), 3))
    assert found["share_of_0"].value > 0.97
    assert found["share_of_1"].value == 0
    assert found["coverage_of_1"].value == 0
    assert found["coverage_of_0"].value > 0.9


def test_a_blend_is_of_neither() -> None:
    found = measured(drawn((N, 0), 3) + 5.0)
    assert found["neither"].value == 1
    assert found["share_of_0"].value == found["share_of_1"].value == 0


def test_by_hand() -> None:
    line = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    assert limit(line).item() == pytest.approx(1.0)
    of_source = [line, line + 10]
    limits = torch.tensor([1.0, 1.0])
    fakes = torch.tensor([[-0.5], [3.9], [4.1], [9.5], [20.0]])
    assert assigned(of_source, limits, fakes).tolist() == [0, 0, 2, 1, 2]


def test_needs_sources() -> None:
    with pytest.raises(UsageError, match="needs two real samples of each source"):
        measured(drawn((N, N), 3), torch.zeros(2 * N, dtype=torch.int64))


def test_no_matrix_of_all_pairs_is_ever_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def product(one: Tensor, other: Tensor) -> Tensor:
        sizes.append(len(one) * other.shape[1])
        return one @ other

    many, few = drawn((distances.TILE + 50, 0), 1), drawn((distances.TILE + 10, 0), 2)
    monkeypatch.setattr(distances, "product", product)
    bound = limit(many)
    assert assigned([many], bound[None], few).sum() < 0.03 * len(few)
    assert max(sizes) <= distances.TILE**2
