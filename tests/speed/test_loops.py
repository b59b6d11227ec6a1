"""Loops written by hand do what variants do: same losses, networks, constants, numbers of steps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import LossSpec, Networks
from ganbench.api.specs import import_builder
from ganbench.speed.loops import WRITTEN, Loop, Terms, bare, terms_of, textbook
from ganbench.speed.subject import Subject

from ..training.small import catalogue
from .subjects import subject_of

WAYS = {"bare": bare, "textbook": textbook}


@pytest.mark.parametrize("loss", WRITTEN)
def test_losses_are_those_of_the_plugins(loss: str) -> None:
    torch.manual_seed(0)
    real, fake, slopes = torch.randn(50), torch.randn(50), torch.randn(50, 3)
    step: Any = SimpleNamespace(real_logits=real, fake_logits=fake, interpolated_slopes=slopes)
    theirs = import_builder(catalogue().get(LossSpec, loss).build)()
    terms = WRITTEN[loss]
    penalty = terms.penalty * (slopes.norm(dim=1) - 1).square().mean()
    torch.testing.assert_close(terms.critic(real, fake) + penalty, theirs.discriminator_loss(step))
    torch.testing.assert_close(terms.generator(fake), theirs.generator_loss(step))


class Watched(nn.Module):
    """Counts what it is shown."""

    def __init__(self, wrapped: nn.Module) -> None:
        super().__init__()
        self.wrapped = wrapped
        self.seen: list[tuple[int, bool]] = []

    def forward(self, samples: Tensor) -> Tensor:
        self.seen.append((len(samples), torch.is_grad_enabled()))
        found: Tensor = self.wrapped(samples)
        return found


def watched_loop(
    way: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> tuple[Loop, Networks, Subject]:
    subject = subject_of(variant)
    terms = terms_of(subject)
    assert isinstance(terms, Terms)
    built = subject.networks()
    networks = Networks(
        generator=Watched(built.generator),
        discriminator=Watched(built.discriminator),
        latent=built.latent,
    )
    monkeypatch.setattr(Subject, "networks", lambda self: networks)
    return WAYS[way](subject, terms), networks, subject


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("variant", ["vanilla", "wgan-gp"])
def test_a_step_moves_both_networks_and_sees_what_the_recipe_says(
    way: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, networks, subject = watched_loop(way, variant, monkeypatch)
    before = [one.clone() for one in networks.generator.parameters()]
    judging = [one.clone() for one in networks.discriminator.parameters()]
    next(loop)
    for old, module in ((before, networks.generator), (judging, networks.discriminator)):
        assert not all(map(torch.equal, old, module.parameters()))
    training = subject.players.recipe.training
    size, own, rounds = training.batch_size, training.generator_batch, training.critic_steps
    shown = [count for count, _ in networks.discriminator.seen]
    passes = 3 if variant == "wgan-gp" else 2
    assert shown == [size] * passes * rounds + [own]
    assert [count for count, _ in networks.generator.seen] == [size] * rounds + [own]


def test_the_bare_loop_computes_nothing_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, networks, _ = watched_loop("bare", "vanilla", monkeypatch)
    next(loop)
    assert [graph for _, graph in networks.generator.seen] == [False, True]
    left = [one.grad.clone() for one in networks.discriminator.parameters() if one.grad is not None]
    next(loop)
    now = [one.grad for one in networks.discriminator.parameters() if one.grad is not None]
    assert left
    assert len(now) == len(left)
    assert all(one.requires_grad for one in networks.discriminator.parameters())


def test_the_textbook_loop_leaves_gradients_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the generator's step are added to those of the discriminator's."""
    found = {}
    for way in WAYS:
        torch.manual_seed(0)
        loop, networks, _ = watched_loop(way, "vanilla", monkeypatch)
        next(loop)
        assert [graph for _, graph in networks.generator.seen] == [way == "textbook", True]
        found[way] = [one.grad for one in networks.discriminator.parameters()]
    assert all(one is not None and one.abs().sum() > 0 for one in found["textbook"])


@pytest.mark.parametrize(
    ("variant", "reason"),
    [
        ("wgan", "loss wgan"),
        ("ragan", "loss"),
        ("dragan", "technique dragan"),
        ("vanilla+r1:1", "technique r1"),
        ("vanilla[ema=0.9]", "its way of training"),
        ("lsgan", "its optimiser"),
    ],
)
def test_what_nobody_has_written_is_said(variant: str, reason: str) -> None:
    found = terms_of(subject_of(variant))
    assert isinstance(found, str)
    assert reason in found


@pytest.mark.parametrize(
    "variant", ["sngan", "vanilla+sn", "vanilla+pac:2", "vanilla[objective=hinge]"]
)
def test_what_only_changes_networks_needs_no_loop_of_its_own(variant: str) -> None:
    assert isinstance(terms_of(subject_of(variant)), Terms)


def test_the_penalty_is_weighed_as_the_variant_says() -> None:
    found = terms_of(subject_of("wgan-gp[penalty=3]"))
    assert isinstance(found, Terms)
    assert found.penalty == 3
