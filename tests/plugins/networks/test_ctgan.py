"""CTGAN's networks and loss: what rows are asked for, and the traps of the published code."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from ganbench import Categorical, DataInfo, Networks, Numeric, Step, decode, encode
from ganbench.modalities import modality_of
from ganbench_plugins.networks.ctgan import Conditions, build, row_weights
from ganbench_plugins.networks.rows import drawn_rows
from ganbench_plugins.techniques.packing import Packing
from ganbench_plugins.variants.ctgan import ConditionalWasserstein

COUNTS = ((700, 250, 50), (10, 990))
SCHEMA = (
    Numeric(name="x", low=-9, high=9, modes=((-2, 1), (2, 1))),
    Categorical(name="colour", categories=("red", "green", "blue"), counts=COUNTS[0]),
    Numeric(name="y", low=0, high=1),
    Categorical(name="answer", categories=("yes", "no"), counts=COUNTS[1]),
)
INFO = DataInfo(name="table", modality="tabular", shape=(9,), schema=SCHEMA)
LATENT = 5


def networks(**own: int) -> Networks:
    torch.manual_seed(0)
    return build(INFO, **{"width": 16, "latent": LATENT} | own)


def latents(count: int, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    uniform = torch.rand(count, 1 + INFO.features, generator=random) * 2 - 1
    return torch.cat([torch.randn(count, LATENT, generator=random), uniform], dim=1)


def conditions(networks: Networks) -> Conditions:
    return cast("Conditions", networks.extras["conditions"].module)


def asked_shares(module: Conditions) -> Tensor:
    """Of every condition, over an even grid of what chooses."""
    grid = torch.zeros(20_000, LATENT + 1)
    grid[:, LATENT] = (torch.arange(20_000) + 0.5) / 10_000 - 1
    return module.asked(grid).mean(dim=0)


def test_rows_that_are_sampled_have_categories_by_their_true_frequencies() -> None:
    """The published code samples by those of training, which flatten every column."""
    module = conditions(networks()).eval()
    truth = torch.cat([torch.tensor(each) / 1000 / 2 for each in COUNTS])
    torch.testing.assert_close(asked_shares(module), truth, atol=1e-3, rtol=0)


def test_rows_of_training_have_them_by_the_logarithm_of_their_frequency() -> None:
    module = conditions(networks()).train()
    logs = [torch.tensor(each).float().log1p() for each in COUNTS]
    truth = torch.cat([each / each.sum() / 2 for each in logs])
    torch.testing.assert_close(asked_shares(module), truth, atol=1e-3, rtol=0)
    flattened = asked_shares(module) - asked_shares(module.eval())
    assert float(flattened.abs().max()) > 0.1  # the two laws are worth telling apart


def test_a_row_does_not_depend_on_those_beside_it_where_it_is_evaluated() -> None:
    """The published generator stays in train mode: batch norm mixes rows."""
    generator = networks().generator
    z = latents(64)
    for _ in range(3):
        generator(z)  # running statistics of its own
    generator.eval()
    torch.testing.assert_close(generator(z)[:5], generator(z[:5]))
    torch.testing.assert_close(generator(z)[:5], generator(torch.cat([z[:5], latents(20, 7)]))[:5])
    generator.train()
    assert not torch.allclose(generator(z)[:5], generator(z[:5]))


def test_every_category_of_every_column_has_a_place_of_its_own() -> None:
    """The published code has no offset: a category of a later column marks one of the first."""
    module = conditions(networks())
    assert len(module) == 5
    place = 0
    for column, one in enumerate(SCHEMA):
        if not isinstance(one, Categorical):
            continue
        for category in range(len(one.categories)):
            row = torch.zeros(1, len(SCHEMA))
            row[0, column] = category
            had = module.shares(encode(row, INFO))[0]
            assert had[place] == 1
            assert had.sum() == 2  # one of each column
            place += 1


def test_real_rows_come_with_conditions_by_training_by_sampling() -> None:
    """Column, category, row, in that order: against what is drawn as row and then category."""
    random = torch.Generator().manual_seed(3)
    colours = torch.repeat_interleave(torch.arange(3), torch.tensor(COUNTS[0]))
    answers = torch.repeat_interleave(torch.arange(2), torch.tensor(COUNTS[1]))
    rows = torch.zeros(1000, 4)
    rows[:, 1], rows[:, 3] = colours, answers[torch.randperm(1000, generator=random)]
    expected = torch.zeros(1000, 5, dtype=torch.float64)  # (row, condition)
    for offset, column, counts in ((0, 1, COUNTS[0]), (3, 3, COUNTS[1])):
        logs = torch.tensor(counts, dtype=torch.float64).log1p()
        for category, share in enumerate(logs / logs.sum()):
            mask = rows[:, column] == category
            expected[mask, offset + category] = share / 2 / mask.sum()
    weights = row_weights(rows, SCHEMA)
    torch.testing.assert_close(weights / weights.sum(), expected.sum(dim=1))
    module = conditions(networks())
    torch.manual_seed(0)
    seen = encode(rows, INFO)
    drawn = torch.stack([module.given(seen) for _ in range(400)]).mean(dim=0)
    truth = (expected / expected.sum(dim=1, keepdim=True)).float()
    assert float((drawn - truth).abs().max()) < 5 * 0.5 / 400**0.5
    assert not drawn[truth == 0].any()  # nothing that the row has not


def test_rows_are_in_range_in_both_modes() -> None:
    generator = networks().generator
    for mode in (True, False):
        generator.train(mode)
        rows = generator(latents(50)).detach()
        assert modality_of(INFO).range_fault(rows, INFO) == ""
        modality_of(INFO).check("rows", decode(rows.detach(), INFO), INFO)


def test_a_generator_is_a_function_of_its_latent() -> None:
    generator = networks().generator.eval()
    assert torch.equal(generator(latents(9)), generator(latents(9)))


def test_categories_are_drawn_by_the_shares_of_their_logits() -> None:
    """Gumbel's maximum: the likeliest after the noise is a draw."""
    logits = torch.tensor([0.5, -0.7, 1.3])
    count = 40_000
    uniform = torch.rand(count, 3, generator=torch.Generator().manual_seed(1)) * 2 - 1
    rows = drawn_rows(logits.expand(count, 3), torch.zeros(count, 3), uniform, [(3, False)])
    found = torch.bincount(rows.argmax(dim=1), minlength=3) / count
    torch.testing.assert_close(found, logits.softmax(dim=0), atol=0.01, rtol=0)
    assert float(rows.max(dim=1).values.mean()) > 0.8  # .2 is cold


