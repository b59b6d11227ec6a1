"""What a first step shows is said at once; what is unusual and sound is left alone."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from ganbench import Networks
from ganbench.api.errors import PluginNotUsable
from ganbench.training import first_step as module
from ganbench.training.first_step import first_step, last_operation, watched
from ganbench.training.loop import Eager
from ganbench.training.objective import Part

from .small import small_networks, small_trainer


class NonSaturating:
    def discriminator_loss(self, step: Any) -> Any:
        return softplus(-step.real_logits).mean() + softplus(step.fake_logits).mean()

    def generator_loss(self, step: Any) -> Any:
        return softplus(-step.fake_logits).mean()


class CutOff(NonSaturating):
    def generator_loss(self, step: Any) -> Any:
        return softplus(-step.discriminator(step.fake.detach())).mean()


class Clipping(NonSaturating):
    @torch.no_grad()
    def clip(self, discriminator: nn.Module) -> None:
        for weight in discriminator.parameters():
            weight.clamp_(-0.01, 0.01)

    def discriminator_loss(self, step: Any) -> Any:
        self.clip(step.discriminator)
        return super().discriminator_loss(step)


class LookingAhead(NonSaturating):
    """Moves the discriminator, and puts it back."""

    @torch.no_grad()
    def generator_loss(self, step: Any) -> Any:
        kept = copy.deepcopy(step.discriminator.state_dict())
        for weight in step.discriminator.parameters():
            weight.add_(1.0)
        step.discriminator.load_state_dict(kept)
        with torch.enable_grad():
            return super().generator_loss(step)


class OfTheSamples(NonSaturating):
    """Has no use for the discriminator, as in a warm-up; and none for the generator."""

    def __init__(self, *, detached: bool) -> None:
        self.own = nn.Parameter(torch.ones(()))
        self.trained_with = "generator"
        self.detached = detached

    def generator_loss(self, step: Any) -> Any:
        fake = step.fake.detach() if self.detached else step.fake
        return (self.own * fake).square().mean()


def ending_in(*layers: nn.Module, side: str) -> Networks:
    networks = small_networks()
    return replace(networks, **{side: nn.Sequential(getattr(networks, side), *layers)})


class Doubled(nn.Module):
    """Twice a sigmoid, less one: as good as any logit."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x.sigmoid() - 1


