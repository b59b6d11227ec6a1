"""Whether samples of a batch influence each other's logits: layers of which the answer is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ganbench import Wrapped
from ganbench.training.coupling import JUDGEMENTS, couples_samples


class Spread(nn.Module):
    """Adds the standard deviation over the batch, with a weight that begins at 0."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.zeros(()))

    def forward(self, samples: Tensor) -> Tensor:
        return samples + self.gain * samples.std(dim=0, correction=0).mean()


class Noisy(nn.Module):
    """Random numbers for each sample: none of them is another sample."""

    def forward(self, samples: Tensor) -> Tensor:
        return samples + torch.randn_like(samples)


class Paired(Wrapped):
    def shown(self, samples: Tensor) -> Tensor:
        return samples.reshape(len(samples) // 2, -1)


def samples(count: int = 32) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(0))


ALONE = {
    "linear": nn.Identity(),
    "layer norm": nn.LayerNorm(6),
    "dropout": nn.Dropout(0.5),
    "noise": Noisy(),
    "spectral norm": nn.utils.parametrizations.spectral_norm(nn.Linear(6, 6)),
}
TOGETHER = {
    "batch norm": nn.BatchNorm1d(6),
    "batch norm without statistics": nn.BatchNorm1d(6, affine=False, track_running_stats=False),
    "spread": Spread(),
}


@pytest.mark.parametrize("name", ALONE)
def test_layers_that_look_at_each_sample_alone(name: str) -> None:
    network = nn.Sequential(nn.Linear(6, 6), ALONE[name], nn.ReLU(), nn.Linear(6, 1))
    assert not couples_samples(network, samples())


@pytest.mark.parametrize("name", TOGETHER)
def test_layers_that_look_at_several(name: str) -> None:
    network = nn.Sequential(nn.Linear(6, 6), TOGETHER[name], nn.ReLU(), nn.Linear(6, 1))
    assert couples_samples(network, samples())


class DeadForSome(nn.Module):
    """Batch norm behind which only the last sample passes: the others tell nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(6)

    def forward(self, samples: Tensor) -> Tensor:
        passing = torch.zeros(len(samples), 1)
        passing[-1] = 1
        return self.norm(samples) * passing


def test_one_judgement_that_is_moved_by_others_is_enough() -> None:
    assert couples_samples(nn.Sequential(DeadForSome(), nn.Linear(6, 1)), samples())


def test_convolutions_with_any_norm() -> None:
    images = torch.randn(16, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    for norm, coupled in (
        (nn.GroupNorm(1, 4), False), (nn.InstanceNorm2d(4, affine=True), False),
        (nn.BatchNorm2d(4), True),
    ):  # fmt: skip
        layers = [nn.Conv2d(2, 4, 3), norm, nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 1)]
        assert couples_samples(nn.Sequential(*layers), images) == coupled


def test_the_samples_of_one_judgement_may() -> None:
    line = nn.Linear(12, 1)
    assert not couples_samples(Paired(line, 2), samples())
    assert couples_samples(Paired(nn.Sequential(nn.BatchNorm1d(12), line), 2), samples())


def test_a_batch_of_one_judgement_tells_nothing() -> None:
    network = nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 1))
    assert not couples_samples(network, samples(1))
    assert couples_samples(network, samples(2))


def test_everything_is_left_as_it_was() -> None:
    network = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.Dropout(), nn.Linear(6, 1))
    network[0].requires_grad_(False)
    given = samples()
    kept, random = given.clone(), torch.get_rng_state()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    for mode in (True, False):
        assert couples_samples(network.train(mode), given)
        assert all(one.training == mode for one in network.modules())
    assert all(torch.equal(one, before[name]) for name, one in network.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert torch.equal(given, kept)
    assert not given.requires_grad
    assert all(one.grad is None for one in network.parameters())


class Classed(nn.Module):
    def __init__(self, *, coupled: bool) -> None:
        super().__init__()
        self.line, self.coupled = nn.Linear(6, 4), coupled

    def forward(self, samples: Tensor, classes: Tensor) -> Tensor:
        logits: Tensor = self.line(samples).gather(1, classes[:, None])
        return logits - logits.mean() if self.coupled else logits


@pytest.mark.parametrize("coupled", [True, False])
def test_conditional_ones_get_their_classes(coupled: bool) -> None:
    classes = torch.arange(32) % 4
    assert couples_samples(Classed(coupled=coupled), samples(), classes) == coupled
    assert len(classes) > JUDGEMENTS
