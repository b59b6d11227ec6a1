"""The term against numbers worked out by hand."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from ganbench import Step
from torch import nn

from __MODULE__ import (
    Orthogonal,
    overlap,
)


def test_by_hand() -> None:
    weight = torch.tensor([[1.0, 2.0], [3.0, 4.0], [0.0, 5.0]])
    assert overlap(weight).item() == 2 * (11**2 + 10**2 + 20**2)


@pytest.mark.parametrize("shape", [(6, 6), (3, 2, 3, 1)], ids=str)
def test_orthogonal_filters_of_any_length_are_left_alone(shape: tuple[int, ...]) -> None:
    weight = 7 * torch.nn.init.orthogonal_(torch.empty(shape))
    assert overlap(weight).item() == pytest.approx(0, abs=1e-5)


def test_all_weights_count_and_no_bias() -> None:
    generator = nn.Sequential(nn.Linear(2, 2), nn.Conv1d(2, 2, 3))
    for parameter in generator.parameters():
        nn.init.ones_(parameter)
    logged: dict[str, torch.Tensor] = {}
    step = SimpleNamespace(generator=generator, fake=torch.zeros(1), log=logged.__setitem__)
    term = Orthogonal(beta=0.5).generator_loss(cast("Step", step))
    term.backward()  # type: ignore[no-untyped-call]
    assert logged["overlap"].item() == 2 * 2**2 + 2 * 6**2
    assert term.item() == logged["overlap"].item() / 2
    for parameter in generator.parameters():
        assert (parameter.grad is not None) == (parameter.dim() > 1)
