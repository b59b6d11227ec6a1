"""Simultaneous updates: both players step from where both were, by one batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import Networks, Optimiser, Step, Training
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.recipe import SIDES
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from .small import CPU, image, networks_of, random_data, small_networks, small_trainer


class NonSaturating:
    def discriminator_loss(self, step: Step) -> Tensor:
        return F.softplus(-step.real_logits).mean() + F.softplus(step.fake_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        return F.softplus(-step.fake_logits).mean()


def run(trainer: Trainer, steps: int, folder: Path) -> BudgetClock:
    clock = BudgetClock(Budget("steps", steps), CPU, marks=4)
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), lambda: None)
    return clock


def weights(module: nn.Module) -> list[Tensor]:
    return [one.detach().clone() for one in module.parameters()]


def same(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(one, two) for one, two in zip(ours, theirs, strict=True))


def batch_norm_networks() -> Networks:
    torch.manual_seed(0)
    return networks_of("dcgan+non-saturating[model.width=8]", image(8))


@pytest.mark.parametrize("updates", ["simultaneous", "alternating"])
@pytest.mark.parametrize("networks_of_kind", [small_networks, batch_norm_networks])
def test_steps_by_hand_give_the_same_bits(
    networks_of_kind: Any, updates: str, tmp_path: Path
) -> None:
    """Both gradients of one batch, then both optimisers; or one player after the other."""
    pixels = networks_of_kind is batch_norm_networks
    data = random_data(image(8)) if pixels else None
    trainer = small_trainer(NonSaturating(), networks_of_kind(), data, updates=updates)
    twin = small_trainer(NonSaturating(), networks_of_kind(), data)
    G, D, size = twin.networks.generator, twin.networks.discriminator, 16
    g_adam, d_adam = (torch.optim.Adam(one.parameters(), lr=1e-3, fused=True) for one in (G, D))
    start = weights(G)
    both = updates == "simultaneous"
    for _ in range(12):
        with torch.set_grad_enabled(both):
            fake = G(twin.latents.draw(size))
        real, _ = twin.real.draw(size)
        real_logits, fake_logits = D(real).view(-1), D(fake).view(-1)
        d_loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
        d_gradients = torch.autograd.grad(d_loss, list(D.parameters()), retain_graph=both)
        for parameter, gradient in zip(D.parameters(), d_gradients, strict=True):
            parameter.grad = gradient
        if not both:
            d_adam.step()
            fake_logits = D(G(twin.latents.draw(size))).view(-1)
        g_loss = F.softplus(-fake_logits).mean()
        g_gradients = torch.autograd.grad(g_loss, list(G.parameters()))
        for parameter, gradient in zip(G.parameters(), g_gradients, strict=True):
            parameter.grad = gradient
        if both:
            d_adam.step()
        g_adam.step()
    run(trainer, 12, tmp_path)
    assert not same(start, weights(G))
    for ours, theirs in ((trainer.networks.generator, G), (trainer.networks.discriminator, D)):
        for (name, one), two in zip(
            ours.state_dict().items(), theirs.state_dict().values(), strict=True
        ):
            assert torch.equal(one, two), name


def test_the_discriminator_changes_with_the_generator_and_not_before() -> None:
    trainer = small_trainer(NonSaturating(), updates="simultaneous")
    generator, discriminator = trainer.networks.generator, trainer.networks.discriminator
    before = weights(discriminator), weights(generator)
    eager = Eager(trainer)
    eager.discriminator_step()
    assert same(before[0], weights(discriminator))
    gradients = [one.grad.clone() for one in discriminator.parameters()]
    eager.generator_step()
    assert not same(before[0], weights(discriminator))
    assert not same(before[1], weights(generator))
    assert same(gradients, [one.grad for one in discriminator.parameters()])


class Clipping(NonSaturating):
    """Weights within .01 after each step, and as many critic steps as one says."""

    def __init__(self, critic_steps: int = 1) -> None:
        self.asked = critic_steps
        self.clipped = 0

    def critic_steps(self, generator_step: int) -> int:
        return self.asked

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        self.clipped += 1
        for parameter in discriminator.parameters():
            parameter.clamp_(-0.01, 0.01)


def test_what_follows_a_discriminator_step_follows_the_change_of_its_weights(
    tmp_path: Path,
) -> None:
    loss = Clipping()
    trainer = small_trainer(loss, updates="simultaneous")
    eager = Eager(trainer)
    eager.discriminator_step()
    assert loss.clipped == 0
    eager.generator_step()
    assert loss.clipped == 1
    run(trainer, 5, tmp_path)
    assert loss.clipped == 6
    largest = max(float(one.abs().max()) for one in weights(trainer.networks.discriminator))
    assert largest == pytest.approx(0.01)


def test_a_generator_step_costs_less_than_an_alternating_one(tmp_path: Path) -> None:
    """The fakes and their logits are there."""
    clocks, flops = [], []
    for updates in ("simultaneous", "alternating"):
        folder = tmp_path / updates
        folder.mkdir()
        trainer = small_trainer(NonSaturating(), updates=updates)
        clocks.append(run(trainer, 5, folder))
        flops.append([trainer.costs.known(side)[1] for side in SIDES])
    assert flops[0][0] == flops[1][0]  # of the discriminator: the fakes are made for it
    forward = sum(
        2 * one.weight.numel()
        for side in SIDES
        for one in getattr(small_networks(), side).modules()
        if isinstance(one, nn.Linear)
    )
    assert flops[0][1] == flops[1][1] - 16 * forward > 0
    assert clocks[0].images == clocks[1].images


def test_extra_modules_of_the_discriminator_step_with_it() -> None:
    class WithHead(NonSaturating):
        def discriminator_loss(self, step: Step) -> Tensor:
            return super().discriminator_loss(step) + step.extra["head"](step.real).square().mean()

    head, plain = nn.Linear(2, 1), small_networks()
    networks = Networks(
        generator=plain.generator,
        discriminator=plain.discriminator,
        latent=plain.latent,
        extra={"head": (head, "discriminator")},
    )
    trainer = small_trainer(WithHead(), networks, needs=["head"], updates="simultaneous")
    before, eager = weights(head), Eager(trainer)
    eager.discriminator_step()
    assert same(before, weights(head))
    eager.generator_step()
    assert not same(before, weights(head))


def test_several_critic_steps_of_a_recipe_are_refused() -> None:
    adam = Optimiser(lr=1e-3)
    with pytest.raises(
        UsageError, match="exactly one critic step to each generator step, not 5 to every 1"
    ) as caught:
        Training(generator=adam, discriminator=adam, critic_steps=5, updates="simultaneous")
    assert caught.value.hint == "set critic_steps=1 and critic_every=1, or updates=alternating"


def test_several_critic_steps_of_a_loss_are_refused(tmp_path: Path) -> None:
    trainer = small_trainer(Clipping(critic_steps=2), updates="simultaneous")
    with pytest.raises(PluginNotUsable, match="asks for 2 critic steps: simultaneous updates"):
        run(trainer, 5, tmp_path)
    alternating = small_trainer(Clipping(critic_steps=2))
    assert run(alternating, 5, tmp_path).images == 5 * 2 * 16


def test_another_batch_for_the_generator_is_refused() -> None:
    adam = Optimiser(lr=1e-3)
    with pytest.raises(UsageError, match="the generator has 8 fakes where the discriminator has 4"):
        Training(
            generator=adam,
            discriminator=adam,
            batch_size=4,
            generator_batch_size=8,
            updates="simultaneous",
        )


class Pairs(NonSaturating):
    """Relativistic: it remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[Tensor, Tensor]] = []

    def discriminator_loss(self, step: Step) -> Tensor:
        self.seen.append((step.real, step.fake))
        return F.softplus(step.fake_logits - step.real_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        self.seen.append((step.real, step.fake))
        return F.softplus(step.real_logits - step.fake_logits).mean()


def test_both_losses_are_of_the_same_samples() -> None:
    loss = Pairs()
    trainer = small_trainer(loss, needs=["real"], updates="simultaneous")
    Eager(trainer).step(0, 0.0)
    (real, fake), (again, once_more) = loss.seen
    assert again is real
    assert once_more is fake


def test_a_generators_loss_has_no_real_samples_that_its_spec_does_not_name() -> None:
    trainer = small_trainer(Pairs(), updates="simultaneous")
    with pytest.raises(PluginNotUsable, match="real"):
        Eager(trainer).step(0, 0.0)


class Steep(NonSaturating):
    """Both losses ask for slopes at the same fakes."""

    def discriminator_loss(self, step: Step) -> Tensor:
        return super().discriminator_loss(step) + step.fake_slopes.square().mean()

    def generator_loss(self, step: Step) -> Tensor:
        return super().generator_loss(step) + step.fake_slopes.square().mean()


def test_slopes_that_both_need_are_differentiated_twice() -> None:
    trainer = small_trainer(Steep(), needs=["fake_slopes"], updates="simultaneous")
    twin = small_trainer(Steep(), needs=["fake_slopes"], updates="simultaneous")
    step = twin.draw("discriminator", graph=True)
    wanted = {
        side: torch.autograd.grad(twin.loss(side, step), twin.trained[side], retain_graph=True)
        for side in SIDES
    }
    Eager(trainer).step(0, 0.0)
    for side in SIDES:
        found = [one.grad for one in trainer.trained[side]]
        assert same(list(wanted[side]), found), side
