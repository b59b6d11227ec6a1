"""What a step offers: to whom, computed once, and one row for each judgement."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import PluginNotUsable, Wrapped
from ganbench.training.objective import Part
from ganbench.training.step import Batch, TrainingStep

LABELS = torch.tensor([0, 1, 2, 0, 1, 2])


class Counted(nn.Module):
    """tanh features, a linear head, and how often it was asked."""

    def __init__(self, inputs: int = 2) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Linear(inputs, 3)
        self.head = nn.Linear(3, 1)
        self.calls = 0

    def forward(self, samples: Tensor) -> Tensor:
        self.calls += 1
        logits: Tensor = self.head(self.body(samples).tanh())
        return logits


class Pairs(Wrapped):
    def shown(self, samples: Tensor) -> Tensor:
        return samples.reshape(len(samples) // 2, -1)


class ByClass(nn.Module):
    """x . (1, class): its slope is (1, class)."""

    def forward(self, samples: Tensor, classes: Tensor) -> Tensor:
        return samples[:, 0] + classes * samples[:, 1]


def batch(**changes: Any) -> Batch:
    random = torch.Generator().manual_seed(1)
    real, fake, latent = torch.randn(3, 6, 2, generator=random)
    parts = {"latent": latent, "fake": fake, "real": real.requires_grad_(), **changes}
    return Batch(**parts)


def step_of(discriminator: nn.Module, of: Batch | None = None, **options: Any) -> TrainingStep:
    return TrainingStep(nn.Identity(), discriminator, {}, of or batch(), **options)


def test_what_is_computed_is_computed_once() -> None:
    judge = Counted()
    step = step_of(judge, wants_features=True)
    for _ in range(2):
        _ = step.real_logits, step.fake_logits, step.real_features, step.fake_features
        _ = step.real_slopes
    assert judge.calls == 2
    _ = step.interpolated_slopes, step.interpolated_slopes
    assert judge.calls == 3
    assert step.real_slopes is step.real_slopes


def test_one_row_for_each_judgement() -> None:
    step = step_of(Pairs(Counted(4), 2), wants_features=True)
    assert step.real_logits.shape == step.fake_logits.shape == (3,)
    assert step.real_features.shape == step.fake_features.shape == (3, 3)
    assert step.real_slopes.shape == step.interpolated_slopes.shape == (3, 4)


def test_features_are_what_the_last_layer_sees() -> None:
    judge = Counted()
    step = step_of(judge, wants_features=True)
    torch.testing.assert_close(step.real_features, judge.body(step.real).tanh())
    torch.testing.assert_close(judge.head(step.fake_features).view(-1), step.fake_logits)
    images = step_of(
        nn.Sequential(nn.Unflatten(1, (2, 1, 1)), nn.Flatten(start_dim=0)),
        wants_features=True,
    )
    with pytest.raises(PluginNotUsable, match=r"must return logits \(6,\)"):
        _ = images.real_features


def test_slopes_by_hand() -> None:
    judge = Counted()
    step = step_of(judge)

    def slope(samples: Tensor) -> Tensor:
        hidden = judge.body(samples).tanh()
        return (judge.head.weight * (1 - hidden.square())) @ judge.body.weight

    torch.testing.assert_close(step.real_slopes, slope(step.real))
    own = torch.randn(6, 2)
    torch.testing.assert_close(step.slopes(own), slope(own))
    assert not own.requires_grad
    (through,) = torch.autograd.grad(step.real_slopes.square().sum(), judge.body.weight)
    assert through.any()


def test_a_mix_lies_between_its_two_samples() -> None:
    seen: list[Tensor] = []
    judge = Counted()
    judge.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    step = step_of(judge)
    _ = step.interpolated_slopes
    share = (seen[0] - step.fake) / (step.real.detach() - step.fake)
    torch.testing.assert_close(share[:, 0], share[:, 1])
    assert ((share > 0) & (share < 1)).all()
    assert len(share[:, 0].round(decimals=4).unique()) == 6


def test_classes_go_to_the_discriminator_and_losses_need_not_know() -> None:
    of = batch(labels=LABELS, fake_labels=LABELS.flip(0))
    step = step_of(ByClass(), of, conditional=True)
    real, fake = step.real, step.fake
    torch.testing.assert_close(step.real_logits, real[:, 0] + LABELS * real[:, 1])
    torch.testing.assert_close(step.fake_logits, fake[:, 0] + LABELS.flip(0) * fake[:, 1])
    torch.testing.assert_close(step.discriminator(fake), step.fake_logits)
    torch.testing.assert_close(step.real_slopes[:, 1], LABELS.float())
    torch.testing.assert_close(step.slopes(fake)[:, 1], LABELS.flip(0).float())


def test_another_discriminator_judges_the_same_samples() -> None:
    step = step_of(Counted())
    other = step.judged_by(nn.Linear(2, 1))
    assert torch.equal(other.real, step.real)
    assert torch.equal(other.fake, step.fake)
    assert not torch.equal(other.fake_logits, step.fake_logits)
    other.log("seen", 1.0)
    assert (step.logged, other.logged) == ({}, {"seen": 1.0})
    assert (step.supposed, other.supposed) == (False, True)


def test_slopes_before_weights_that_came_of_the_samples_are_those_of_the_weights() -> None:
    """The discriminator's one weight is a function of the real samples; the slope is the weight."""
    step = step_of(Counted())
    learnt = step.real.square().mean(dim=0)

    class Learnt(nn.Module):
        def forward(self, samples: Tensor) -> Tensor:
            return samples @ learnt

    slopes = step.judged_by(Learnt()).real_slopes
    torch.testing.assert_close(slopes, learnt.expand(6, 2))
    (through,) = torch.autograd.grad(slopes.sum(), step.real)
    torch.testing.assert_close(through, 2 * step.real.detach())


