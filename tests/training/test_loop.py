"""The loop: what one step does and leaves alone, and twenty steps against a loop by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import Data, DataInfo, Networks, Optimiser, Step
from ganbench.planning.budget import Budget
from ganbench.training.clock import BudgetClock
from ganbench.training.loop import Eager, train
from ganbench.training.seeds import seed_everything, stream_seed
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from .small import (
    CPU,
    VARIANTS,
    image,
    networks_of,
    points,
    random_data,
    small_networks,
    small_trainer,
    variant_trainer,
)


class Wasserstein:
    """The plain Wasserstein loss, with nothing to keep the critic smooth."""

    def discriminator_loss(self, step: Step) -> Tensor:
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step: Step) -> Tensor:
        return -step.fake_logits.mean()


def run(
    trainer: Trainer, steps: int, folder: Path, at_mark: Callable[[], None] | None = None
) -> BudgetClock:
    clock = BudgetClock(Budget("steps", steps), CPU, marks=4)
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), at_mark or (lambda: None))
    return clock


def weights(trainer: Trainer, side: str) -> list[Tensor]:
    return [one.detach().clone() for one in trainer.trained[side]]


def changed(before: list[Tensor], after: list[Tensor]) -> bool:
    return any(not torch.equal(one, two) for one, two in zip(before, after, strict=True))


# Twenty steps by hand.


def batches(data: Data, seed: int, size: int) -> Any:
    """Shuffled epochs in the range [-1, 1], without their incomplete last batches."""
    random = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(data.train), generator=random)
        for start in range(0, len(order) - size + 1, size):
            batch = data.train[order[start : start + size]]
            yield batch.float() * (1 / 127.5) - 1 if batch.dtype == torch.uint8 else batch


def by_hand(variant: str, data: Data, seed: int, steps: int) -> Networks:
    """The variant's training as its paper describes it, in plain torch."""
    seed_everything(seed)
    networks = networks_of(variant, data.info)
    G, D = networks.generator.train(), networks.discriminator.train()
    images = data.info.modality == "image"
    lr, betas, size, g_size, critic_steps, decay = {
        ("vanilla", True): (2e-3, (0.5, 0.999), 100, 100, 1, False),
        ("vanilla", False): (1e-4, (0.8, 0.999), 100, 100, 1, False),
        ("dcgan", True): (1e-3, (0.5, 0.999), 128, 128, 1, False),
        ("dcgan", False): (2e-4, (0.5, 0.999), 128, 128, 1, False),
        ("wgan-gp", True): (2e-3, (0.0, 0.9), 64, 128, 5, True),
        ("wgan-gp", False): (3e-4, (0.5, 0.9), 256, 256, 5, False),
    }[variant.partition("[")[0], images]
    g_adam = torch.optim.Adam(G.parameters(), lr=lr, betas=betas, fused=True)
    d_adam = torch.optim.Adam(D.parameters(), lr=lr, betas=betas, fused=True)
    real_batches = batches(data, stream_seed(seed, "data"), size)
    random = torch.Generator().manual_seed(stream_seed(seed, "latents"))

    def draw(count: int) -> Tensor:
        shape = (count, networks.latent.size)
        if networks.latent.law == "normal":
            return torch.randn(shape, generator=random)
        return torch.rand(shape, generator=random) * 2 - 1

    for step in range(steps):
        for group in (*g_adam.param_groups, *d_adam.param_groups):
            group["lr"] = lr * (1 - step / steps) if decay else lr
        for _ in range(critic_steps):
            fake = G(draw(size)).detach()
            real = next(real_batches)
            real_logits, fake_logits = D(real), D(fake)
            if variant.startswith("wgan-gp"):
                mix = torch.rand(size, *[1] * (real.dim() - 1))
                between = torch.lerp(fake, real, mix).requires_grad_()
                (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
                penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
                weight = 10 if images else 0.1
                loss = weight * penalty - (real_logits.mean() - fake_logits.mean())
            else:
                loss = F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
            d_adam.zero_grad()
            loss.backward()
            d_adam.step()
        logits = D(G(draw(g_size)))
        loss = -logits.mean() if variant.startswith("wgan-gp") else F.softplus(-logits).mean()
        g_adam.zero_grad()
        loss.backward()
        g_adam.step()
    return networks


@pytest.mark.parametrize(
    ("variant", "info"),
    [
        ("vanilla", points()),
        ("vanilla", image(8)),
        ("dcgan", points()),
        ("dcgan", image(8)),
        ("wgan-gp[width=16]", points()),
        pytest.param("wgan-gp[width=16]", image(8), marks=pytest.mark.whole),
    ],
)
def test_twenty_steps_by_hand_give_the_same_bits(
    variant: str, info: DataInfo, tmp_path: Path
) -> None:
    data = random_data(info, 900)
    expected = by_hand(variant, data, seed=3, steps=20)
    trainer = variant_trainer(variant, data, seed=3)
    start = weights(trainer, "generator")
    run(trainer, 20, tmp_path)
    assert changed(start, weights(trainer, "generator"))
    for ours, theirs in (
        (trainer.networks.generator, expected.generator),
        (trainer.networks.discriminator, expected.discriminator),
    ):
        for (name, one), two in zip(
            ours.state_dict().items(), theirs.state_dict().values(), strict=True
        ):
            assert torch.equal(one, two), name


# What a step does, and what it leaves alone.


@pytest.mark.parametrize("variant", VARIANTS)
def test_trap_9_a_generator_step_neither_trains_nor_marks_the_discriminator(variant: str) -> None:
    trainer = variant_trainer(variant, random_data(image(8)))
    Eager(trainer).discriminator_step()
    before = weights(trainer, "discriminator")
    gradients = [one.grad.clone() for one in trainer.trained["discriminator"]]
    own = weights(trainer, "generator")
    Eager(trainer).generator_step()
    assert not changed(before, weights(trainer, "discriminator"))
    assert not changed(gradients, [one.grad for one in trainer.trained["discriminator"]])
    assert changed(own, weights(trainer, "generator"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_trap_9_a_discriminator_step_neither_trains_nor_marks_the_generator(variant: str) -> None:
    trainer = variant_trainer(variant, random_data(image(8)))
    before, own = weights(trainer, "generator"), weights(trainer, "discriminator")
    Eager(trainer).discriminator_step()
    assert not changed(before, weights(trainer, "generator"))
    assert all(one.grad is None for one in trainer.trained["generator"])
    assert changed(own, weights(trainer, "discriminator"))


def test_trap_9_a_critic_loss_that_runs_the_generator_leaves_nothing_in_it() -> None:
    class Consistent(Wasserstein):
        def discriminator_loss(self, step: Step) -> Tensor:
            again = step.generator(step.latent)
            return super().discriminator_loss(step) + step.discriminator(again).square().mean()

    trainer, other = small_trainer(Consistent()), small_trainer(Consistent())
    before = weights(trainer, "generator")
    Eager(trainer).discriminator_step()
    Eager(other).discriminator_step()
    assert not changed(before, weights(trainer, "generator"))
    other.optimisers["generator"].zero_grad()
    Eager(trainer).generator_step()
    Eager(other).generator_step()
    assert not changed(weights(other, "generator"), weights(trainer, "generator"))


def test_trap_9_every_step_has_fakes_of_its_own(tmp_path: Path) -> None:
    latents: list[Tensor] = []
    trainer = small_trainer(Wasserstein(), critic_steps=3, generator_batch_size=24)
    trainer.networks.generator.register_forward_pre_hook(
        lambda _, inputs: latents.append(inputs[0].clone())
    )
    run(trainer, 5, tmp_path)
    assert [len(one) for one in latents] == [16, 16, 16, 24] * 5
    together = torch.cat(latents)
    assert len(together.unique(dim=0)) == len(together)


def test_trap_9_gradients_do_not_add_up_over_steps() -> None:
    class Constant:
        """Its gradients are the same at every step, whatever the weights are."""

        def discriminator_loss(self, step: Step) -> Tensor:
            return sum(one.sum() for one in step.discriminator.parameters())

        def generator_loss(self, step: Step) -> Tensor:
            return sum(one.sum() for one in step.generator.parameters())

    trainer = small_trainer(Constant())
    for _ in range(3):
        Eager(trainer).discriminator_step()
        Eager(trainer).generator_step()
        for side in ("generator", "discriminator"):
            assert all((one.grad == 1).all() for one in trainer.trained[side])


def test_trap_10_fakes_of_a_discriminator_step_have_no_graph() -> None:
    trainer = small_trainer(Wasserstein())
    step, _ = Eager(trainer).discriminator_step()
    assert step.fake.grad_fn is None
    assert not step.fake.requires_grad
    step, _ = Eager(trainer).generator_step()
    assert step.fake.grad_fn is not None
    assert torch.is_grad_enabled()


@pytest.mark.parametrize(("variant", "calls"), [("vanilla", 3), ("dcgan", 3), ("wgan-gp", 16)])
def test_nothing_is_computed_twice_nor_for_telemetry(
    variant: str, calls: int, tmp_path: Path
) -> None:
    """Real and fake, and with the penalty what lies between: D(fake) alone in generator steps."""
    trainer = variant_trainer(variant, random_data(points(), 600))
    seen = {"generator": 0, "discriminator": 0}
    for side in seen:

        def count(*_: object, side: str = side) -> None:
            seen[side] += 1

        getattr(trainer.networks, side).register_forward_hook(count)
    run(trainer, 6, tmp_path)
    critic_steps = 5 if variant == "wgan-gp" else 1
    assert seen == {"discriminator": 6 * calls, "generator": 6 * (critic_steps + 1)}


def test_batches_have_the_recipes_sizes_and_latents_go_with_fakes() -> None:
    trainer = small_trainer(Wasserstein(), batch_size=10, generator_batch_size=30)
    critic_step, _ = Eager(trainer).discriminator_step()
    assert len(critic_step.real) == len(critic_step.fake) == len(critic_step.latent) == 10
    with torch.no_grad():
        assert torch.equal(trainer.networks.generator(critic_step.latent), critic_step.fake)
    generator_step, _ = Eager(trainer).generator_step()
    assert len(generator_step.fake) == len(generator_step.latent) == 30


def test_labels_go_with_the_real_samples() -> None:
    data = random_data(points())
    step, _ = Eager(small_trainer(Wasserstein(), data=data, needs=["labels"])).discriminator_step()
    assert step.labels is not None
    assert torch.equal(data.train[step.labels], step.real)


# What a loss may ask for.


class Clipping(Wasserstein):
    """WGAN (Arjovsky et al. 2017): weights within .01 after each critic step, more steps early."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def critic_steps(self, generator_step: int) -> int:
        self.asked.append(generator_step)
        return 7 if generator_step in (0, 3) else 2

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: nn.Module) -> None:
        for parameter in discriminator.parameters():
            parameter.clamp_(-0.01, 0.01)


def test_critic_steps_and_weight_clipping(tmp_path: Path) -> None:
    loss = Clipping()
    rmsprop = Optimiser(name="rmsprop", lr=5e-5)
    trainer = small_trainer(loss, generator=rmsprop, discriminator=rmsprop, critic_steps=99)
    calls: list[int] = []
    trainer.networks.generator.register_forward_hook(lambda *_: calls.append(1))
    clock = run(trainer, 5, tmp_path)
    assert set(loss.asked) == set(range(6))  # the sixth did not fit
    assert len(calls) == 7 + 2 + 2 + 7 + 2 + 5
    assert clock.images == 20 * 16
    assert (
        clock.flops
        == 20 * trainer.costs.known("discriminator")[1] + 5 * trainer.costs.known("generator")[1]
    )
    clipped = torch.cat([one.flatten() for one in weights(trainer, "discriminator")])
    assert clipped.abs().max() == pytest.approx(0.01)


@pytest.mark.parametrize(("images", "steps"), [(303, 3), (304, 4)])
def test_a_budget_is_not_overshot_by_a_step_with_more_critic_steps(
    images: int, steps: int, tmp_path: Path
) -> None:
    """The four steps take 7, 2, 2 and 8 batches of 16."""

    class Late(Clipping):
        def critic_steps(self, generator_step: int) -> int:
            return (7, 2, 2, 8, 8)[generator_step]

    clock = BudgetClock(Budget("images", images), CPU, marks=1)
    telemetry = Telemetry(tmp_path / "history.jsonl")
    train(Eager(small_trainer(Late())), clock, telemetry, lambda: None)
    assert clock.steps == steps
    assert clock.images <= images


class Relativistic:
    """RpGAN (Jolicoeur-Martineau 2018): the generator needs a real batch, too."""

    def __init__(self) -> None:
        self.reals: list[Tensor] = []

    def discriminator_loss(self, step: Step) -> Tensor:
        self.reals.append(step.real)
        return F.softplus(step.fake_logits - step.real_logits).mean()

    def generator_loss(self, step: Step) -> Tensor:
        self.reals.append(step.real)
        assert step.real is step.real
        return F.softplus(step.real_logits - step.fake_logits).mean()


def test_a_generator_step_gives_a_real_batch_of_its_own_to_a_loss_that_asks(tmp_path: Path) -> None:
    loss = Relativistic()
    trainer = small_trainer(loss, generator_batch_size=24, needs=["real"])
    run(trainer, 3, tmp_path)
    assert [len(one) for one in loss.reals] == [16, 24] * 3
    for own, count in ((loss.reals[::2], 48), (loss.reals[1::2], 72)):
        together = torch.cat(own)
        assert len(together.unique(dim=0)) == len(together) == count  # within one epoch of 200
    step, _ = Eager(trainer).generator_step()
    assert all(one.isfinite() for one in step.mean_logits())


def test_real_batches_of_generator_steps_leave_those_of_discriminator_steps_as_they_are() -> None:
    asking, other = small_trainer(Relativistic(), needs=["real"]), small_trainer(Wasserstein())
    for number in range(3):
        for trainer in (asking, other):
            Eager(trainer).step(number, 0.0)
        steps = (trainer.last["discriminator"][0] for trainer in (asking, other))
        assert torch.equal(*(step.real for step in steps))


def test_no_real_batch_is_drawn_for_a_loss_that_does_not_ask() -> None:
    trainer = small_trainer(Wasserstein())
    untouched = trainer.generator_real.state()["random"]
    engine = Eager(trainer)
    engine.discriminator_step()
    engine.generator_step()
    assert torch.equal(trainer.generator_real.state()["random"], untouched)
    assert len(trainer.generator_real.state()["order"]) == 0


class WithEncoder(Wasserstein):
    """The critic's loss uses a head, the generator's an encoder that gives the latent back."""

    def discriminator_loss(self, step: Step) -> Tensor:
        return super().discriminator_loss(step) + step.extra["head"](step.real).square().mean()

    def generator_loss(self, step: Step) -> Tensor:
        error = step.extra["encoder"](step.fake) - step.latent
        return super().generator_loss(step) + error.square().mean()


def test_extra_modules_are_trained_by_the_optimiser_that_they_name() -> None:
    plain = small_networks()
    encoder, head = nn.Linear(2, 2), nn.Linear(2, 1)
    frozen = nn.Linear(2, 2).requires_grad_(False)
    networks = Networks(
        generator=plain.generator,
        discriminator=plain.discriminator,
        latent=plain.latent,
        extra={
            "encoder": (encoder, "generator"),
            "head": (head, "discriminator"),
            "frozen": (frozen, "generator"),
        },
    )
    trainer = small_trainer(WithEncoder(), networks, needs=["encoder", "head"])

    def state(module: nn.Module) -> list[Tensor]:
        return [one.detach().clone() for one in module.parameters()]

    before = state(encoder), state(head), state(frozen)
    Eager(trainer).discriminator_step()
    assert not changed(before[0], state(encoder))
    assert changed(before[1], state(head))
    before = state(encoder), state(head), state(frozen)
    Eager(trainer).generator_step()
    assert changed(before[0], state(encoder))
    assert not changed(before[1], state(head))
    assert not changed(before[2], state(frozen))
    assert encoder.weight.grad is not None
    sizes = {side: len(parameters) for side, parameters in trainer.trained.items()}
    assert sizes == {"generator": 6, "discriminator": 6}


# The whole loop.


def rates(trainer: Trainer) -> list[float]:
    return [one.param_groups[0]["lr"] for one in trainer.optimisers.values()]


def test_a_linear_schedule_falls_to_one_step_above_zero(tmp_path: Path) -> None:
    g, d = Optimiser(lr=1.0, name="sgd"), Optimiser(lr=0.5, name="sgd")
    trainer = small_trainer(Wasserstein(), generator=g, discriminator=d, schedule="linear")
    seen: list[list[float]] = []
    trainer.networks.generator.register_forward_pre_hook(lambda *_: seen.append(rates(trainer)))
    run(trainer, 50, tmp_path)
    for step in range(50):
        expected = pytest.approx([0.5 * (1 - step / 50), 1 - step / 50])
        assert seen[2 * step] == expected
        assert seen[2 * step + 1] == expected


def test_a_constant_schedule(tmp_path: Path) -> None:
    trainer = small_trainer(Wasserstein(), discriminator=Optimiser(lr=0.25))
    run(trainer, 10, tmp_path)
    assert rates(trainer) == [0.25, 1e-3]


def test_marks_are_evaluated_between_steps_off_the_clock_and_with_telemetry_on_disk(
    tmp_path: Path,
) -> None:
    trainer = small_trainer(Wasserstein())
    clock = BudgetClock(Budget("steps", 8), CPU, marks=4)
    seen: list[tuple[int, int]] = []
    history = tmp_path / "history.jsonl"

    def at_mark() -> None:
        assert clock._started is None
        seen.append((clock.steps, len(history.read_text().splitlines())))

    train(Eager(trainer), clock, Telemetry(history), at_mark)
    # The first step, which is counted and not timed, has no telemetry.
    assert seen == [(2, 1), (4, 3), (6, 5)]
    assert len(history.read_text().splitlines()) == 7
    assert clock.steps == 8


def test_as_many_marks_as_steps(tmp_path: Path) -> None:
    clock = BudgetClock(Budget("steps", 4), CPU, marks=4)
    seen: list[float] = []
    telemetry = Telemetry(tmp_path / "history.jsonl")
    trainer = small_trainer(Wasserstein())
    train(Eager(trainer), clock, telemetry, lambda: seen.append(clock.fraction()))
    assert seen == [0.25, 0.5, 0.75]


def test_a_budget_of_one_step(tmp_path: Path) -> None:
    clock = run(small_trainer(Wasserstein()), 1, tmp_path, pytest.fail)
    assert (clock.steps, clock.images, clock.seconds > 0) == (1, 16, True)
    assert math.isfinite(clock.flops)


def test_training_goes_on_in_train_mode_after_an_evaluation(tmp_path: Path) -> None:
    modes: list[bool] = []
    trainer = variant_trainer("dcgan", random_data(points()))
    trainer.networks.generator.register_forward_hook(lambda one, *_: modes.append(one.training))
    run(trainer, 8, tmp_path, lambda: trainer.networks.generator.eval().train() and None)
    assert modes == [True] * 16


def test_a_flops_budget_is_spent_to_less_than_a_step(tmp_path: Path) -> None:
    trainer = small_trainer(Wasserstein())
    clock = BudgetClock(Budget("flops", 1e6), CPU, marks=1)
    train(Eager(trainer), clock, Telemetry(tmp_path / "history.jsonl"), lambda: None)
    step = trainer.costs.known("discriminator")[1] + trainer.costs.known("generator")[1]
    assert clock.flops == clock.steps * step
    assert 1e6 - step < clock.flops <= 1e6