FAULTS: dict[str, tuple[Callable[[], Any], Callable[[], Networks], str]] = {
    "cut off": (
        CutOff,
        small_networks,
        "no gradient of the generator's loss reaches the generator",
    ),
    "clipping": (
        Clipping,
        small_networks,
        "discriminator_loss of loss small changes discriminator.0.weight by itself, "
        "beside the optimiser",
    ),
    "probabilities": (
        NonSaturating,
        lambda: ending_in(nn.Sigmoid(), nn.Flatten(), side="discriminator"),
        "the discriminator ends in a sigmoid: it must return logits",
    ),
    "bright": (
        NonSaturating,
        lambda: ending_in(nn.Sigmoid(), nn.Unflatten(1, (2,)), side="generator"),
        "the generator ends in a sigmoid: its samples are never below 0, and real ones are",
    ),
    "cut": (
        NonSaturating,
        lambda: ending_in(nn.ReLU(), side="generator"),
        "the generator ends in a relu: its samples are never below 0, and real ones are",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_cannot_be_right_is_said(case: str) -> None:
    loss, networks, message = FAULTS[case]
    with pytest.raises(PluginNotUsable) as caught:
        first_step(Eager(small_trainer(loss(), networks())))
    assert caught.value.message == message
    assert caught.value.hint


SOUND: dict[str, tuple[Callable[[], Any], Callable[[], Networks]]] = {
    "looking ahead": (LookingAhead, small_networks),
    "no discriminator": (lambda: OfTheSamples(detached=False), small_networks),
    "neither": (lambda: OfTheSamples(detached=True), small_networks),
    "bounded logits": (NonSaturating, lambda: ending_in(Doubled(), side="discriminator")),
    "bounded samples": (NonSaturating, lambda: ending_in(Doubled(), side="generator")),
    "a gate": (
        NonSaturating,
        lambda: ending_in(nn.Linear(1, 2), nn.GLU(), side="discriminator"),
    ),
}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_unusual_passes(case: str) -> None:
    loss, networks = SOUND[case]
    engine = Eager(small_trainer(loss(), networks()))
    first_step(engine)
    assert engine.cost(0)[1] > 0  # it was counted


def test_a_sigmoid_is_right_where_data_are_not_negative() -> None:
    trainer = small_trainer(NonSaturating(), ending_in(nn.Sigmoid(), side="generator"))
    trainer.real._samples.abs_()
    first_step(Eager(trainer))


def test_what_acts_after_a_step_may_change_weights_and_the_technique_at_fault_is_named() -> None:
    class After(NonSaturating):
        def after_discriminator_step(self, discriminator: nn.Module) -> None:
            Clipping().clip(discriminator)

    first_step(Eager(small_trainer(After())))
    wrong = Part("careless", Clipping(), kind="technique")
    engine = Eager(small_trainer(NonSaturating(), techniques=[wrong]))
    with pytest.raises(PluginNotUsable, match="of technique careless changes") as caught:
        first_step(engine)
    assert caught.value.kind == "technique"


CHANGES: dict[str, Callable[[Tensor], object]] = {
    "one number": lambda w: w.view(-1)[:1].mul_(1.5),
    "all signs": lambda w: w.neg_(),
    "rows": lambda w: w.copy_(w.flip(0)),
    "columns": lambda w: w.copy_(w.flip(-1)),
    "not a number": lambda w: w.fill_(math.nan),
}


@pytest.mark.parametrize("kind", [torch.float64, torch.float32, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize("shape", [(6,), (4, 6), (4, 3, 2, 2)])
@pytest.mark.parametrize("change", CHANGES)
def test_no_change_is_missed(change: str, shape: tuple[int, ...], kind: torch.dtype) -> None:
    weight = torch.randn(shape, dtype=torch.float64).to(kind)
    before = module._sum(weight)
    assert torch.equal(module._sum(weight.clone()), before)
    CHANGES[change](weight)
    assert not torch.equal(module._sum(weight), before)


def test_nobody_is_watched_afterwards() -> None:
    trainer = small_trainer(NonSaturating())
    objective = trainer.objective
    with watched(trainer):
        assert trainer.objective is not objective
    assert trainer.objective is objective


@pytest.mark.parametrize(
    ("made", "name"),
    [
        (lambda x: x, ""),
        (lambda x: x.sigmoid()[:, 0].view(-1, 1).squeeze().clone(), "SigmoidBackward0"),
        (lambda x: x.sigmoid().double().mT, "SigmoidBackward0"),
        (lambda x: x.sigmoid().mean(dim=1), "MeanBackward1"),
    ],
)
def test_the_last_operation_is_that_which_made_the_numbers(made: Any, name: str) -> None:
    leaf = torch.ones(3, 2, requires_grad=True)
    assert last_operation(made(leaf)) == name


def test_a_layer_of_both_networks_is_refused_unless_it_is_frozen() -> None:
    networks = small_networks()
    shared = nn.Linear(2, 2)
    both = replace(
        networks,
        generator=nn.Sequential(networks.generator, shared),
        discriminator=nn.Sequential(shared, networks.discriminator),
    )
    told = "generator.1.weight and discriminator.0.weight are one parameter"
    with pytest.raises(PluginNotUsable, match=told) as caught:
        small_trainer(NonSaturating(), both)
    assert "copy.deepcopy" in str(caught.value.hint)
    shared.requires_grad_(False)
    first_step(Eager(small_trainer(NonSaturating(), both)))


def test_a_layer_of_two_modules_of_one_side_is_trained_once() -> None:
    networks = small_networks()
    trunk = networks.discriminator[0]  # type: ignore[index]
    head = nn.Sequential(trunk, nn.Linear(8, 3))
    trainer = small_trainer(
        NonSaturating(), replace(networks, extra={"head": (head, "discriminator")})
    )
    trained = trainer.trained["discriminator"]
    assert len(trained) == len(set(trained)) == 6