class Linear(nn.Module):
    """(J, 4 F) and (4 J, C) to (J, 1), with slopes that are known."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = weights

    def forward(self, packs: Tensor, asked: Tensor) -> Tensor:
        joined = torch.cat([packs, asked.reshape(len(packs), -1)], dim=1)
        return (joined @ self.weights)[:, None]


def packed(weights: Tensor) -> nn.Module:
    """As technique `pac` shows it rows, four at a time."""
    return Packing(4).networks(replace(networks(), discriminator=Linear(weights))).discriminator


def test_the_penalty_is_one_norm_for_each_pack_of_rows_and_conditions() -> None:
    module = conditions(networks())
    weights = torch.randn(4 * (INFO.features + 5), generator=torch.Generator().manual_seed(2))
    judge = packed(weights)
    stored = torch.tensor([[0.5, 1, 0.2, 0], [-1, 0, 0.9, 1], [2, 2, 0.1, 1], [3, 0, 0.4, 1]])
    real = encode(stored.repeat(2, 1), INFO)
    fake = networks().generator(latents(8)).detach()
    step: Any = SimpleNamespace(
        real=real, fake=fake, latent=latents(8), discriminator=judge, extra={"conditions": module}
    )
    with_penalty, without = (
        float(seeded(ConditionalWasserstein(penalty), cast("Step", step))) for penalty in (10.0, 0)
    )
    expected = 10 * (float(weights.norm()) - 1) ** 2
    assert with_penalty - without == pytest.approx(expected, rel=1e-4)


def seeded(loss: ConditionalWasserstein, step: Step) -> Tensor:
    torch.manual_seed(5)
    return loss.discriminator_loss(step)


def test_the_generator_pays_for_another_category_than_it_was_asked_for() -> None:
    module = conditions(networks())
    latent = latents(40)
    asked = module.asked(latent)
    fake = torch.zeros(40, INFO.features)
    fake[:, module.features] = 0.2 + 0.6 * asked
    judge = packed(torch.zeros(4 * (INFO.features + 5)))
    step: Any = SimpleNamespace(
        fake=fake, latent=latent, discriminator=judge, extra={"conditions": module}
    )
    loss = ConditionalWasserstein().generator_loss(step)
    assert float(loss) == pytest.approx(-torch.tensor(0.8).log().item(), rel=1e-5)


def test_a_table_without_categories_has_no_conditions() -> None:
    info = DataInfo(
        name="numbers", modality="tabular", shape=(2,),
        schema=tuple(Numeric(name=name, low=0, high=1) for name in "ab"),
    )  # fmt: skip
    built = build(info, width=8, latent=3)
    z = torch.cat([torch.randn(6, 3), torch.rand(6, 3) * 2 - 1], dim=1)
    rows = built.generator(z)
    assert rows.shape == (6, 2)
    assert built.discriminator(rows).shape == (6, 1)
    assert row_weights(torch.zeros(4, 2), info.schema or ()).tolist() == [1] * 4
