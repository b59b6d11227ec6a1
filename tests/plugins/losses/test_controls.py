"""Maximum likelihood learns the law of the data, whatever the lengths of its texts."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from torch import Tensor, nn

from ganbench import Step
from ganbench_plugins.losses.controls import MaxLikelihood
from ganbench_plugins.networks.char_lstm import CharLSTM
from ganbench_plugins.networks.ngram import one_hot

LENGTH, END = 8, 2


class _Step:
    """As much of a step as the loss looks at."""

    def __init__(self, generator: nn.Module, real: Tensor) -> None:
        self.generator, self.real = generator, real
        self.logged: dict[str, Tensor] = {}

    def log(self, name: str, value: Tensor) -> None:
        self.logged[name] = value


def _loss(generator: nn.Module, real: Tensor) -> Tensor:
    return MaxLikelihood().generator_loss(cast("Step", _Step(generator, real)))


def test_short_texts_and_long_ones_are_learnt_as_often_as_they_come() -> None:
    """a and bbbbbbb, half each: by means over their own tokens .8 of all texts would be an a."""
    torch.manual_seed(0)
    short, long = torch.full((LENGTH,), END), torch.full((LENGTH,), END)
    short[0], long[: LENGTH - 1] = 0, 1
    real = one_hot(torch.stack([short, long]), END + 1)
    lstm = CharLSTM(LENGTH, END + 1, END, 16)
    optimiser = torch.optim.Adam(lstm.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        _loss(lstm, real).backward()
        optimiser.step()
    with torch.no_grad():
        latent = torch.rand(2_000, LENGTH, generator=torch.Generator().manual_seed(0)) * 2 - 1
        first = lstm(latent)[:, 0].mean(dim=0)
    assert first.tolist() == pytest.approx([0.5, 0.5, 0.0], abs=0.05)


def test_the_scale_is_that_of_a_place_of_the_longest_text() -> None:
    """Of even laws the logarithm of the vocabulary's size, whatever the length."""
    lstm = CharLSTM(LENGTH, END + 1, None, 8)
    nn.init.zeros_(lstm.leave.weight)
    nn.init.zeros_(lstm.leave.bias)
    texts = one_hot(torch.randint(END + 1, (4, LENGTH)), END + 1)
    assert _loss(lstm, texts).item() == pytest.approx(torch.tensor(END + 1.0).log().item())
