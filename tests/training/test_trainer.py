"""A training as techniques see it: batches, losses, gradients, updates and rules."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from ganbench import Latent, Networks, Optimiser, PluginNotUsable, Step
from ganbench.training.objective import Part
from ganbench.training.trainer import Trainer

from .small import points, random_data, small_networks, small_trainer, variant_trainer
from .test_loop import Wasserstein

SGD = Optimiser(name="sgd", lr=0.5)


class Hooks:
    """Acts wherever a technique may, and keeps the order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def before_update(self, game: Any, side: str) -> None:
        largest = max(float(one.grad.abs().max()) for one in game.parameters(side))
        self.seen.append(f"before {side} {'clipped' if largest < 1e-3 else 'whole'}")

    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        self.seen.append("after discriminator")


def with_needs(*needs: str, loss: Any = None, **training: Any) -> Trainer:
    return small_trainer(loss or Wasserstein(), needs=needs, **training)


# Batches.


def test_fakes_of_a_discriminator_step_have_a_graph_if_that_is_wanted() -> None:
    trainer = with_needs()
    assert not trainer.draw("discriminator").fake.requires_grad
    assert trainer.draw("discriminator", graph=True).fake.grad_fn is not None
    assert trainer.draw("generator").fake.grad_fn is not None


def test_real_samples_and_slopes_are_prepared_for_those_who_need_them() -> None:
    trainer = with_needs("real", "real_slopes", "fake_slopes")
    step = trainer.draw("discriminator")
    assert step.real.requires_grad
    assert step.fake.requires_grad
    assert step.fake.is_leaf
    assert step.real_slopes.shape == step.fake_slopes.shape == (16, 2)
    plain = with_needs().draw("discriminator")
    assert not plain.real.requires_grad
    assert not plain.fake.requires_grad
    assert trainer.draw("generator").real is not None
    with pytest.raises(PluginNotUsable, match="there are no real samples in this step"):
        _ = with_needs().draw("generator").real


def test_a_step_knows_when_it_is() -> None:
    trainer = with_needs()
    trainer.number, trainer.fraction = 7, 0.25
    step = trainer.draw("generator")
    assert (step.number, step.progress, step.role) == (7, 0.25, "generator")


@pytest.mark.parametrize("graph", [True, False])
def test_real_samples_of_discriminator_steps_are_counted(graph: bool) -> None:
    trainer = with_needs("real", generator_batch_size=5)
    trainer.draw("discriminator", graph=graph)
    trainer.draw("generator")
    assert trainer.drawn == 16


def test_a_generator_that_makes_something_else_is_named() -> None:
    networks = small_networks()
    networks = Networks(
        generator=nn.Linear(2, 3), discriminator=networks.discriminator, latent=Latent(size=2)
    )
    with pytest.raises(PluginNotUsable, match=r"must return samples \(16, 2\), it returned .*3\)"):
        small_trainer(Wasserstein(), networks).draw("generator")


# Losses and gradients.


def test_losses_are_kept_for_the_history_and_what_might_be_is_not() -> None:
    trainer = with_needs()
    step = trainer.draw("discriminator")
    loss = trainer.loss("discriminator", step)
    assert trainer.last["discriminator"] == (step, loss)
    other = step.judged_by(nn.Linear(2, 1))
    trainer.loss("discriminator", other)
    assert trainer.last["discriminator"] == (step, loss)


class Remembering(Wasserstein, nn.Module):
    mean: Tensor

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.register_buffer("mean", torch.zeros(()))
        self.calls = [0]

    def discriminator_loss(self, step: Step) -> Tensor:
        self.mean.lerp_(step.real_logits.detach().mean(), 0.5)
        self.calls.append(len(self.calls))
        return super().discriminator_loss(step) * (1 + self.mean)


def test_what_might_be_is_not_remembered() -> None:
    loss = Remembering()
    trainer = small_trainer(loss)
    step = trainer.draw("discriminator")
    trainer.loss("discriminator", step)
    mean, calls = loss.mean.clone(), list(loss.calls)
    supposed = [trainer.loss("discriminator", step.judged_by(nn.Linear(2, 1))) for _ in range(3)]
    assert torch.equal(loss.mean, mean)
    assert loss.calls == calls == [0, 1]
    sum(supposed).backward()  # type: ignore[union-attr]  # nothing of their graphs was overwritten


def test_gradients_are_fresh_and_of_one_side() -> None:
    trainer = with_needs()
    for _ in range(2):
        trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    gradients = torch.autograd.grad(
        Wasserstein().discriminator_loss(step.judged_by(trainer.networks.discriminator)),
        trainer.trained["discriminator"],
    )
    for one, gradient in zip(trainer.trained["discriminator"], gradients, strict=True):
        torch.testing.assert_close(one.grad, gradient)
    assert all(one.grad is None for one in trainer.trained["generator"])
    assert loss.numel() == 1


def test_a_batch_can_be_given() -> None:
    trainer = with_needs()
    step = trainer.draw("generator")
    trainer.differentiate("generator", step)
    assert trainer.last["generator"][0] is step