NEEDS = {
    "labels": lambda step: step.labels,
    "real_slopes": lambda step: step.real_slopes,
    "fake_slopes": lambda step: step.fake_slopes,
    "interpolated_slopes": lambda step: step.interpolated_slopes,
    "slopes": lambda step: step.slopes(step.fake),
    "features": lambda step: step.fake_features,
}


@pytest.mark.parametrize("need", NEEDS)
def test_what_a_spec_does_not_name_is_refused(need: str) -> None:
    fake = torch.randn(6, 2, requires_grad=True)
    of = batch(labels=LABELS, fake=fake)
    step = step_of(Counted(), of, wants_features=True)
    step.asks = Part("mine", object(), frozenset(), "technique")
    with pytest.raises(PluginNotUsable) as caught:
        NEEDS[need](step)
    assert caught.value.message == f"mine uses step.{need}, and its spec does not say so"
    assert caught.value.hint == f'add "{need}" to its needs'
    step.asks = Part("mine", object(), frozenset({need}), "technique")
    NEEDS[need](step)
    assert step.asks.used == {need}


def test_real_samples_are_a_need_of_generator_steps_alone() -> None:
    asks = Part("mine", object(), frozenset())
    step = step_of(Counted())
    step.asks = asks
    assert len(step.real) == len(step.real_logits) == 6
    step = step_of(Counted(), role="generator")
    step.asks = asks
    for ask in (lambda: step.real, lambda: step.real_logits):
        with pytest.raises(
            PluginNotUsable, match=r"real in the generator's step, and its"
        ) as caught:
            ask()
        assert "have changed places" in str(caught.value.hint)


def test_what_is_not_there_is_said() -> None:
    step = step_of(Counted(), batch(real=None))
    with pytest.raises(PluginNotUsable, match="there are no real samples in this step"):
        _ = step.real
    with pytest.raises(PluginNotUsable, match=r"no real samples .* to interpolate with"):
        _ = step.interpolated_slopes
    with pytest.raises(PluginNotUsable, match="there are no classes of fakes"):
        _ = step.fake_labels


def test_telemetry_takes_what_is_there_and_asks_for_nothing() -> None:
    judge = Counted()
    step = step_of(judge)
    assert all(math.isnan(one) for one in step.mean_logits())
    real = step.real_logits
    means = step.mean_logits()
    assert judge.calls == 1
    assert torch.equal(means[0], real.mean())
    assert math.isnan(means[1])


def test_numbers_are_logged_without_their_graph() -> None:
    step = step_of(Counted())
    step.log("logit", step.real_logits.mean())
    step.log("number", 2)
    logit = step.logged["logit"]
    assert isinstance(logit, Tensor)
    assert not logit.requires_grad
    assert step.logged["number"] == 2.0


def test_what_is_logged_is_one_number() -> None:
    step = step_of(Counted())
    step.log("one", torch.ones(1, 1))
    with pytest.raises(PluginNotUsable, match=r"logs 'all': it must be one number, it is a tensor"):
        step.log("all", step.fake_logits)
