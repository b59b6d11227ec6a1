"""WaveGAN's networks (Donahue et al. 2019, tables 3 and 4): DCGAN in one dimension.

At 16,384 samples they are the paper's: 16 x 16d - 8d - 4d - 2d - d - channels. Shorter clips take
fewer of the same layers, the widest ones are dropped. No normalisation anywhere, a bias everywhere,
and weights as TensorFlow starts them (Glorot & Bengio 2010, uniform; biases zero).

Phase shuffle moves every map of a discriminator's activation by the same few samples, so that it
cannot judge by the phase of what a transposed convolution always leaves: one shift a call, a new
one for each layer. The paper's figure and the authors' code have it after every activation but the
last.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks
from ganbench_plugins.networks.layers import Reshape
from ganbench_plugins.networks.sizes import wavegan_layers

KERNEL, STRIDE, BASE = 25, 4, 16
LATENT = 100


def build(data: DataInfo, *, d: int, shuffle: int) -> Networks:
    """Transposed convolutions of 25 taps up from the latent, strided ones down to a logit."""
    channels, samples = data.shape
    layers = wavegan_layers(data)
    widths = [d << level for level in range(layers)]
    generator = _generator(channels, samples, widths[::-1])
    discriminator = _discriminator(channels, samples, widths, shuffle)
    for network in (generator, discriminator):
        _init_glorot(network)
    law = Latent(size=LATENT, law="uniform")
    return Networks(generator=generator, discriminator=discriminator, latent=law)


def _generator(channels: int, samples: int, widths: list[int]) -> nn.Sequential:
    """(B, 100) to (B, channels, samples) in [-1, 1]."""
    length = samples // STRIDE ** len(widths)
    layers: list[nn.Module] = [
        nn.Linear(LATENT, widths[0] * length),
        Reshape(widths[0], length),
        nn.ReLU(),
    ]
    for fan_in, fan_out in itertools.pairwise(widths):
        layers += [_up(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*layers, _up(widths[-1], channels), nn.Tanh())


def _discriminator(channels: int, samples: int, widths: list[int], shuffle: int) -> nn.Sequential:
    """(B, channels, samples) to logits (B, 1)."""
    layers: list[nn.Module] = []
    for place, (fan_in, fan_out) in enumerate(itertools.pairwise([channels, *widths]), start=1):
        layers += [_down(fan_in, fan_out), nn.LeakyReLU(0.2)]
        if shuffle and place < len(widths):
            layers.append(PhaseShuffle(shuffle))
    features = widths[-1] * samples // STRIDE ** len(widths)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features, 1))


class PhaseShuffle(nn.Module):
    """(B, C, S) moved in time by one whole number of samples, uniform on -most to most.

    What moves in at one end is the reflection of what stands there. In training alone: whoever asks
    the critic afterwards gets its opinion of the sound as it is.

    Args:
        most: samples.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        shift = torch.randint(2 * self.most + 1, (1,), device=x.device)
        padded = F.pad(x, (self.most, self.most), mode="reflect")
        # By index and not by slice: a slice would have to wait for the device's number.
        return padded.index_select(2, shift + torch.arange(x.shape[2], device=x.device))


def _up(fan_in: int, fan_out: int) -> nn.Module:
    """Exactly four times as long; centred as TensorFlow's `same` is."""
    return nn.ConvTranspose1d(fan_in, fan_out, KERNEL, STRIDE, padding=11, output_padding=1)


def _down(fan_in: int, fan_out: int) -> nn.Module:
    """Exactly a quarter as long."""
    return nn.Conv1d(fan_in, fan_out, KERNEL, STRIDE, padding=11)


@torch.no_grad()
def _init_glorot(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.ConvTranspose1d):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
