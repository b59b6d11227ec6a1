"""TVAE's decoder: its density is that of the rows that it draws."""

from __future__ import annotations

import math

import pytest
import torch
from torch.distributions import Categorical as Law
from torch.distributions import Normal

from ganbench import Categorical, DataInfo, Numeric, encode
from ganbench.modalities import modality_of
from ganbench_plugins.networks.tvae import Decoder, build

SCHEMA = (
    Numeric(name="x", low=-9, high=9, modes=((-2, 1), (2, 1))),
    Categorical(name="colour", categories=("red", "green", "blue")),
)
INFO = DataInfo(name="table", modality="tabular", shape=(6,), schema=SCHEMA)


def decoder() -> Decoder:
    torch.manual_seed(1)
    return Decoder(SCHEMA, latent=4, width=8).requires_grad_(False)


def test_the_surprise_is_that_of_torchs_laws() -> None:
    model, code = decoder(), torch.randn(3, 4)
    rows = encode(torch.tensor([[-2.5, 0], [3, 2], [1, 1]]), INFO)
    raw = model.layers(code)
    expected = -Normal(raw[:, 0].tanh(), model.deviations[0]).log_prob(rows[:, 0])
    for block in (slice(1, 3), slice(3, 6)):
        expected = expected - Law(logits=raw[:, block]).log_prob(rows[:, block].argmax(dim=1))
    torch.testing.assert_close(model.surprise(rows, code), expected)


def test_rows_are_drawn_from_those_laws() -> None:
    model, count = decoder(), 20_000
    random = torch.Generator().manual_seed(0)
    code = torch.randn(1, 4).expand(count, 4)
    noise = torch.randn(count, 6, generator=random)
    uniform = torch.rand(count, 6, generator=random) * 2 - 1
    with torch.no_grad():
        rows = model(torch.cat([code, noise, uniform], dim=1))
        raw = model.layers(code[:1])[0]
    assert modality_of(INFO).range_fault(rows, INFO) == ""
    assert float(rows[:, 0].mean()) == pytest.approx(float(raw[0].tanh()), abs=0.01)
    assert float(rows[:, 0].std()) == pytest.approx(float(model.deviations[0]), rel=0.05)
    shares = torch.bincount(rows[:, 3:].argmax(dim=1), minlength=3) / count
    torch.testing.assert_close(shares, raw[3:].softmax(dim=0), atol=0.015, rtol=0)


def test_deviations_start_at_a_tenth_and_stay_in_bounds() -> None:
    model = decoder()
    torch.testing.assert_close(model.deviations, torch.full((6,), 0.1))
    model.spread.data[:] = torch.tensor([-99.0, 99, 0, 1, 2, 3])
    assert float(model.deviations.min()) == pytest.approx(0.01)
    assert float(model.deviations.max()) == pytest.approx(1.0)


def test_it_has_no_discriminator_and_an_encoder_that_learns_with_it() -> None:
    networks = build(INFO, width=8, latent=4)
    assert networks.control
    assert networks.extras["encoder"].side == "generator"
    assert networks.extras["encoder"].module(torch.zeros(2, 6)).shape == (2, 8)
    assert math.prod(networks.generator(torch.zeros(2, 16)).shape) == 12
