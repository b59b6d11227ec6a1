"""Several networks as one: the same numbers, whoever is beside them, and the same weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ganbench.machine.products import has_wider, wide_products
from ganbench.training.stacking.program import Program, obstacle


class Shifted(nn.Module):
    """A layer without weights that a plugin has written."""

    def forward(self, x: Tensor) -> Tensor:
        return x + 1


def network(seed: int, width: int = 24, bias: bool = True) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(6, width, bias=bias),
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
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "BatchNorm1d is no linear"),
        (lambda: nn.Sequential(nn.BatchNorm1d(2, affine=False)), "weights or statistics"),
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "Dropout draws random numbers"),
        (lambda: nn.Sequential(spectral_norm(nn.Linear(2, 2))), "made otherwise"),
        (Skip, "made otherwise than nn.Sequential"),
        (tied, "share weights"),
        (hooked, "has hooks"),
    ],
)
def test_what_does_not_stack_is_said(make: Callable[[], nn.Module], reason: str) -> None:
    assert reason in str(obstacle(make()))


def test_a_chain_of_linear_layers_stacks() -> None:
    assert obstacle(network(0)) is None
