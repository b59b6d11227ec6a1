"""What losses, techniques and networks keep, wherever they keep it, or that it cannot be kept."""

from __future__ import annotations

import copy
import random
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ganbench import Step
from ganbench.training.checkpoint import UnstorableState, load_checkpoint, save_checkpoint
from ganbench.training.coupling import couples_samples
from ganbench.training.holders import places
from ganbench.training.kept import (
    copied,
    keep_tensors,
    move_part,
    part_state,
    put_back,
    restore_part,
)
from ganbench.training.state import restore_trainer, trainer_state

from .small import CPU, small_networks, small_trainer


class Phase(Enum):
    WARM = 1
    DONE = 2


class Scaled:
    """A loss of the logits, times what `factor` says, which moves on in every step."""

    def discriminator_loss(self, step: Step) -> Tensor:
        return torch.mul((step.fake_logits - step.real_logits).mean(), self.factor())

    def generator_loss(self, step: Step) -> Tensor:
        return torch.mul(-step.fake_logits.mean(), self.factor())

    def factor(self) -> Any:
        raise NotImplementedError


class Private(Scaled, nn.Module):
    """Counts in an attribute whose name begins as torch's do."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self._count = 0

    def factor(self) -> Any:
        self._count += 1
        return self._count


class Late(Scaled, nn.Module):
    """Has its buffer from the first step on, and another one until then."""

    count: Tensor

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.register_buffer("before", torch.ones(3))
        self.register_buffer("none", None)

    def factor(self) -> Any:
        if "count" not in self._buffers:
            self.register_buffer("count", torch.zeros(()))
            self.none = torch.zeros(2)
            del self.before
        self.count += 1
        self.none = torch.cat([self.none, self.count.view(1)])
        return self.none.sum().clone()


@dataclass(slots=True)
class Slots(Scaled):
    """Has no `__dict__`."""

    count: float = 0.0
    __hidden: list[float] = field(default_factory=list)

    def factor(self) -> Any:
        self.count += 1
        self.__hidden.append(self.count)
        return sum(self.__hidden)


@dataclass(frozen=True)
class Frozen(Scaled):
    """May not be set, but holds a list that grows."""

    seen: list[int] = field(default_factory=list)

    def factor(self) -> Any:
        self.seen.append(1)
        return len(self.seen)


class Schedule:
    """A plain object that can be called."""

    def __init__(self) -> None:
        self.phase = Phase.WARM
        self.count = 0

    def __call__(self) -> int:
        self.count += 1
        self.phase = Phase.DONE if self.count > 2 else Phase.WARM
        return self.phase.value * self.count


class InObjects(Scaled, nn.Module):
    """Keeps it in objects, and in lists of modules."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.schedule = Schedule()
        self.counts = SimpleNamespace(made=1.0)
        self.norms = [nn.BatchNorm1d(1, affine=False)]

    def factor(self) -> Any:
        self.counts.made += 1
        mean = self.norms[0].running_mean
        assert mean is not None
        self.norms[0](torch.tensor([[1.0], [2.0]]) * self.counts.made)
        return self.schedule() * self.counts.made + mean.clone().sum()


class Arrays(Scaled):
    """Keeps arrays, as they are and within others, and changes them in place."""

    def __init__(self) -> None:
        self.counts = np.zeros(3)
        self.mean = np.float64(0.0)
        self.by_name = {"seen": [np.zeros((2, 2), np.int32)]}

    def factor(self) -> Any:
        self.counts += 1
        self.by_name["seen"][0][:] += 2
        self.mean = 0.5 * self.mean + self.counts.sum()
        return float(self.mean + self.by_name["seen"][0].sum())


