"""Trainings in step: each is what it would be alone, and is held to that."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest
import torch
from torch import Tensor, nn

from ganbench import Step
from ganbench.api.recipe import SIDES
from ganbench.training.kept import copied
from ganbench.training.loop import Eager
from ganbench.training.stacking import stack as module
from ganbench.training.stacking.joint import JointStep, NotStackable
from ganbench.training.stacking.stack import Asked, Stack, StackBroken, why_not
from ganbench.training.stacking.streams import Streams
from ganbench.training.state import restore_trainer, trainer_state
from ganbench.training.trainer import Trainer

from ..small import CPU, points, random_data, small_networks, small_trainer, variant_trainer

STACKABLE = [
    "vanilla",
    "vanilla[ema=0.9]",
    "wgan-gp[width=32]",
    "vanilla+r1",
    "vanilla+r1+r2[objective=rp]",
    "mlp+hinge",
    "pacgan[m=1,width=32]",
    "pacgan[m=2,width=32]",
    "wgan-gp+pac:4[width=32]",
]

Make = Callable[[int], Trainer]


@pytest.fixture(autouse=True)
def random_numbers() -> Iterator[None]:
    with torch.random.fork_rng([]):
        yield


def of_variant(variant: str) -> Make:
    return lambda seed: variant_trainer(variant, random_data(points()), seed)


def stacked(make: Make, seeds: dict[int, int]) -> Stack:
    """Seeds, by their places."""
    streams = Streams(max(seeds) + 1, CPU)
    trainers = {}
    for place, seed in seeds.items():
        streams.switch(place)
        trainers[place] = make(seed)
    return Stack(trainers, streams)


def advance(stack: Stack, places: list[int], numbers: range) -> None:
    for number in numbers:
        taken = stack.take({place: Asked(number, number / 20, number == 0) for place in places})
        for one in taken.values():
            if one.error is not None:
                raise one.error


@pytest.mark.whole
@pytest.mark.parametrize("variant", ["wgan", "wgan-gp", "vanilla"])
def test_wide_kernels_are_held_to_eager_steps_with_the_same(variant: str) -> None:
    """After some critic steps, each by Adam, the order of a sum is seen in four digits."""
    stack = stacked(of_variant(variant), {0: 0, 1: 1, 2: 2})
    advance(stack, [0, 1, 2], range(4))
    assert not stack.fallen


@pytest.mark.parametrize("gaining", [True, False])
def test_steps_are_taken_with_wide_kernels_where_they_gain(
    monkeypatch: pytest.MonkeyPatch, gaining: bool
) -> None:
    asked: list[list[int]] = []
    monkeypatch.setattr(module, "gains", lambda products: asked.append(products) or gaining)
    within: list[bool] = []
    monkeypatch.setattr(
        module, "wide_products", lambda wanted: within.append(wanted) or nullcontext()
    )
    stack = stacked(of_variant("vanilla[width=24]"), {0: 0, 1: 1})
    advance(stack, [0, 1], range(3))
    assert set(within) == {gaining}
    assert len(within) > 3  # the eager steps that they are held to as well
    batch = stack.eager[0].trainer.training.batch_size
    sizes = [
        layer.weight.numel()
        for side in SIDES
        for layer in getattr(stack.eager[0].trainer.networks, side).modules()
        if isinstance(layer, nn.Linear)
    ]
    assert sorted(asked[0]) == sorted(batch * size for size in sizes)


def weights(trainer: Trainer) -> list[Tensor]:
    return [one.detach().clone() for side in SIDES for one in trainer.trained[side]]


def trainer_of(stack: Stack, place: int) -> Trainer:
    return stack.eager[place].trainer


@pytest.mark.parametrize("variant", STACKABLE)
def test_each_is_its_single_run_up_to_rounding(variant: str) -> None:
    make = of_variant(variant)
    stack = stacked(make, {0: 5, 1: 6, 2: 7})
    first = trainer_of(stack, 0)
    assert why_not(first.networks, first.objective) is None
    advance(stack, [0, 1, 2], range(5))
    assert not stack.fallen
    for place, seed in enumerate((5, 6, 7)):
        alone = make(seed)
        eager = Eager(alone)
        for number in range(5):
            eager.step(number, number / 20, count=number == 0)
        ours = trainer_of(stack, place)
        for one, other in zip(weights(ours), weights(alone), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)
        assert ours.drawn == alone.drawn
        assert ours.costs.known("generator") == alone.costs.known("generator")


@pytest.mark.parametrize("variant", ["vanilla", "wgan-gp[width=32]"])
def test_who_is_beside_it_changes_no_bit(variant: str) -> None:
    make = of_variant(variant)
    together = stacked(make, {0: 5, 1: 6, 2: 7})
    advance(together, [0, 1, 2], range(3))
    advance(together, [1, 2], range(3, 6))  # one has left
    alone = stacked(make, {0: 6})
    advance(alone, [0], range(6))
    for one, other in zip(
        weights(trainer_of(together, 1)), weights(trainer_of(alone, 0)), strict=True
    ):
        assert torch.equal(one, other)


def test_a_step_that_is_looked_at_changes_no_bit() -> None:
    make = of_variant("wgan-gp[width=32]")
    plain = stacked(make, {0: 5, 1: 6})
    advance(plain, [0, 1], range(4))
    looked = stacked(make, {0: 5, 1: 6})
    advance(looked, [0, 1], range(2))
    for number in (2, 3):
        looked.take({0: Asked(number, number / 20, True), 1: Asked(number, number / 20, False)})
    for place in (0, 1):
        for one, other in zip(
            weights(trainer_of(plain, place)), weights(trainer_of(looked, place)), strict=True
        ):
            assert torch.equal(one, other)


def test_a_penalty_that_has_lost_its_graph_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = JointStep._interpolated_slopes
    monkeypatch.setattr(JointStep, "_interpolated_slopes", lambda self: sound(self).detach())
    make = of_variant("wgan-gp[width=32]")
    stack = stacked(make, {0: 5, 1: 6})
    advance(stack, [0, 1], range(4))
    assert all("gradient of the discriminator" in why for why in stack.fallen.values())
    assert set(stack.fallen) == {0, 1}
    alone = make(6)
    for number in range(4):
        Eager(alone).step(number, number / 20, count=number == 0)
    for one, other in zip(weights(trainer_of(stack, 1)), weights(alone), strict=True):
        assert torch.equal(one, other)


def test_who_goes_on_is_held_to_an_eager_step_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its stacked step was wrong before, it still is: nothing that is kept must say so."""
    make = of_variant("wgan-gp[width=32]")
    stack = stacked(make, {0: 5, 1: 6})
    advance(stack, [0, 1], range(3))
    costs = [trainer_of(stack, place).costs.state() for place in (0, 1)]
    again = Stack({place: trainer_of(stack, place) for place in (0, 1)}, stack._streams)
    sound = JointStep._interpolated_slopes
    monkeypatch.setattr(JointStep, "_interpolated_slopes", lambda self: sound(self).detach())
    advance(again, [0, 1], range(3, 4))
    assert set(again.fallen) == {0, 1}
    for place in (0, 1):  # and it was charged once, counted never
        found = trainer_of(again, place).costs.state()
        assert found["recounted"] == costs[place]["recounted"]
        (known,), (now,) = costs[place]["kinds"]["generator"], found["kinds"]["generator"]
        assert now == {**known, "taken": known["taken"] + 1}


