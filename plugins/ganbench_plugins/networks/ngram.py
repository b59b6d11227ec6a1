"""A character n-gram model with Witten-Bell smoothing: counted once, sampled by its latents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import torch
from torch import Tensor, nn

from ganbench import DataInfo, Latent, Networks, Parameter, UsageError
from ganbench_plugins.networks.windows import LARGEST_TABLE, longest_window

if TYPE_CHECKING:
    from collections.abc import Iterator


def table(tokens: Tensor, end: int | None, size: int, n: int) -> Tensor:
    """(size^(n-1), size) probabilities of a token behind the n - 1 before it.

    Witten & Bell 1991, interpolated: with T different tokens seen behind a context c times,
    p_n = (count + T p_(n-1)) / (c + T); below all, every token alike. A text begins as if the END
    token stood before it.

    Args:
        tokens: (N, L) places in a vocabulary, nothing but `end` behind the first `end`.
        end: the token that ends a text, or None.
        size: of the vocabulary.
        n: length of a window.
    """
    device = tokens.device
    found = torch.full((1, size), 1 / size, dtype=torch.float64, device=device)
    for length in range(1, n + 1):
        codes = torch.cat([code for code, _ in windows(tokens, end, size, length)])
        counts = torch.bincount(codes, minlength=size**length).view(-1, size).double()
        kinds = (counts > 0).sum(dim=1, keepdim=True).double()
        seen = counts.sum(dim=1, keepdim=True)
        below = found.repeat(len(counts) // len(found), 1)  # the oldest token of a context leads
        found = torch.where(seen > 0, (counts + kinds * below) / (seen + kinds).clamp_min(1), below)
    return found.float()


def windows(tokens: Tensor, end: int | None, size: int, n: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Of each position the windows of n tokens that end there, and the texts that they are in.

    A window is a number to the base `size`, its last token the last digit. The END token is the
    last of a text's windows; behind it there are none.
    """
    before = 0 if end is None else end
    alive = torch.arange(len(tokens), device=tokens.device)
    code = torch.full((len(tokens),), 0, dtype=torch.int64, device=tokens.device)
    for _ in range(n - 1):
        code = code * size + before
    for place in range(tokens.shape[1]):
        token = tokens[alive, place]
        code = (code * size + token) % size**n
        yield code, alive
        if end is not None:
            going = token != end
            alive, code = alive[going], code[going]


def bits(probabilities: Tensor, tokens: Tensor, end: int | None, n: int) -> float:
    """Mean bits for a character, the END token one of them, of (N, L) texts under a table."""
    size = probabilities.shape[1]
    flat = probabilities.double().view(-1)
    total, count = 0.0, 0
    for code, _ in windows(tokens, end, size, n):
        total -= float(flat[code].log2().sum())
        count += len(code)
    return total / max(count, 1)


def chosen(probabilities: Tensor, uniform: Tensor) -> Tensor:
    """(B,) tokens at the places of uniform numbers (B,) in [0, 1) in their cumulated (B, V)."""
    cumulated = probabilities.cumsum(dim=1)
    places = torch.searchsorted(cumulated, (uniform * cumulated[:, -1]).unsqueeze(1), right=True)
    return places.squeeze(1).clamp_max(probabilities.shape[1] - 1)


def one_hot(tokens: Tensor, size: int) -> Tensor:
    """(B, L) tokens as float32 (B, L, size)."""
    return nn.functional.one_hot(tokens, size).to(torch.float32)


def unit(latent: Tensor) -> Tensor:
    """Latents in [-1, 1] as numbers in [0, 1)."""
    return ((latent + 1) / 2).clamp(0, 1 - 1e-7)


class NGram(nn.Module):
    """Draws a text token by token, by one uniform latent each.

    Args:
        length: tokens of a sample.
        size: of the vocabulary.
        end: its END token, or None.
        n: tokens of a window.
    """

    probabilities: Tensor

    def __init__(self, length: int, size: int, end: int | None, n: int) -> None:
        super().__init__()
        self.length, self.size, self.end, self.n = length, size, end, n
        self.latent_sizes = (0, length)
        self.register_buffer("probabilities", torch.full((size ** (n - 1), size), 1 / size))

    def fit(self, real: Tensor) -> None:
        """Count the windows of (N, L, V) one-hot texts."""
        self.probabilities = table(real.argmax(dim=-1), self.end, self.size, self.n)

    def forward(self, latent: Tensor) -> Tensor:
        """(B, L, V) one-hot texts of latents (B, L)."""
        return self.tempered(latent, 1.0)

    def tempered(self, latent: Tensor, inverse: float) -> Tensor:
        """The same with every law raised to that power: above 1 it plays safe."""
        law = self.probabilities if inverse == 1 else _sharpened(self.probabilities, inverse)
        before = 0 if self.end is None else self.end
        context = latent.new_zeros(len(latent), dtype=torch.int64)
        for _ in range(self.n - 1):
            context = context * self.size + before
        uniform = unit(latent)
        tokens: list[Tensor] = []
        for place in range(self.length):
            token = chosen(law[context], uniform[:, place])
            if self.end is not None and tokens:
                token = torch.where(tokens[-1] == self.end, self.end, token)
            tokens.append(token)
            context = (context * self.size + token) % len(law)
        return one_hot(torch.stack(tokens, dim=1), self.size)


def _sharpened(probabilities: Tensor, inverse: float) -> Tensor:
    powers = probabilities**inverse
    return powers / powers.sum(dim=-1, keepdim=True)


def build(
    data: DataInfo,
    *,
    n: Annotated[int, Parameter(minimum=1, maximum=6, help="characters of a window")] = 4,
) -> Networks:
    """An n-gram model, to be fitted.

    Raises:
        UsageError: its table would not fit into memory.
    """
    assert data.vocabulary is not None
    length, size = data.shape
    fits = longest_window(size, LARGEST_TABLE)
    if n > fits:
        raise UsageError(
            f"{n}-grams of {size} tokens make a table of {size**n:,} numbers, and "
            f"{LARGEST_TABLE:,} are the most",
            f"take a smaller n: ngram[n={fits}]",
        )
    generator = NGram(length, size, data.vocabulary.end, n)
    return Networks(generator=generator, latent=Latent(size=length, law="uniform"))