class Extra(Scaled, nn.Module):
    """Keeps a queue, and says itself what is in it."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        self.queue: deque[int] = deque(maxlen=9)

    def factor(self) -> Any:
        self.queue.append(1)
        return len(self.queue)

    def get_extra_state(self) -> list[int]:
        return list(self.queue)

    def set_extra_state(self, state: list[int]) -> None:
        self.queue = deque(state, maxlen=9)


LOSSES: list[Callable[[], Any]] = [Private, Late, Slots, Frozen, InObjects, Arrays, Extra]


@pytest.mark.parametrize("make", LOSSES)
def test_a_training_goes_on_to_the_same_bits(make: Callable[[], Any], tmp_path: Path) -> None:
    torch.manual_seed(5)
    straight = small_trainer(make())
    for _ in range(3):
        straight.differentiate("discriminator")
        straight.differentiate("generator")
    save_checkpoint(tmp_path, trainer_state(straight))
    kept = load_checkpoint(tmp_path, pytest.fail)
    assert kept is not None
    again = small_trainer(make())
    restore_trainer(again, kept)
    for side in ("discriminator", "generator"):
        straight.differentiate(side)
        again.differentiate(side)
        assert any(one.grad is not None and one.grad.any() for one in straight.trained[side])
        for one, other in zip(straight.trained[side], again.trained[side], strict=True):
            assert one.grad is not None
            assert other.grad is not None
            assert torch.equal(one.grad, other.grad)


@pytest.mark.parametrize("make", [Private, Late, Slots, Frozen, InObjects, Arrays])
def test_looking_ahead_leaves_no_trace(make: Callable[[], Any]) -> None:
    loss, other = make(), make()
    loss.factor(), other.factor()
    with put_back([loss]):
        loss.factor(), loss.factor()
    assert [loss.factor() for _ in range(3)] == [other.factor() for _ in range(3)]


@pytest.mark.parametrize(
    "value",
    [deque([1], 2), Counter("a"), defaultdict(int, a=1), {1}],
    ids=lambda one: type(one).__name__,
)
def test_looking_ahead_leaves_no_trace_in_what_cannot_be_kept(value: Any) -> None:
    owner = SimpleNamespace(seen=value)
    before = copy.copy(value)
    with put_back([owner]):
        owner.seen.clear()
    assert owner.seen == before


@pytest.mark.parametrize("value", [Counter("a"), defaultdict(int), np.array(["a"])])
def test_a_loss_says_what_would_come_back_as_something_else(value: Any) -> None:
    loss = Arrays()
    loss.seen = value  # type: ignore[attr-defined]
    with pytest.raises(UnstorableState, match=r"Arrays keeps a \w+ in seen: give it `state_dict"):
        part_state(loss)


def test_copies_share_nothing() -> None:
    state: dict[str, Any] = {"a": np.zeros(2), "of": OrderedDict(b=torch.zeros(2), s={1})}
    apart = copied(state)
    state["a"] += 1
    state["of"]["b"] += 1
    state["of"]["s"].add(2)
    assert type(apart["of"]) is OrderedDict
    assert (apart["a"].tolist(), apart["of"]["b"].tolist(), apart["of"]["s"]) == (
        [0, 0],
        [0, 0],
        {1},
    )


def test_a_torch_layer_keeps_its_weights_once_and_its_own() -> None:
    lstm, other = nn.LSTM(2, 3), nn.LSTM(2, 3)
    state = part_state(lstm)
    assert "_flat_weights" not in state[""]["attributes"]
    before = [id(one) for one in other.parameters()]
    restore_part(other, state, CPU)
    assert [id(one) for one in other.parameters()] == before
    assert all(map(torch.equal, lstm.parameters(), other.parameters()))
    samples = torch.randn(4, 2)
    assert torch.equal(lstm(samples)[0], other(samples)[0])


class Configured(nn.Module):
    """A network that is told by what does not change."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.utils.parametrizations.spectral_norm(nn.Linear(2, 2))
        self.all_layers = {"first": [self.layer], "activations": (torch.relu, nn.ReLU)}
        self.options = SimpleNamespace(width=3, device=CPU, dtype=torch.float32)
        self.path, self.phase = Path(), Phase.WARM
        self.function = lambda samples: samples
        self.layer.register_forward_hook(lambda *_: None)


def test_configuration_does_not_keep_a_network_from_being_kept() -> None:
    other = Configured()
    one = Configured()
    restore_part(other, part_state(one), CPU)
    assert all(map(torch.equal, one.parameters(), other.parameters()))
    assert other.all_layers["first"][0] is other.layer


