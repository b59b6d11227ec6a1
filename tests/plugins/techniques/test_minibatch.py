"""What stands beside the features, by hand; where it stands; and what it must not meet."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ganbench import Latent, Networks
from ganbench.api.errors import GanbenchError
from ganbench_plugins.techniques.minibatch import (
    MinibatchDiscrimination,
    MinibatchStddev,
    beside,
    nearness,
)

from ...proof.proofs import advance, catalogue_with, data_of, spec_of, trainer_of


def test_deviations_by_hand() -> None:
    """Groups of four, the last one smaller; a mean over features, one number for a group."""
    features = torch.tensor([[0.0, 0], [2, 0], [0, 0], [2, 0], [5, 1], [5, 3]])
    found = MinibatchStddev().deviations(features)
    expected = torch.tensor([[0.5]] * 4 + [[0.5]] * 2)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    wide = MinibatchStddev(group=6).deviations(features)
    by_hand = features.std(dim=0, correction=0).mean().expand(6, 1)
    torch.testing.assert_close(wide, by_hand, atol=1e-4, rtol=0)


def test_nearness_by_hand() -> None:
    distances = torch.tensor([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]])[:, :, None]
    a, b, c = math.exp(-1), math.exp(-2), math.exp(-3)
    torch.testing.assert_close(nearness(distances), torch.tensor([[a + b], [a + c], [b + c]]))


def test_the_first_batch_scales_and_centres() -> None:
    neighbours = MinibatchDiscrimination(kernels=3, dimensions=2).neighbours(4)
    seen = 50 * torch.randn(16, 4, generator=torch.Generator().manual_seed(1))
    first = neighbours(seen)
    torch.testing.assert_close(first.mean(dim=0), torch.zeros(3), atol=1e-6, rtol=0)
    projected = torch.einsum("jf,fbc->jbc", seen, neighbours.projections)
    distances = torch.cdist(projected.transpose(0, 1), projected.transpose(0, 1), p=1)
    distances.diagonal(dim1=1, dim2=2).fill_(math.inf)
    half = distances.amin(dim=2).mean(dim=1) * neighbours.scale / 2
    torch.testing.assert_close(half.detach(), torch.ones(3))
    torch.testing.assert_close(neighbours(seen), first)  # the second changes nothing any more
    scale = neighbours.scale.clone()
    neighbours(3 * seen)
    assert torch.equal(neighbours.scale, scale)


def test_copies_of_one_sample_stand_out() -> None:
    neighbours = MinibatchDiscrimination().neighbours(4)
    seen = torch.randn(16, 4, generator=torch.Generator().manual_seed(1))
    varied = neighbours(seen)
    copies = neighbours(seen[:1].expand(16, 4))
    assert float(copies.detach().mean()) > float(varied.detach().max())
    torch.testing.assert_close(copies + neighbours.centre, torch.full((16, 100), 15.0))


def test_a_head_begins_as_without_and_learns_what_stands_beside() -> None:
    head = nn.Linear(4, 1)
    wrapped = beside(head, MinibatchStddev().deviations, 1)
    features = torch.randn(8, 4)
    torch.testing.assert_close(wrapped(features), head(features))
    wrapped(features).sum().backward()
    slope = wrapped.gain.grad
    torch.testing.assert_close(slope, MinibatchStddev().deviations(features).sum(dim=0))


def test_a_convolution_at_the_end_sees_a_channel_more() -> None:
    """A 4x4 convolution of a constant channel is a constant: both are one."""
    head = nn.Conv2d(3, 1, 4)
    wrapped = beside(head, MinibatchStddev().deviations, 1)
    features = torch.randn(8, 3, 4, 4)
    torch.testing.assert_close(wrapped(features), head(features).view(8, 1))


@pytest.mark.parametrize("technique", ["mbstd", "mbd:20", "mbstd:8+sn", "sn+mbd", "pac:2+mbstd"])
@pytest.mark.parametrize(
    ("pair", "dataset"),
    [("mlp+non-saturating[model.width=8]", "ring8"), ("dcgan+hinge[model.width=8]", "digits")],
)
def test_they_train_and_begin_as_without(technique: str, pair: str, dataset: str) -> None:
    name, bracket, parameters = pair.partition("[")
    data = data_of(dataset)
    trainer = trainer_of(f"{name}+{technique}{bracket}{parameters}", data, catalogue_with())
    advance(trainer, 2)
    weights = [
        parameter
        for name, parameter in trainer.networks.discriminator.named_parameters()
        if name.endswith("gain") or "projections" in name
    ]
    assert weights
    assert all(bool(weight.abs().sum() > 0) for weight in weights)


@pytest.mark.parametrize("technique", ["mbstd", "mbd"])
def test_they_are_refused_beside_penalties_of_single_samples(technique: str) -> None:
    with pytest.raises(GanbenchError, match=f"technique {technique} lets the samples"):
        spec_of(f"vanilla+{technique}+gp", catalogue_with())


def test_a_network_that_hides_its_last_layer_is_refused() -> None:
    class Opaque(nn.Module):
        def forward(self, samples: torch.Tensor) -> torch.Tensor:
            return samples.sum(dim=1)

    networks = Networks(generator=nn.Linear(2, 2), discriminator=Opaque(), latent=Latent(size=2))
    with pytest.raises(GanbenchError, match="Opaque does not tell its last layer"):
        MinibatchStddev().networks(networks)


@pytest.mark.parametrize("both", ["mbd+mbstd", "mbstd+mbd"])
def test_both_stand_beside_one_head(both: str) -> None:
    trainer = trainer_of(f"mlp+hinge+{both}[model.width=8]", data_of("ring8"), catalogue_with())
    advance(trainer, 2)
    gains = [
        one
        for name, one in trainer.networks.discriminator.named_parameters()
        if name.endswith("gain")
    ]
    assert sorted(len(one) for one in gains) == [1, 100]
    assert all(bool(one.any()) for one in gains)


def test_a_last_layer_without_weights_is_refused() -> None:
    judge = nn.Sequential(nn.Linear(2, 3), nn.Softmax(dim=1))
    networks = Networks(generator=nn.Linear(2, 2), discriminator=judge, latent=Latent(size=2))
    with pytest.raises(GanbenchError, match="last layer is a Softmax, which has no weight"):
        MinibatchDiscrimination().networks(networks)


@pytest.mark.parametrize("technique", ["mbstd", "mbd"])
def test_they_are_refused_beside_ctgan_whose_loss_has_its_own_penalty(technique: str) -> None:
    with pytest.raises(GanbenchError, match="ctgan-loss penalises slopes at single samples"):
        spec_of(f"ctgan+{technique}", catalogue_with(), suite="tabular", task="penguins")
