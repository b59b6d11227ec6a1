"""Several networks as one: the same numbers, whoever is beside them, and the same weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganbench.machine.products import has_wider, wide_products
from ganbench.training.stacking.program import Program, obstacle
from ganbench.training.wrapped import Wrapped


class Shifted(nn.Module):
    """A layer without weights that a plugin has written."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1


class Pairs(Wrapped):
    """Two samples at once."""

    pure = True

    def shown(self, samples: Tensor) -> Tensor:
        return samples.reshape(-1, 2 * samples.shape[1], *samples.shape[2:])


class Noisy(Wrapped):
    """Not pure: it draws."""

    def shown(self, samples: Tensor) -> Tensor:
        return samples + torch.randn_like(samples)


class Twice(Wrapped):
    """Its forward is its own, which nothing tells of."""

    pure = True

    def forward(self, samples: Tensor, *labels: Tensor) -> Tensor:
        return 2 * super().forward(samples, *labels)


def network(seed: int, width: int = 24, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(6, width, bias=bias),
        nn.BatchNorm1d(width),
        nn.LeakyReLU(0.2),
        nn.Sequential(nn.Linear(width, width), Shifted(), nn.Tanh()),
        nn.Linear(width, 1),
    )


def samples(count: int, size: int = 40) -> Tensor:
    return torch.randn(count * size, 2, 3, generator=torch.Generator().manual_seed(9))


def gradients(places: list[int], width: int, size: int = 40) -> list[tuple[Tensor, ...]]:
    """Outputs and all gradients, a penalty's of slopes included, of some of five networks."""
    networks = [network(place, width) for place in places]
    given = samples(5, size).view(5, size, 2, 3)[places].flatten(0, 1).requires_grad_()
    program = Program(networks)
    output = program(given)
    (slopes,) = torch.autograd.grad(output.sum(), given, create_graph=True)
    losses = zip(output.view(len(places), -1), slopes.view(len(places), size, -1), strict=True)
    sum(
        (o.square().mean() + s.square().sum(1).mean() for o, s in losses), torch.zeros(())
    ).backward()
    program.hand_out()
    outputs = output.detach().view(len(places), size)
    return [
        (outputs[index], *(one.grad.clone() for one in each.parameters() if one.grad is not None))
        for index, each in enumerate(networks)
    ]


@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_what_each_does(bias: bool) -> None:
    networks = [network(seed, bias=bias) for seed in range(3)]
    expected = [one(part) for one, part in zip(networks, samples(3).chunk(3), strict=True)]
    torch.testing.assert_close(Program(networks)(samples(3)), torch.cat(expected))


@pytest.mark.parametrize(("width", "wide"), [(8, False), (24, False), (128, False), (128, True)])
@pytest.mark.parametrize("places", [[0], [3], [1, 4], [4, 2, 0]])
def test_bits_do_not_depend_on_who_is_beside(places: list[int], width: int, wide: bool) -> None:
    with wide_products(wide and has_wider()):
        everyone, some = gradients([0, 1, 2, 3, 4], width), gradients(places, width)
    for place, found in zip(places, some, strict=True):
        for one, other in zip(found, everyone[place], strict=True):
            assert torch.equal(one, other)


def test_gradients_are_each_networks_own() -> None:
    for place, found in enumerate(gradients([0, 1, 2], 24)):
        alone = network(place)
        given = samples(5).view(5, 40, 2, 3)[place].clone().requires_grad_()
        output = alone(given)
        (slopes,) = torch.autograd.grad(output.sum(), given, create_graph=True)
        (output.square().mean() + slopes.flatten(1).square().sum(1).mean()).backward()
        for one, other in zip(found[1:], alone.parameters(), strict=True):
            assert other.grad is not None
            torch.testing.assert_close(one, other.grad)


def test_weights_are_shared_both_ways() -> None:
    networks = [network(seed) for seed in range(2)]
    before = [one.detach().clone() for one in networks[1].parameters()]
    program = Program(networks)
    for one, old in zip(networks[1].parameters(), before, strict=True):
        assert torch.equal(one, old)
    with torch.no_grad():
        for one in networks[1].parameters():
            one.zero_()
    output = program(samples(2)).view(2, -1)
    assert not output[1].any()
    assert output[0].any()


class Skip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def tied() -> nn.Module:
    layer = nn.Linear(2, 2)
    return nn.Sequential(layer, nn.ReLU(), layer)


def hooked() -> nn.Module:
    made = nn.Sequential(nn.Linear(2, 2))
    made.register_forward_hook(lambda *_: None)
    return made


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: nn.Sequential(nn.Conv2d(1, 1, 3)), "Conv2d is no linear layer"),
        (lambda: nn.Sequential(nn.BatchNorm2d(2)), "BatchNorm2d is no linear layer"),
        (lambda: nn.Sequential(nn.BatchNorm2d(2, affine=False)), "weights or statistics"),
        (lambda: nn.Sequential(nn.BatchNorm1d(2, affine=False)), "BatchNorm1d has no weights"),
        (lambda: nn.Sequential(nn.BatchNorm1d(2, momentum=None)), "other statistics"),
        (lambda: nn.Sequential(nn.BatchNorm1d(2, track_running_stats=False)), "other statistics"),
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "Dropout draws random numbers"),
        (lambda: nn.Sequential(spectral_norm(nn.Linear(2, 2))), "made otherwise"),
        (lambda: Noisy(nn.Linear(6, 1)), "Noisy is made otherwise"),
        (lambda: Twice(nn.Linear(6, 1)), "Twice is made otherwise"),
        (lambda: Pairs(nn.Conv2d(1, 1, 3)), "Conv2d is no linear layer"),
        (Skip, "made otherwise than nn.Sequential"),
        (tied, "share weights"),
        (hooked, "has hooks"),
    ],
)
def test_what_does_not_stack_is_said(make: Callable[[], nn.Module], reason: str) -> None:
    assert reason in str(obstacle(make()))


def test_statistics_are_each_networks_own() -> None:
    stacked, alone = [network(seed) for seed in range(3)], [network(seed) for seed in range(3)]
    program = Program(stacked)
    for _ in range(2):
        program(samples(3))
        for one, part in zip(alone, samples(3).chunk(3), strict=True):
            one(part)
    for one, other in zip(stacked, alone, strict=True):
        torch.testing.assert_close(dict(one.named_buffers()), dict(other.named_buffers()))


def test_what_a_discriminator_shows_is_a_layer() -> None:
    chains = [nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Linear(5, 1)) for _ in range(3)]
    pairs = [Pairs(chain, 2) for chain in chains]
    assert obstacle(pairs[0]) is None
    expected = [one(part) for one, part in zip(pairs, samples(3).chunk(3), strict=True)]
    torch.testing.assert_close(Program(pairs)(samples(3)), torch.cat(expected))


def test_a_chain_of_linear_layers_stacks() -> None:
    assert obstacle(network(0)) is None
