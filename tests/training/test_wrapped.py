"""Discriminators around others: what they show, bind and replace, and what is asked of any."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench import WithParameters, Wrapped
from ganbench.training.wrapped import Labelled, head_of, samples_per_judgement


class Doubled(Wrapped):
    def shown(self, samples: Tensor) -> Tensor:
        return 2 * samples


class ByClass(nn.Module):
    """The first coordinate, and ten times the class."""

    def forward(self, samples: Tensor, classes: Tensor) -> Tensor:
        return samples[:, 0] + 10 * classes


def test_a_wrapper_shows_its_samples_to_the_one_within() -> None:
    inner = nn.Linear(2, 1)
    samples = torch.randn(5, 2)
    assert torch.equal(Wrapped(inner)(samples), inner(samples))
    assert torch.equal(Doubled(Doubled(inner))(samples), inner(4 * samples))
    classes = torch.tensor([1, 2, 3, 4, 5])
    assert torch.equal(Doubled(ByClass())(samples, classes), 2 * samples[:, 0] + 10 * classes)


def test_samples_of_a_judgement_multiply() -> None:
    inner = nn.Linear(12, 1)
    assert samples_per_judgement(inner) == 1
    assert samples_per_judgement(Wrapped(inner)) == 1
    assert samples_per_judgement(Wrapped(Doubled(Wrapped(inner, 2)), 3)) == 6
    judged = Labelled(WithParameters(Wrapped(inner, 2), {}), torch.zeros(4, dtype=torch.int64))
    assert samples_per_judgement(judged) == 2


def test_classes_are_bound_and_repeated_for_several_batches() -> None:
    classes = torch.tensor([3, 1])
    bound = Labelled(ByClass(), classes)
    assert bound(torch.zeros(2, 1)).tolist() == [30, 10]
    assert bound(torch.zeros(6, 1)).tolist() == [30, 10] * 3
    assert bound(torch.zeros(2, 1), torch.tensor([0, 7])).tolist() == [0, 70]


def test_other_parameters_stand_in_and_statistics_stay() -> None:
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    before = {name: one.clone() for name, one in network.state_dict().items()}
    weight = torch.randn(3, 2, requires_grad=True)
    judge = WithParameters(network, {"0.weight": weight})
    samples = torch.randn(8, 2)
    logits = judge(samples)
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    (slope,) = torch.autograd.grad(logits.square().sum(), weight)
    assert slope.any()
    with torch.no_grad():
        network[0].weight.copy_(weight)
    torch.testing.assert_close(network(samples), logits)  # which does move its statistics
    assert not torch.equal(network[1].running_mean, before["1.running_mean"])


def test_what_it_sees_moves_statistics_of_its_own() -> None:
    network = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))
    judge = WithParameters(network, {})
    samples = torch.randn(8, 2) + 5
    for _ in range(3):
        judge(samples)
    judge.eval()
    fresh = WithParameters(network, {}).eval()
    assert not torch.equal(judge(samples), fresh(samples))


class WithHead(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(2, 1)

    def forward(self, samples: Tensor) -> Tensor:
        logits: Tensor = self.head(samples)
        return logits


def test_the_head_is_found_within_any_wrapper() -> None:
    last = nn.Linear(2, 1)
    sequential = nn.Sequential(nn.Linear(2, 2), last)
    assert head_of(sequential) is last
    assert head_of(Doubled(Labelled(sequential, torch.zeros(1)))) is last
    named = WithHead()
    assert head_of(Wrapped(named)) is named.head
    assert head_of(nn.Sequential()) is None
    assert head_of(nn.Linear(2, 1)) is None


@pytest.mark.parametrize("mode", [True, False])
def test_modes_reach_the_one_within(mode: bool) -> None:
    wrapped = Doubled(nn.Sequential(nn.Linear(2, 1)))
    wrapped.train(mode)
    assert all(one.training == mode for one in wrapped.modules())
