"""A recipe's constants reach torch's optimisers, and one step is the textbook's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ganbench import Optimiser
from ganbench.training.optimisers import make_optimiser, set_learning_rate

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
