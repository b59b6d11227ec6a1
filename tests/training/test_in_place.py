"""A change in place is told by the network that makes it, and only where torch found one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganbench.api.errors import PluginNotUsable
from ganbench.training.in_place import in_place_told
from ganbench.training.loop import Eager

from .small import small_networks, small_trainer


class Plain:
    def discriminator_loss(self, step: Any) -> Any:
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step: Any) -> Any:
        return -step.fake_logits.mean()


class Spoils(nn.Module):
    """Changes what its last operation has saved."""

    def __init__(self, within: nn.Module) -> None:
        super().__init__()
        self.within = within

    def forward(self, given: Tensor) -> Tensor:
        found: Tensor = self.within(given).sigmoid()
        found += 1
        return found


def trained(loss: object, **networks: Any) -> None:
    trainer = small_trainer(loss, networks=replace(small_networks(), **networks))
    with in_place_told(trainer):
        Eager(trainer).step(0, 0.0)


@pytest.mark.parametrize("side", ["generator", "discriminator"])
def test_the_side_is_told_without_a_name(side: str) -> None:
    networks: Any = {side: Spoils(getattr(small_networks(), side))}
    with pytest.raises(PluginNotUsable, match=f"^the {side} changes what its own gradient needs"):
        trained(Plain(), **networks)


def test_an_error_that_is_no_network_s_stays_as_it_is() -> None:
    class Loss(Plain):
        def discriminator_loss(self, step: Any) -> Any:
            logits = step.fake_logits.sigmoid()
            logits += 1
            return logits.mean()

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        trained(Loss())


def test_any_other_error_passes() -> None:
    class Loss(Plain):
        def discriminator_loss(self, step: Any) -> Any:
            raise RuntimeError("of its own")

    with pytest.raises(RuntimeError, match=r"^of its own$"):
        trained(Loss())


def test_a_sound_training_is_left_alone() -> None:
    torch.manual_seed(0)
    trained(Plain())
    after = torch.randn(1)
    torch.manual_seed(0)
    trainer = small_trainer(Plain(), networks=small_networks())
    Eager(trainer).step(0, 0.0)
    assert torch.equal(after, torch.randn(1))
