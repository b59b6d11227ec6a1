"""Several builds of one network as one: their linear layers are batched products, and each batch
norm looks at its own samples.

Only what can be told from a network's structure is stacked. Whether the result is the network is
found out by comparing gradients (`gate`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench.training.wrapped import Wrapped

Layer = Callable[[Tensor], Tensor]

DRAWING = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, nn.RReLU)
"""Layers without a parameter that draw: each seed draws from numbers of its own."""


def obstacle(network: nn.Module) -> str | None:
    """Why builds of that network cannot be stacked; None where they can."""
    try:
        leaves = list(_leaves(network))
    except _NotAChain as error:
        return str(error)
    for leaf in leaves:
        if isinstance(leaf, DRAWING):
            return f"its {type(leaf).__name__} draws random numbers"
        if type(leaf) is nn.BatchNorm1d:
            if leaf.weight is None or leaf.running_mean is None or leaf.momentum is None:
                return "its BatchNorm1d has no weights, or other statistics than is usual"
        elif type(leaf) is not nn.Linear and [*leaf.parameters(), *leaf.buffers()]:
            name = type(leaf).__name__
            return f"its {name} is no linear layer nor BatchNorm1d, and has weights or statistics"
    places = [id(one) for leaf in leaves for one in leaf.parameters()]
    return "its layers share weights" if len(set(places)) < len(places) else None


class Program:
    """Networks of one structure, as one that takes the samples of all of them.

    The networks' weights become views of this program's: whoever changes one changes the other.

    Args:
        networks: what `obstacle` has nothing against.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.members = len(networks)
        self.parameters: list[nn.Parameter] = []
        """(S, ...) of all networks, in the order of one's `parameters()`."""
        self._own: list[list[nn.Parameter]] = []
        chains = [list(_leaves(network)) for network in networks]
        self._layers: list[Layer] = [self._layer(each) for each in zip(*chains, strict=True)]

    def __call__(self, samples: Tensor) -> Tensor:
        """(S B, ...) outputs of (S B, *shape), a network's samples one after the other."""
        for layer in self._layers:
            samples = layer(samples)
        return samples

    def hand_out(self) -> None:
        """Give each network its part of the gradients, as views."""
        for stacked, own in zip(self.parameters, self._own, strict=True):
            parts = [None] * self.members if stacked.grad is None else stacked.grad.unbind()
            for one, part in zip(own, parts, strict=True):
                one.grad = part

    def _layer(self, alike: Sequence[nn.Module]) -> Layer:
        first = alike[0]
        if not isinstance(first, nn.Linear | nn.BatchNorm1d):
            return first  # it has no weights, and treats every sample alike
        weight = self._stacked([one.get_parameter("weight") for one in alike])
        without = first._parameters["bias"] is None
        bias = None if without else self._stacked([one.get_parameter("bias") for one in alike])
        if isinstance(first, nn.Linear):
            return _Linear(weight, bias)
        return _BatchNorm([one for one in alike if isinstance(one, nn.BatchNorm1d)], weight, bias)

    @torch.no_grad()
    def _stacked(self, own: list[nn.Parameter]) -> nn.Parameter:
        stacked = nn.Parameter(torch.stack([one.detach() for one in own]), own[0].requires_grad)
        for one, place in zip(own, stacked.detach().unbind(), strict=True):
            one.data = place
        self.parameters.append(stacked)
        self._own.append(own)
        return stacked


class _Linear:
    """Linear layers of several networks as one batched product.

    A network's bits do not depend on which others are beside it, so that seeds may end and leave:
    for one alone another kernel would be taken, so that it is given a neighbour.

    Args:
        weight: (S, out, in).
        bias: (S, out), or None.
    """

    def __init__(self, weight: nn.Parameter, bias: nn.Parameter | None) -> None:
        self._weight = weight
        self._bias = bias

    def __call__(self, samples: Tensor) -> Tensor:
        members, size_out, size_in = self._weight.shape
        given = samples.view(members, -1, size_in)
        weight = self._weight.transpose(1, 2)
        bias = None if self._bias is None else self._bias[:, None]
        if members == 1:
            given, weight = given.expand(2, -1, -1), weight.expand(2, -1, -1)
            bias = None if bias is None else bias.expand(2, -1, -1)
        product = torch.bmm(given, weight) if bias is None else torch.baddbmm(bias, given, weight)
        return product[:members].view(-1, size_out)


class _BatchNorm:
    """Batch norms of several networks, one after the other: each over its own samples.

    Args:
        norms: whose statistics are used and moved on.
        weight: (S, C).
        bias: (S, C), or None.
    """

    def __init__(
        self, norms: Sequence[nn.BatchNorm1d], weight: nn.Parameter, bias: nn.Parameter | None
    ) -> None:
        self._norms = norms
        self._weight = weight
        self._bias = bias

    def __call__(self, samples: Tensor) -> Tensor:
        count = len(self._norms)
        biases = [None] * count if self._bias is None else self._bias.unbind()
        parts = zip(self._norms, samples.chunk(count), self._weight.unbind(), biases, strict=True)
        return torch.cat([_normalised(*each) for each in parts])


def _normalised(
    norm: nn.BatchNorm1d, samples: Tensor, weight: Tensor, bias: Tensor | None
) -> Tensor:
    """As `norm` does it, with weights in the place of its own."""
    if norm.training and norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)
    mean, variance = norm.running_mean, norm.running_var
    momentum = norm.momentum or 0.0
    return F.batch_norm(samples, mean, variance, weight, bias, norm.training, momentum, norm.eps)


class _Shown(nn.Module):
    """What a discriminator around another one makes of samples, as a layer."""

    def __init__(self, around: Wrapped) -> None:
        super().__init__()
        self._shown = around.shown

    def forward(self, samples: Tensor) -> Tensor:
        """(B, *shape) to whatever the discriminator within gets to see."""
        return self._shown(samples)


class _NotAChain(Exception):
    """A network is made otherwise than of one layer after the other."""


def _leaves(network: nn.Module) -> Iterator[nn.Module]:
    """Its layers in the order in which they are called.

    Raises:
        _NotAChain: its structure does not tell.
    """
    if network._forward_hooks or network._forward_pre_hooks or network._backward_hooks:
        raise _NotAChain(f"its {type(network).__name__} has hooks")
    if isinstance(network, Wrapped) and network.pure and type(network).forward is Wrapped.forward:
        yield _Shown(network)
        yield from _leaves(network.wrapped)
    elif type(network) is nn.Sequential:
        for part in network:
            yield from _leaves(part)
    elif any(True for _ in network.children()):
        raise _NotAChain(f"its {type(network).__name__} is made otherwise than nn.Sequential")
    else:
        yield network
