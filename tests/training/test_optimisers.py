"""A recipe's constants reach torch's optimisers, and one step is the textbook's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ganbench import Optimiser
from ganbench.training.optimisers import make_optimiser, set_learning_rate, stepper

from .small import CPU


def stepped(recipe: Optimiser, gradients: list[float]) -> list[float]:
    """A weight that starts at 1, after a step down each gradient."""
    weight = nn.Parameter(torch.ones((), dtype=torch.float64))
    optimiser = make_optimiser(recipe, [weight], CPU)
    course = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
        course.append(weight.item())
    return course


GRADIENTS = [0.3, -2.0, 0.5]


def test_adam() -> None:
    lr, b1, b2, eps, decay = 0.01, 0.5, 0.9, 1e-3, 0.1
    weight, m, v, expected = 1.0, 0.0, 0.0, []
    for t, gradient in enumerate(GRADIENTS, 1):
        g = gradient + decay * weight
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        weight -= lr * (m / (1 - b1**t)) / ((v / (1 - b2**t)) ** 0.5 + eps)
        expected.append(weight)
    recipe = Optimiser(name="adam", lr=lr, betas=(b1, b2), eps=eps, weight_decay=decay)
    assert stepped(recipe, GRADIENTS) == pytest.approx(expected)


def test_rmsprop() -> None:
    lr, alpha, eps, momentum = 0.01, 0.8, 1e-3, 0.4
    weight, v, buffer, expected = 1.0, 0.0, 0.0, []
    for g in GRADIENTS:
        v = alpha * v + (1 - alpha) * g * g
        buffer = momentum * buffer + g / (v**0.5 + eps)
        weight -= lr * buffer
        expected.append(weight)
    recipe = Optimiser(name="rmsprop", lr=lr, alpha=alpha, eps=eps, momentum=momentum)
    assert stepped(recipe, GRADIENTS) == pytest.approx(expected)


def test_sgd() -> None:
    lr, momentum, decay = 0.1, 0.9, 0.01
    weight, velocity, expected = 1.0, 0.0, []
    for gradient in GRADIENTS:
        velocity = momentum * velocity + gradient + decay * weight
        weight -= lr * velocity
        expected.append(weight)
    recipe = Optimiser(name="sgd", lr=lr, momentum=momentum, weight_decay=decay)
    assert stepped(recipe, GRADIENTS) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["adam", "rmsprop", "sgd"])
def test_set_learning_rate(name) -> None:
    weight = nn.Parameter(torch.ones(3))
    optimiser = make_optimiser(Optimiser(name=name, lr=0.1), iter([weight]), CPU)
    set_learning_rate(optimiser, 0.0)
    weight.grad = torch.ones(3)
    optimiser.step()
    assert torch.equal(weight.detach(), torch.ones(3))


NAMES = ["adam", "adamw", "rmsprop", "sgd"]


@pytest.mark.parametrize("name", NAMES)
def test_a_stepper_takes_the_optimisers_own_steps_to_the_bit(name: str) -> None:
    """With a rate that changes, a layer that takes no part now and then, and a state that is
    loaded in between."""
    recipe = Optimiser(name=name, lr=0.01, weight_decay=0.1)
    torch.manual_seed(0)
    ours = nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 2))
    theirs = copy.deepcopy(ours)
    own, plain = (make_optimiser(recipe, one.parameters(), CPU) for one in (ours, theirs))
    step = stepper(own)
    for number in range(12):
        for module in (ours, theirs):
            for index, parameter in enumerate(module.parameters()):
                torch.manual_seed(100 * number + index)
                absent = number % 5 == 0 and index > 1
                parameter.grad = None if absent else torch.randn_like(parameter)
        set_learning_rate(own, 0.01 / (1 + number))
        set_learning_rate(plain, 0.01 / (1 + number))
        if number == 7:
            own.load_state_dict(copy.deepcopy(own.state_dict()))
        step()
        plain.step()
        assert all(map(torch.equal, ours.parameters(), theirs.parameters()))
    for one, other in zip(own.state.values(), plain.state.values(), strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one if one[name] is not None)


def test_only_fused_adam_of_one_group_is_called_without_its_python() -> None:
    weights = [nn.Parameter(torch.zeros(1)) for _ in range(2)]
    adam = make_optimiser(Optimiser(lr=0.1), weights, CPU)
    assert stepper(adam) != adam.step
    for other in (
        torch.optim.Adam(weights),
        torch.optim.Adam([{"params": [one]} for one in weights], fused=True),
        make_optimiser(Optimiser(name="sgd", lr=0.1), weights, CPU),
    ):
        assert stepper(other) == other.step
