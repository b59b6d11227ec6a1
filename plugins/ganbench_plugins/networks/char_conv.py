"""Residual networks over the characters of a line, after the authors' code of WGAN-GP.

Generator: z -> linear -> (width, L) -> five blocks -> a convolution over one character -> softmax.
Critic: the same from one-hot rows to one number. A block adds 0.3 f(x), f being twice ReLU and a
convolution over five characters; there is no normalisation in either.
"""

from __future__ import annotations

import math
from typing import Annotated

from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, Parameter, output_layer
from ganbench_plugins.networks.ngram import one_hot, unit

Width = Annotated[int, Parameter(minimum=4, help="channels of every layer")]
Blocks = Annotated[int, Parameter(minimum=1, help="residual blocks of each network")]
LATENT = 128


def start(networks: Networks) -> Networks:
    """Weights as the authors' code starts them: uniform, of convolutions with a variance of 4 /
    (fan in + fan out), which keeps that of a block's input, of linear layers with half of it;
    biases 0."""
    for side in (networks.generator, networks.discriminator):
        for layer in side.modules():
            if isinstance(layer, nn.Conv1d | nn.Linear):
                gain = math.sqrt(2) if isinstance(layer, nn.Conv1d) else 1.0
                nn.init.xavier_uniform_(layer.weight, gain)
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
    return networks


class Block(nn.Module):
    """x + 0.3 f(x) over (B, width, L)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),  # not in place: the shortcut is x itself
            nn.Conv1d(width, width, 5, padding=2),
            nn.ReLU(),
            nn.Conv1d(width, width, 5, padding=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        residual: Tensor = self.layers(x)
        return x + 0.3 * residual


class Logits(nn.Module):
    """(B, L, V) logits of the tokens at each position, of latents (B, 128)."""

    def __init__(self, length: int, tokens: int, width: int, blocks: int) -> None:
        super().__init__()
        self.start = nn.Linear(LATENT, width * length)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.end = nn.Conv1d(width, tokens, 1)
        self.shape = (width, length)

    def forward(self, latent: Tensor) -> Tensor:
        x = self.start(latent).view(-1, *self.shape)
        logits: Tensor = self.end(self.blocks(x))
        return logits.transpose(1, 2)


class Critic(nn.Module):
    """One logit of (B, L, V) shares of tokens."""

    def __init__(self, length: int, tokens: int, width: int, blocks: int) -> None:
        super().__init__()
        self.start = nn.Conv1d(tokens, width, 1)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.head = nn.Linear(width * length, 1)

    def forward(self, samples: Tensor) -> Tensor:
        x = self.blocks(self.start(samples.transpose(1, 2)))
        logits: Tensor = self.head(x.flatten(1))
        return logits


class GumbelSoftmax(nn.Module):
    """Softmax((logits + Gumbel noise) / temperature) (Jang et al. 2017).

    Its largest share is an exact draw from the softmax of the logits, at whatever temperature: what
    is evaluated are samples, and not the likeliest tokens. The noise comes of uniform latents,
    which stand behind those of the logits.
    """

    def __init__(self, logits: Logits, temperature: float = 1.0) -> None:
        super().__init__()
        self.logits = logits
        self.temperature = temperature
        self.latent_sizes = (LATENT, logits.end.out_channels * logits.shape[1])

    def anneal(self, temperature: float) -> None:
        """Set the temperature; 0 is never reached."""
        self.temperature = temperature

    def forward(self, latent: Tensor) -> Tensor:
        return (self._noisy(latent, 1.0) / self.temperature).softmax(dim=-1)

    def tempered(self, latent: Tensor, inverse: float) -> Tensor:
        """(B, L, V) one-hot draws from the softmax of `inverse` times the logits."""
        noisy = self._noisy(latent, inverse)
        return one_hot(noisy.argmax(dim=-1), noisy.shape[-1])

    def _noisy(self, latent: Tensor, inverse: float) -> Tensor:
        code, noise = latent[:, :LATENT], unit(latent[:, LATENT:])
        logits: Tensor = self.logits(code)
        gumbel = -(-(noise.clamp_min(1e-7)).log()).log()
        return inverse * logits + gumbel.view_as(logits)


def build(data: DataInfo, *, width: Width = 32, blocks: Blocks = 5) -> Networks:
    """Generator and critic of `char-wgan-gp`."""
    length, tokens = data.shape
    networks = Networks(
        generator=nn.Sequential(Logits(length, tokens, width, blocks), output_layer(data)),
        discriminator=Critic(length, tokens, width, blocks),
        latent=Latent(size=LATENT),
    )
    return start(networks)


def build_gumbel(data: DataInfo, *, width: Width = 32, blocks: Blocks = 5) -> Networks:
    """The same networks with torch's initial weights, the generator's output drawn by Gumbel
    noise."""
    length, tokens = data.shape
    return Networks(
        generator=GumbelSoftmax(Logits(length, tokens, width, blocks)),
        discriminator=Critic(length, tokens, width, blocks),
        latent=(Latent(size=LATENT), Latent(size=length * tokens, law="uniform")),
    )
