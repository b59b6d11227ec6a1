"""All that training changes goes into a checkpoint and comes back out of it, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import Loss, Optimiser, Step
from ganbench.planning.budget import Budget
from ganbench.training.checkpoint import UnstorableState, load_checkpoint, save_checkpoint
from ganbench.training.clock import BudgetClock
from ganbench.training.kept import (
    keep_tensors,
    move_part,
    part_state,
    put_back,
    restore_part,
)
from ganbench.training.loop import Eager, train
from ganbench.training.state import (
    random_state,
    restore_random_state,
    restore_trainer,
    trainer_state,
)
from ganbench.training.telemetry import Telemetry
from ganbench.training.trainer import Trainer

from .small import CPU, small_trainer

SCHEDULED = {"generator": Optimiser(lr=1e-2), "schedule": "linear"}


class Plain:
    """Wasserstein losses, with logits shifted by `centre`, which `remember` moves."""

    centre: Any

    def __init__(self) -> None:
        self.centre = 0.0

    def discriminator_loss(self, step: Step) -> Tensor:
        self.remember(step.real_logits.detach().mean())
        shifted = step.real_logits - self.centre
        return F.softplus(-shifted).mean() + F.softplus(step.fake_logits + self.centre).mean()

    def generator_loss(self, step: Step) -> Tensor:
        return F.softplus(-step.fake_logits - self.centre).mean()

    def remember(self, mean: Tensor) -> None:
        """Nothing, here."""


class InAttributes(Plain):
    """Keeps a number, a tensor and a history, and draws from torch's generator."""

    def __init__(self) -> None:
        self.seen = 0
        self.centre = torch.zeros(())
        self.history: list[tuple[int, float]] = []

    def remember(self, mean: Tensor) -> None:
        self.seen += 1
        self.centre = 0.9 * self.centre + 0.1 * mean + 0.01 * torch.randn(())
        self.history = [*self.history[-3:], (self.seen, float(mean))]

    def critic_steps(self, generator_step: int) -> int:
        return 1 + self.seen % 3


class InModule(Plain, nn.Module):
    """Keeps a buffer that its `state_dict` leaves out."""

    centre: Tensor

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.register_buffer("centre", torch.zeros(()), persistent=False)

    def remember(self, mean: Tensor) -> None:
        self.centre.lerp_(mean, 0.1)


class InItsOwn(Plain):
    """Keeps what only its own `state_dict` can tell."""

    def __init__(self) -> None:
        self.centre = 0.0
        self.means = iter([0.0])

    def remember(self, mean: Tensor) -> None:
        self.centre = 0.5 * next(self.means) + 0.5 * float(mean)
        self.means = iter([self.centre])

    def state_dict(self) -> dict[str, Any]:
        self.means = iter([self.centre])
        return {"centre": self.centre}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.centre = state["centre"]
        self.means = iter([self.centre])


class WithNetwork(Plain):
    """Keeps a network of its own, which follows the logits."""

    def __init__(self) -> None:
        self.network = nn.BatchNorm1d(1, affine=False)

    @property
    def centre(self) -> Tensor:  # type: ignore[override]
        return self.network.running_mean[0]  # type: ignore[index]

    def remember(self, mean: Tensor) -> None:
        self.network(torch.stack([mean, mean + 1]).view(2, 1))


def steps(trainer: Trainer, clock: BudgetClock, until: int, folder: Path) -> None:
    """Train up to that step, as a run does."""
    clock.allows = lambda images, flops: clock.steps < until  # type: ignore[method-assign]
    train(Eager(trainer), clock, Telemetry(folder / "history.jsonl"), lambda: None)


def bits(trainer: Trainer) -> list[Tensor]:
    modules = [trainer.networks.generator, trainer.networks.discriminator, trainer.evaluated]
    return [tensor.clone() for one in modules for tensor in one.state_dict().values()]


@pytest.mark.parametrize("make_loss", [Plain, InAttributes, InModule, InItsOwn, WithNetwork])
@pytest.mark.parametrize(
    "training",
    [{}, {"updates": "simultaneous"}, {"ema": 0.9}, SCHEDULED],
    ids=["alternating", "simultaneous", "average", "scheduled"],
)
def test_training_goes_on_to_the_same_bits(
    make_loss: Callable[[], Loss], training: dict[str, Any], tmp_path: Path
) -> None:
    if make_loss is InAttributes and "updates" in training:
        pytest.skip("simultaneous updates take one critic step")
    torch.manual_seed(5)
    straight = small_trainer(make_loss(), **training)
    clock = BudgetClock(Budget("steps", 30), CPU, marks=1)
    steps(straight, clock, 11, tmp_path)
    state = {
        "trainer": trainer_state(straight),
        "clock": clock.state(),
        "random": random_state(CPU),
    }
    save_checkpoint(tmp_path, state)
    steps(straight, clock, 30, tmp_path)

    again = small_trainer(make_loss(), **training)
    clock = BudgetClock(Budget("steps", 30), CPU, marks=1)
    kept = load_checkpoint(tmp_path, print)
    assert kept is not None
    restore_trainer(again, kept["trainer"])
    clock.restore(kept["clock"])
    restore_random_state(kept["random"], CPU)
    before = bits(again)
    steps(again, clock, 30, tmp_path)
    assert not all(map(torch.equal, before, bits(again)))
    assert all(map(torch.equal, bits(straight), bits(again)))