class Opponent:
    """Plays an older discriminator."""

    def __init__(self, other: nn.Module) -> None:
        self.other = other

    def opponent(self, game: Any, step: Step) -> nn.Module:
        step.log("asked", 1.0)
        return self.other


def test_the_generator_plays_against_the_opponent() -> None:
    other = nn.Linear(2, 1).requires_grad_(False)
    part = Part("older", Opponent(other), kind="technique")
    trainer = small_trainer(Wasserstein(), techniques=[part])
    trainer.differentiate("generator")
    step, loss = trainer.last["generator"]
    assert loss.item() == pytest.approx(-other(step.fake).mean().item())
    assert step.logged == {"asked": 1.0}
    trainer.differentiate("discriminator")
    step, loss = trainer.last["discriminator"]
    D = trainer.networks.discriminator
    expected = D(step.fake).mean() - D(step.real).mean()
    assert loss.item() == pytest.approx(expected.item())


def test_an_opponent_that_is_none_is_its_techniques_fault() -> None:
    part = Part("older", Opponent(cast("Any", None)), kind="technique")
    trainer = small_trainer(Wasserstein(), techniques=[part])
    with pytest.raises(PluginNotUsable, match="opponent of technique older must return a module"):
        trainer.differentiate("generator")


# Updates.


def test_gradients_are_seen_whole_then_clipped_then_applied() -> None:
    hooks = Hooks()
    clipped = Optimiser(name="sgd", lr=0.5, clip_norm=1e-4)
    trainer = small_trainer(
        Wasserstein(), techniques=[Part("h", hooks, kind="technique")],
        generator=clipped, discriminator=clipped,
    )  # fmt: skip
    for side in ("discriminator", "generator"):
        before = [one.detach().clone() for one in trainer.trained[side]]
        trainer.differentiate(side)
        trainer.update(side)
        moved = torch.stack([
            (one.detach() - two).square().sum()
            for one, two in zip(trainer.trained[side], before, strict=True)
        ]).sum().sqrt()  # fmt: skip
        assert moved.item() == pytest.approx(0.5 * 1e-4, rel=1e-2)
    assert hooks.seen == ["before discriminator whole", "after discriminator",
                          "before generator whole"]  # fmt: skip


def test_a_rule_goes_where_an_update_goes() -> None:
    trainer = with_needs(discriminator=Optimiser(name="sgd", lr=0.5, momentum=0.9, clip_norm=0.01))
    for _ in range(2):
        trainer.differentiate("discriminator")
        trainer.update("discriminator")
    trainer.differentiate("discriminator")
    own = trainer.parameters("discriminator")
    ahead = trainer.rule("discriminator")(own, [one.grad for one in own])
    trainer.update("discriminator")
    for one, other in zip(ahead, own, strict=True):
        torch.testing.assert_close(one, other)


def test_rates_follow_the_schedule_for_all_optimisers() -> None:
    trainer = with_needs(generator=SGD, schedule="linear")
    trainer.fraction = 0.75
    trainer.anneal()
    rates = [one.param_groups[0]["lr"] for one in trainer.optimisers.values()]
    assert rates == pytest.approx([0.25e-3, 0.125])


def test_a_side_without_parameters_is_refused() -> None:
    networks = small_networks()
    networks.discriminator.requires_grad_(False)
    with pytest.raises(PluginNotUsable, match="the discriminator has no parameter that can be"):
        small_trainer(Wasserstein(), networks)


def test_an_extra_module_with_an_optimiser_needs_something_to_train() -> None:
    networks = small_networks()
    networks = Networks(
        generator=networks.generator,
        discriminator=networks.discriminator,
        latent=networks.latent,
        extra={"frozen": (nn.Linear(2, 2).requires_grad_(False), "generator", SGD)},  # type: ignore[dict-item]
    )
    with pytest.raises(PluginNotUsable, match="the extra frozen has no parameter"):
        small_trainer(Wasserstein(), networks)


# What is evaluated.


def test_logits_are_the_discriminators_in_eval_mode_in_any_number() -> None:
    networks = small_networks()
    layers = [nn.Linear(2, 4), nn.Dropout(), nn.BatchNorm1d(4), nn.Linear(4, 1)]
    networks = Networks(
        generator=networks.generator,
        discriminator=nn.Sequential(*layers),
        latent=networks.latent,
    )
    trainer = small_trainer(Wasserstein(), networks, random_data(points()))
    samples = torch.randn(700, 2)
    with torch.no_grad():
        expected = networks.discriminator.eval()(samples).view(-1)
    networks.discriminator.train()
    torch.testing.assert_close(trainer.logits(samples), expected)
    assert networks.discriminator.training


def test_samples_that_fill_no_pack_have_no_logit() -> None:
    trainer = variant_trainer("vanilla+pac:3", random_data(points()))
    samples = torch.randn(701, 2)
    torch.testing.assert_close(trainer.logits(samples), trainer.logits(samples[:699]))
    assert len(trainer.logits(samples)) == 233
