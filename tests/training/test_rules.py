"""Optimisers' steps as functions, against torch's own optimisers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench import UsageError
from ganbench.training.rules import clipped, rule_of

OPTIMISERS = [
    (torch.optim.Adam, {"betas": (0.5, 0.9)}),
    (torch.optim.Adam, {"betas": (0.0, 0.99), "weight_decay": 0.1}),
    (torch.optim.AdamW, {"weight_decay": 0.1}),
    (torch.optim.RMSprop, {}),
    (torch.optim.RMSprop, {"momentum": 0.7, "weight_decay": 0.1, "alpha": 0.9}),
    (torch.optim.SGD, {}),
    (torch.optim.SGD, {"momentum": 0.9, "weight_decay": 0.1}),
]


def parameters() -> list[nn.Parameter]:
    random = torch.Generator().manual_seed(0)
    shapes = [(3, 2), (4,), ()]
    return [
        nn.Parameter(torch.randn(shape, generator=random, dtype=torch.float64)) for shape in shapes
    ]


def gradients(number: int) -> list[Tensor]:
    random = torch.Generator().manual_seed(100 + number)
    return [torch.randn(one.shape, generator=random, dtype=one.dtype) for one in parameters()]


def steps(optimiser: torch.optim.Optimizer, own: list[nn.Parameter], numbers: range) -> None:
    for number in numbers:
        for one, gradient in zip(own, gradients(number), strict=True):
            one.grad = gradient
        optimiser.step()


@pytest.mark.parametrize("taken", [0, 3], ids=["fresh", "on its way"])
@pytest.mark.parametrize(("kind", "options"), OPTIMISERS)
def test_a_rule_goes_where_the_optimiser_goes(
    kind: type[torch.optim.Optimizer], options: dict[str, Any], taken: int
) -> None:
    own = parameters()
    optimiser = kind(own, lr=0.05, **options)  # type: ignore[call-arg]
    steps(optimiser, own, range(taken))
    before = copy.deepcopy(optimiser.state_dict())
    rule = rule_of(optimiser, own)
    ahead: list[Tensor] = [one.detach().clone() for one in own]
    for number in range(taken, taken + 4):
        ahead = rule(ahead, gradients(number))
    weights = [one.detach().clone() for one in own]
    assert repr(before) == repr(optimiser.state_dict())
    steps(optimiser, own, range(taken, taken + 4))
    assert not any(map(torch.equal, weights, own))
    for one, other in zip(ahead, own, strict=True):
        torch.testing.assert_close(one, other.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("kind", "options"), OPTIMISERS)
def test_a_rule_can_be_differentiated(
    kind: type[torch.optim.Optimizer], options: dict[str, Any]
) -> None:
    own = parameters()
    optimiser = kind(own, lr=0.05, **options)  # type: ignore[call-arg]
    steps(optimiser, own, range(2))

    def two_steps(*given: Tensor) -> list[Tensor]:
        rule = rule_of(optimiser, own)
        ahead = list(given[:3])
        for number in range(2):
            ahead = rule(ahead, given[3 + 3 * number :][:3])
        return ahead

    inputs = [*(one.detach() for one in own), *gradients(7), *gradients(8)]
    assert torch.autograd.gradcheck(two_steps, [one.requires_grad_() for one in inputs])


def test_a_gradient_of_0_has_a_finite_derivative() -> None:
    own = parameters()
    gradient = [torch.zeros_like(one).requires_grad_() for one in own]
    for kind in (torch.optim.Adam, torch.optim.RMSprop):
        ahead = rule_of(kind(own, lr=0.1), own)(own, gradient)
        slopes = torch.autograd.grad(sum(one.sum() for one in ahead), gradient)
        assert all(one.isfinite().all() for one in slopes)


@pytest.mark.parametrize("norm", [0.1, 1e6])
def test_gradients_are_clipped_as_torch_clips_them(norm: float) -> None:
    own = parameters()
    optimiser = torch.optim.SGD(own, lr=0.5)
    (ahead) = rule_of(optimiser, own, clip_norm=norm)(own, gradients(3))
    for one, gradient in zip(own, gradients(3), strict=True):
        one.grad = gradient
    nn.utils.clip_grad_norm_(own, norm)
    for one, gradient in zip(own, clipped(gradients(3), norm), strict=True):
        torch.testing.assert_close(one.grad, gradient)
    optimiser.step()
    for one, other in zip(ahead, own, strict=True):
        torch.testing.assert_close(one, other)


def test_the_first_of_its_parameters_may_be_given_alone() -> None:
    own = parameters()
    optimiser = torch.optim.Adam(own, lr=0.1)
    steps(optimiser, own, range(2))
    first, *_ = rule_of(optimiser, own)(own, gradients(5))
    (alone,) = rule_of(optimiser, own)(own[:1], gradients(5)[:1])
    assert torch.equal(first, alone)


@pytest.mark.parametrize(
    ("kind", "options", "called"),
    [
        (torch.optim.NAdam, {}, "NAdam"),
        (torch.optim.Adam, {"amsgrad": True}, "Adam with amsgrad"),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}, "SGD with nesterov"),
        (torch.optim.RMSprop, {"centered": True}, "RMSprop with centered"),
    ],
)
def test_others_are_refused(
    kind: type[torch.optim.Optimizer], options: dict[str, Any], called: str
) -> None:
    own = parameters()
    with pytest.raises(UsageError) as caught:
        rule_of(kind(own, lr=0.1, **options), own)  # type: ignore[call-arg]
    assert caught.value.message == f"there is no way to look ahead through {called}"
    assert "adam, adamw, rmsprop or sgd" in (caught.value.hint or "")