def test_a_loss_whose_state_cannot_be_kept_says_what_to_do() -> None:
    loss = Plain()
    loss.means = iter([0.0])  # type: ignore[attr-defined]
    with pytest.raises(UnstorableState, match=r"list_iterator in means: give it `state_dict`"):
        part_state(loss)


# What parts keep, apart from training.


class Term:
    """A part within a part."""

    def __init__(self) -> None:
        self.means = [torch.zeros(2), torch.zeros(())]
        self.by_side: dict[str, Any] = {}

    def discriminator_loss(self, step: Step) -> Tensor:
        raise NotImplementedError


class Made:
    """A loss that is made of others, and of what never changes."""

    def __init__(self) -> None:
        self.term = Term()
        self.optimiser = Optimiser(lr=0.5)
        self.network = nn.BatchNorm1d(2)
        self.square = torch.square


def test_what_a_loss_is_made_of_goes_with_it() -> None:
    made, other = Made(), Made()
    made.term.means[0] += 3
    made.term.by_side = {"generator": (torch.ones(2), "x"), "n": 4}
    assert made.network.running_mean is not None
    made.network.running_mean += 2
    state = part_state(made)
    for _ in range(2):  # into a fresh one, and into one that holds as much
        restore_part(other, state, CPU)
        assert other.term.means[0].tolist() == [3, 3]
        ones, x = other.term.by_side["generator"]
        assert (ones.tolist(), x, other.term.by_side["n"]) == ([1, 1], "x", 4)
        assert torch.equal(other.network.running_mean, made.network.running_mean)  # type: ignore[arg-type]
    assert other.optimiser == made.optimiser


def test_tensors_come_back_to_the_device_they_are_needed_on() -> None:
    full = Term()
    full.means, full.by_side = [torch.ones(2)], {"d": torch.ones(1)}
    term = Term()
    restore_part(term, part_state(full), torch.device("meta"))
    assert (term.means[0].device.type, term.by_side["d"].device.type) == ("meta", "meta")
    lone = Term()
    full.mean = full.fresh = torch.ones(2)  # type: ignore[attr-defined]
    lone.mean = torch.zeros(2)  # type: ignore[attr-defined]
    restore_part(lone, part_state(full), torch.device("meta"))
    assert lone.mean.device.type == "cpu"  # type: ignore[attr-defined]  # where it has chosen to be
    assert lone.fresh.device.type == "meta"  # type: ignore[attr-defined]


def test_a_part_moves_with_all_that_it_holds() -> None:
    made = Made()
    move_part(made, torch.device("meta"))
    assert made.term.means[0].device.type == made.network.weight.device.type == "meta"
    assert made.optimiser.lr == 0.5
    learning = Plain()
    learning.scale = kept = nn.Parameter(torch.ones(()))  # type: ignore[attr-defined]
    move_part(learning, CPU)
    assert learning.scale is kept  # type: ignore[attr-defined]  # an optimiser will hold it


def test_what_parts_keep_is_put_back() -> None:
    made, buffered = Made(), InModule()
    with put_back([made, buffered]):
        made.term.means[0] += 1
        made.term.by_side["new"] = 1
        made.term.extra = 2  # type: ignore[attr-defined]
        buffered.centre.add_(5)
        buffered.count = 3  # type: ignore[attr-defined]
        buffered.register_buffer("late", torch.ones(()))
        made.network.train()(torch.randn(4, 2))
    assert made.term.means[0].tolist() == [0, 0]
    assert made.term.by_side == {}
    assert not hasattr(made.term, "extra")
    assert not hasattr(buffered, "count")
    assert buffered.centre == 0
    assert [name for name, _ in buffered.named_buffers()] == ["centre"]
    assert made.network.num_batches_tracked == 0


def test_what_parts_keep_is_put_back_after_an_error_as_well() -> None:
    buffered = InModule()

    def fail() -> None:
        with put_back([buffered]):
            buffered.centre.add_(5)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert buffered.centre == 0


def test_parameters_are_theirs_throughout() -> None:
    line = nn.Linear(2, 1)
    before = [id(one) for one in line.parameters()]
    with put_back([line]):
        assert [id(one) for one in line.parameters()] == before
    assert [id(one) for one in line.parameters()] == before


def test_who_keeps_tensors() -> None:
    assert keep_tensors([Plain(), InModule()])
    assert keep_tensors([Made()])
    assert not keep_tensors([Plain(), object()])
