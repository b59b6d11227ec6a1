"""Loudness: a closed form, and the failures that it is there for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from ganbench_plugins.scores.sound import loudness, root_mean_square


def clips(levels: Tensor, samples: int = 64) -> Tensor:
    """(N, 1, samples) of square waves: their root mean square is their level."""
    signs = torch.tensor([1.0, -1.0]).repeat(samples // 2)
    return (levels[:, None, None] * signs).round().short()


def measured(real: Tensor, fakes: Tensor) -> Any:
    (found,) = loudness(SimpleNamespace(real=real, fakes=fakes, split="heldout"))  # type: ignore[arg-type]
    return found


REAL = clips(torch.linspace(1000, 20_000, 1001))


def test_the_level_of_a_square_wave_is_its_height() -> None:
    found = root_mean_square(clips(torch.tensor([8192.0, 16_384.0, -32_768.0])))
    assert found.tolist() == [0.25, 0.5, 1.0]


def test_real_sounds_against_themselves() -> None:
    found = measured(REAL, REAL)
    assert found.value == found.null == pytest.approx(0.98, abs=0.002)


@pytest.mark.parametrize("level", [0.0, 1.0, 32_767.0])
def test_silence_and_clipping_are_never_as_loud(level: float) -> None:
    assert measured(REAL, clips(torch.full((50,), level))).value == 0


def test_shares() -> None:
    fakes = clips(torch.tensor([0.0, 5000.0, 10_000.0, 32_767.0]))
    assert measured(REAL, fakes).value == 0.5