class Calling:
    """A loss that calls the discriminator by itself."""

    def discriminator_loss(self, step: Step) -> Tensor:
        return step.discriminator(step.real).mean() - step.fake_logits.mean()

    def generator_loss(self, step: Step) -> Tensor:
        return -step.fake_logits.mean()


class Diverging:
    """A loss whose training of one seed becomes nothing."""

    def __init__(self, broken: bool) -> None:
        self.broken = broken

    def discriminator_loss(self, step: Step) -> Tensor:
        loss = step.fake_logits.mean() - step.real_logits.mean()
        return loss * float("nan") if self.broken and step.number == 2 else loss

    def generator_loss(self, step: Step) -> Tensor:
        return -step.fake_logits.mean()


class Schedule(Diverging):
    """Asks for more steps of the critic at first."""

    def critic_steps(self, number: int) -> int:
        return 3 if number < 2 else 1


def test_more_steps_of_the_critic_at_first() -> None:
    stack = stacked(lambda seed: small_trainer(Schedule(broken=False)), {0: 1, 1: 2})
    advance(stack, [0, 1], range(4))
    assert not stack.fallen
    alone = small_trainer(Schedule(broken=False))
    for number in range(4):
        Eager(alone).step(number, number / 20, count=number == 0)
    for one, other in zip(weights(trainer_of(stack, 1)), weights(alone), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_what_asks_for_a_network_goes_on_eagerly() -> None:
    stack = stacked(
        lambda seed: small_trainer(Calling(), small_networks(8 + seed * 0)), {0: 1, 1: 2}
    )
    advance(stack, [0, 1], range(3))
    assert "calls a network by itself" in stack.fallen[0]
    alone = small_trainer(Calling())
    for number in range(3):
        Eager(alone).step(number, number / 20, count=number == 0)
    for one, other in zip(weights(trainer_of(stack, 0)), weights(alone), strict=True):
        assert torch.equal(one, other)


class Late(Diverging):
    """Does what is asked of it from step 2 on."""

    def __init__(self, act: Callable[[Step], Tensor] | None) -> None:
        super().__init__(broken=False)
        self.act = act

    def generator_loss(self, step: Step) -> Tensor:
        loss = -step.fake_logits.mean()
        return loss if self.act is None or step.number < 2 else loss + self.act(step)


def fail(step: Step) -> Tensor:
    raise ValueError("no")


@pytest.mark.parametrize("act", [fail, lambda step: step.discriminator(step.fake).mean()])
def test_an_error_that_may_be_anybodys_parts_them(act: Callable[[Step], Tensor]) -> None:
    """None of them gets a record for it: each is to go on by itself, where it is its own."""
    stack = stacked(lambda seed: small_trainer(Late(act if seed == 1 else None)), {0: 1, 1: 2})
    advance(stack, [0, 1], range(2))
    taken = stack.take({place: Asked(2, 0.1, False) for place in (0, 1)})
    assert {type(one.error) for one in taken.values()} == {StackBroken}
    alone = stacked(lambda seed: small_trainer(Late(act)), {0: 1})
    advance(alone, [0], range(2))
    (one,) = alone.take({0: Asked(2, 0.1, False)}).values()
    assert isinstance(one.error, ValueError | NotStackable)
    fine = stacked(lambda seed: small_trainer(Late(None)), {0: 2})
    advance(fine, [0], range(4))


class Choosy(Diverging):
    def __init__(self, steps: int) -> None:
        super().__init__(broken=False)
        self.steps = steps

    def critic_steps(self, number: int) -> int:
        return self.steps if number else 1


def test_who_asks_for_other_critic_steps_goes_on_eagerly() -> None:
    stack = stacked(lambda seed: small_trainer(Choosy(seed)), {0: 1, 1: 2, 2: 1})
    advance(stack, [0, 1, 2], range(4))
    assert stack.fallen == {1: "it asks for 2 critic steps where another asks for 1"}
    alone = small_trainer(Choosy(2))
    for number in range(4):
        Eager(alone).step(number, number / 20, count=number == 0)
    for one, other in zip(weights(trainer_of(stack, 1)), weights(alone), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


class Drawing(Diverging):
    """Draws from Python's random numbers."""

    def generator_loss(self, step: Step) -> Tensor:
        return -step.fake_logits.mean() * random.random()  # noqa: S311


def test_who_draws_elsewhere_goes_on_eagerly() -> None:
    stack = stacked(lambda seed: small_trainer(Drawing(broken=False)), {0: 1, 1: 2})
    advance(stack, [0, 1], range(2))
    assert set(stack.fallen.values()) == {"it draws random numbers from Python or NumPy"}


class Counting(Diverging):
    """Makes what it keeps when it first acts."""

    def generator_loss(self, step: Step) -> Tensor:
        self.calls = getattr(self, "calls", 0) + 1
        return -step.fake_logits.mean()


def test_what_a_loss_keeps_is_that_of_the_steps_that_were_taken() -> None:
    losses = [Counting(broken=False) for _ in range(2)]
    stack = stacked(lambda seed: small_trainer(losses[seed]), {0: 0, 1: 1})
    advance(stack, [0, 1], range(3))
    assert not stack.fallen
    assert [loss.calls for loss in losses] == [3, 3]


def test_steps_that_come_to_cost_more_are_charged_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the one after the first on: which one does it cannot be known before."""

    def dearer(step: Step) -> Tensor:
        weight = torch.ones(2, 64)
        return (step.fake @ weight).mean() * 0 if step.number >= 5 else step.fake.mean() * 0

    stack = stacked(lambda seed: small_trainer(Late(dearer)), {0: 1, 1: 2})
    alone = small_trainer(Late(dearer))
    eager, charged = Eager(alone), 0.0
    ours: dict[int, float] = {0: 0.0, 1: 0.0}
    prices = []
    for number in range(12):
        price = eager.step(number, number / 20, count=number == 0)[1]
        charged += price
        prices.append(price)
        for place, one in stack.take(
            {place: Asked(number, number / 20, number == 0) for place in (0, 1)}
        ).items():
            assert one.error is None
            ours[place] += one.flops
    missed = max(prices[1:]) - min(prices[1:])
    assert missed > 0
    for spent in ours.values():
        assert abs(spent - charged) <= 2 * missed


def test_one_that_has_fallen_stays_fallen_when_it_goes_on() -> None:
    stack = stacked(lambda seed: small_trainer(Drawing(broken=False)), {0: 1, 1: 2})
    advance(stack, [0, 1], range(2))
    state = copied(trainer_state(trainer_of(stack, 1)))
    again = small_trainer(Drawing(broken=False))
    restore_trainer(again, state)
    assert Stack({0: again}, Streams(1, CPU)).fallen == {0: stack.fallen[1]}


def test_a_seed_that_diverges_costs_no_other() -> None:
    def pair(broken: bool) -> Stack:
        stack = stacked(lambda seed: small_trainer(Diverging(broken and seed == 1)), {0: 1, 1: 2})
        advance(stack, [0, 1], range(5))
        return stack

    broken, sound = pair(broken=True), pair(broken=False)
    assert all(one.isnan().all() for one in weights(trainer_of(broken, 0))[:1])
    assert not broken.fallen  # it is eager training's end as well
    for one, other in zip(
        weights(trainer_of(broken, 1)), weights(trainer_of(sound, 1)), strict=True
    ):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("vanilla+extragradient", "has"),
        ("vanilla+sn", "the discriminator does not stack"),
        ("vanilla+dragan", "needs slopes"),
        ("vanilla+unrolled", "has opponent"),
        ("vanilla+instance-noise", "the discriminator does not stack"),
    ],
)
def test_what_is_not_stacked(variant: str, reason: str) -> None:
    trainer = of_variant(variant)(0)
    assert reason in str(why_not(trainer.networks, trainer.objective))


def test_convolutions_and_conditions_are_not_stacked() -> None:
    images = random_data(points())
    networks = small_networks()
    networks.discriminator.append(nn.LayerNorm(1))  # type: ignore[operator]
    trainer = small_trainer(Calling(), networks, images)
    assert "LayerNorm" in str(why_not(trainer.networks, trainer.objective))
