"""A loss that returns something else is named, with what was expected and what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from ganbench.api.errors import PluginNotUsable

from .small import small_trainer

RETURNED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "None": (lambda step: None, "None"),
    "a float": (lambda step: 0.5, "a float"),
    "a tuple": (lambda step: (step.fake_logits.mean(), 1), "a tuple"),
    "a vector": (lambda step: step.fake_logits, r"a tensor of shape \(16,\)"),
    "a constant": (lambda step: torch.ones(()), "a tensor without a graph"),
}


class Returning:
    def __init__(self, side: str, value: Callable[[Any], Any]) -> None:
        self._side, self._value = side, value

    def _loss(self, side: str, step: Any) -> Any:
        return self._value(step) if side == self._side else step.fake_logits.mean()

    def discriminator_loss(self, step: Any) -> Any:
        return self._loss("discriminator", step)

    def generator_loss(self, step: Any) -> Any:
        return self._loss("generator", step)


@pytest.mark.parametrize("side", ["generator", "discriminator"])
@pytest.mark.parametrize("case", RETURNED)
def test_what_is_no_loss_is_named(side: str, case: str) -> None:
    value, found = RETURNED[case]
    trainer = small_trainer(Returning(side, value))
    expected = f"Returning.{side}_loss must return a scalar tensor with a graph, it returned "
    step = trainer.generator_step if side == "generator" else trainer.discriminator_step
    with pytest.raises(PluginNotUsable, match=f"^{expected}{found}$"):
        step()


def test_an_error_within_the_backward_pass_is_left_as_it_is() -> None:
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, value: Any) -> Any:
            return value.clone()

        @staticmethod
        def backward(context: Any, gradient: Any) -> Any:
            raise RuntimeError("of the loss itself")

    trainer = small_trainer(
        Returning("discriminator", lambda step: Failing.apply(step.fake_logits.mean()))
    )
    with pytest.raises(RuntimeError, match="of the loss itself"):
        trainer.discriminator_step()
