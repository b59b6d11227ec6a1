from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from ganbench import DataInfo, Vocabulary
from ganbench_plugins.networks.char_conv import Block, Critic, GumbelSoftmax, Logits, build
from ganbench_plugins.networks.char_lstm import CharLSTM
from ganbench_plugins.networks.ngram import one_hot
from ganbench_plugins.techniques.gumbel_temperature import GumbelTemperature

LENGTH, TOKENS, END = 6, 4, 3
INFO = DataInfo(
    name="t",
    modality="text",
    shape=(32, 39),
    vocabulary=Vocabulary(tokens=("", *map(chr, range(97, 97 + 38)))),
)


def test_sizes_of_the_published_networks() -> None:
    """Width 512 on 32 places: 5 blocks of two convolutions over five of 512 channels."""
    networks = build(INFO, width=512)
    blocks = 5 * 2 * (512 * 512 * 5 + 512)
    generator = (128 * 512 * 32 + 512 * 32) + blocks + (512 * 39 + 39)
    critic = (39 * 512 + 512) + blocks + (512 * 32 + 1)
    for network, size in ((networks.generator, generator), (networks.discriminator, critic)):
        assert sum(one.numel() for one in network.parameters()) == size


def test_blocks_start_as_the_authors_do() -> None:
    """Their conv1d: uniform with a variance of 4 / (fan in + fan out), their linear 2 / ...; by
    these f(x) has about the variance of x, which torch's own weights make a fortieth of."""
    torch.manual_seed(0)
    networks = build(INFO, width=64)
    for side in (networks.generator, networks.discriminator):
        layers = [one for one in side.modules() if isinstance(one, nn.Conv1d | nn.Linear)]
        assert len(layers) == 12
        for layer in layers:
            fans = sum(layer.weight.shape[:2]) * layer.weight[0, 0].numel()
            variance = (4 if isinstance(layer, nn.Conv1d) else 2) / fans
            assert layer.weight.var().item() == pytest.approx(variance, rel=0.1)
            assert layer.weight.abs().max().item() <= math.sqrt(3 * variance)
            assert layer.bias is not None
            assert not layer.bias.any()
    block = next(one for one in networks.discriminator.modules() if isinstance(one, Block))
    x = torch.randn(16, 64, 32)
    assert block.layers(x).std().item() == pytest.approx(1, rel=0.2)


def test_the_shortcut_is_the_input_itself() -> None:
    """A ReLU in place would change it."""
    block, x = Block(8), torch.randn(2, 8, LENGTH)
    kept = x.clone()
    residual = block.layers(x)
    assert torch.equal(x, kept)
    assert torch.allclose(block(x), kept + 0.3 * residual)


def test_the_critic_judges_each_text_alone() -> None:
    critic, samples = Critic(LENGTH, TOKENS, 8, 2), torch.rand(5, LENGTH, TOKENS)
    assert torch.allclose(critic(samples)[:2], critic(samples[:2]), atol=1e-6)


def test_gumbel_softmax_draws_from_the_softmax_at_any_temperature() -> None:
    torch.manual_seed(0)
    generator = GumbelSoftmax(Logits(LENGTH, TOKENS, 8, 1))
    code = torch.randn(1, 128).repeat(20_000, 1)
    noise = torch.rand(20_000, LENGTH * TOKENS) * 2 - 1
    latent = torch.cat([code, noise], dim=1)
    law = generator.logits(code[:1]).softmax(dim=-1)[0]
    with torch.no_grad():
        for temperature in (1.0, 0.1):
            generator.anneal(temperature)
            shares = generator(latent)
            assert torch.allclose(shares.sum(dim=-1), torch.ones(()), atol=1e-4)
            drawn = one_hot(shares.argmax(dim=-1), TOKENS).mean(dim=0)
            assert torch.allclose(drawn, law, atol=0.015)


def test_the_temperature_falls_by_the_fraction_of_the_budget() -> None:
    class Game:
        progress = 0.0

        class networks:  # noqa: N801
            generator = GumbelSoftmax(Logits(LENGTH, TOKENS, 4, 1))

    technique, game, seen = GumbelTemperature(start=1.0, end=0.25), Game(), []
    for game.progress in (0.0, 0.5, 1.0):
        act: Any = technique.before_step
        act(game)
        seen.append(game.networks.generator.temperature)
    assert seen == pytest.approx([1.0, 0.5, 0.25])


@pytest.fixture
def lstm() -> CharLSTM:
    torch.manual_seed(0)
    return CharLSTM(LENGTH, TOKENS, END, 16)


def test_the_lstm_is_torchs() -> None:
    """The same weights in `nn.LSTM` give the same logits."""
    torch.manual_seed(0)
    own, theirs = CharLSTM(LENGTH, TOKENS, END, 16), torch.nn.LSTM(16, 16, batch_first=True)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(_reordered(own.enter.weight))
        theirs.bias_ih_l0.copy_(_reordered(own.enter.bias))
        theirs.weight_hh_l0.copy_(_reordered(own.recur.weight))
        theirs.bias_hh_l0.zero_()
        tokens = torch.randint(TOKENS, (3, LENGTH))
        before = torch.cat([torch.full((3, 1), END), tokens[:, :-1]], dim=1)
        expected = own.leave(theirs(own.embed(before))[0])
        assert torch.allclose(own._logits(tokens), expected, atol=1e-5)


def _reordered(gates: torch.Tensor) -> torch.Tensor:
    """From enter, keep, leave, new to torch's order: enter, keep, new, leave."""
    enter, keep, leave, new = gates.chunk(4)
    return torch.cat([enter, keep, new, leave])


def test_likelihoods_of_all_texts_add_up_to_1() -> None:
    torch.manual_seed(0)
    lstm = CharLSTM(3, 3, 2, 8)
    every = [
        row
        for row in torch.cartesian_prod(*[torch.arange(3)] * 3).tolist()
        if 2 not in row or {*row[row.index(2) :]} == {2}
    ]
    texts = torch.tensor(every)
    total = lstm.log_likelihood(one_hot(texts, 3)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-5)


def test_what_stands_behind_the_end_is_not_learnt(lstm: CharLSTM) -> None:
    text = torch.tensor([[0, 1, END, END, END, END]])
    loss = lstm.log_likelihood(one_hot(text, TOKENS)).sum()
    logits = lstm._logits(text).log_softmax(dim=-1)[0]
    by_hand = logits[0, 0] + logits[1, 1] + logits[2, END]
    assert loss.item() == pytest.approx(by_hand.item(), abs=1e-6)


def test_samples_have_the_law_that_it_tells(lstm: CharLSTM) -> None:
    latent = torch.rand(8_000, LENGTH, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        drawn = lstm(latent).argmax(dim=-1)
        law = lstm._logits(drawn[:1]).softmax(dim=-1)[0, 0]
    first = torch.bincount(drawn[:, 0], minlength=TOKENS) / len(drawn)
    assert torch.allclose(first, law, atol=0.02)
    ended = (drawn == END).cumsum(dim=1) > 0
    assert bool((drawn[ended] == END).all())