@pytest.mark.parametrize(
    "value",
    [
        *(deque([1]), torch.Generator(), iter([1]), random.Random(0)),  # noqa: S311
        *([deque()], {"n": 1, "of": deque()}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("name", ["seen", "_seen"])
def test_a_module_says_what_it_cannot_keep(name: str, value: Any) -> None:
    module = nn.Sequential(nn.Linear(1, 1))
    setattr(module[0], name, value)
    with pytest.raises(UnstorableState, match=rf"Linear keeps a \w+ in {name}: give it `get_extra"):
        part_state(module)


@pytest.mark.parametrize("holds", [nn.Linear(1, 1), SimpleNamespace(n=1), Private()])
def test_what_is_made_later_could_not_be_made_again(holds: Any) -> None:
    loss = Private()
    trainer = small_trainer(loss)
    trainer_state(trainer)
    loss.late = holds
    with pytest.raises(UnstorableState, match="small: late was made when training had begun"):
        trainer_state(trainer)


class Stages(Scaled):
    """Points to one of two objects of its own, and to another one later."""

    def __init__(self) -> None:
        self.stages = [SimpleNamespace(by=1.0), SimpleNamespace(by=2.0)]
        self.current = self.stages[0]

    def factor(self) -> float:
        return float(self.current.by)


def test_another_part_under_the_same_name_is_one_that_could_not_be_made_again() -> None:
    loss = Stages()
    trainer = small_trainer(loss)
    trainer_state(trainer)
    loss.current = loss.stages[1]
    with pytest.raises(UnstorableState, match=r"current as another name of stages/1 was made when"):
        trainer_state(trainer)


class Grown(nn.Module):
    """As networks do that grow."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Linear(2, 2) for _ in range(2))
        self.active = self.blocks[0]


def test_modules_that_are_exchanged_for_others_of_the_same_network_are_told() -> None:
    grown = Grown()
    before = set(places(grown))
    grown.active = grown.blocks[1]
    assert set(places(grown)) - before == {"active as another name of blocks.1"}


@pytest.mark.parametrize("put_into", [list, tuple, lambda own: dict(enumerate(own))])
def test_parameters_of_others_in_a_list_stay_theirs(put_into: Callable[[Any], Any]) -> None:
    network = nn.Linear(2, 2)
    loss, kept = Private(), Private()
    loss.held = put_into(network.parameters())  # type: ignore[attr-defined]
    kept.held = put_into(nn.Linear(2, 2).parameters())  # type: ignore[attr-defined]
    restore_part(loss, part_state(kept), CPU)
    held = loss.held  # type: ignore[attr-defined]
    values = list(held.values()) if isinstance(held, dict) else list(held)
    assert all(one is own for one, own in zip(values, network.parameters(), strict=True))
    theirs = kept.held  # type: ignore[attr-defined]
    assert torch.equal(network.weight, theirs[0])


@pytest.mark.parametrize("put_into", [list, lambda own: dict(enumerate(own))])
def test_a_parameter_of_another_shape_is_none_that_was_kept(put_into: Callable[[Any], Any]) -> None:
    loss, kept = Private(), Private()
    loss.held = put_into(nn.Linear(2, 2).parameters())  # type: ignore[attr-defined]
    kept.held = put_into(nn.Linear(2, 3).parameters())  # type: ignore[attr-defined]
    with pytest.raises(UnstorableState, match=r"the shape \(3, 2\) where \(2, 2\) is"):
        restore_part(loss, part_state(kept), CPU)


def test_a_state_goes_only_where_there_is_a_place_for_it() -> None:
    loss = Private()
    loss.late = nn.Linear(1, 1)
    with pytest.raises(UnstorableState, match="Private has no late to put the state into"):
        restore_part(Private(), part_state(loss), CPU)


def test_what_is_gone_is_gone_again() -> None:
    loss = Private()
    loss.first = True  # type: ignore[assignment]
    other = Private()
    other.first = other.second = True  # type: ignore[assignment]
    del loss.first
    restore_part(other, part_state(loss), CPU)
    assert not hasattr(other, "first")
    assert not hasattr(other, "second")


def test_tensors_in_slots_are_found_and_moved() -> None:
    loss = Slots()
    assert not keep_tensors([loss])
    loss.count = torch.zeros(())  # type: ignore[assignment]
    assert keep_tensors([loss])
    move_part(loss, torch.device("meta"))
    assert loss.count.device.type == "meta"  # type: ignore[attr-defined]


def test_a_network_is_looked_at_whatever_it_keeps() -> None:
    network = small_networks().discriminator
    network.seen = deque()  # type: ignore[assignment]
    before = [one.clone() for one in network.parameters()]
    assert not couples_samples(network, torch.randn(16, 2))
    assert all(map(torch.equal, before, network.parameters()))
