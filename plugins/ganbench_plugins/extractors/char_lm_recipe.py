"""One fixed recipe for a small language model, so that every machine trains the very same weights.

A network that tells a token from the eight before it (Bengio et al. 2003): embeddings, one layer of
tanh, a softmax. As with the classifier of images, all random numbers are NumPy's `RandomState`'s,
training is in float64 with smooth activations, and the weights are rounded to a coarse grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

RECIPE = 1
"""Change it with anything below: it is part of the extractor's id."""

SEED = 1
BEFORE, EMBEDDED, HIDDEN = 8, 16, 64
BATCH, STEPS = 256, 3_000
LEARNING_RATE, MOMENTUM, WARM_UP = 0.2, 0.9, 100
GRID = 2.0**12

NAMES = ("embed", "hidden.weight", "hidden.bias", "head.weight", "head.bias")

Weights = Mapping[str, Tensor]


def contexts(texts: Tensor, end: int | None) -> Tensor:
    """(N, L, 8) tokens before each place of (N, L) texts: what is before a text is END, or 0."""
    before = texts.new_full((len(texts), BEFORE), 0 if end is None else end)
    return torch.cat([before, texts[:, :-1]], dim=1).unfold(1, BEFORE, 1)


def told(texts: Tensor, end: int | None) -> Tensor:
    """(N, L) whether a place is of the text: up to its first END, that one included."""
    if end is None:
        return torch.ones_like(texts, dtype=torch.bool)
    ended = (texts == end).long()
    return ended.cumsum(dim=1) - ended == 0


def hidden(weights: Weights, before: Tensor) -> Tensor:
    """(..., 64) hidden states behind contexts (..., 8)."""
    seen = F.embedding(before, weights["embed"]).flatten(-2)
    return torch.tanh(F.linear(seen, weights["hidden.weight"], weights["hidden.bias"]))


def embed(weights: Weights, texts: Tensor, *, end: int | None) -> Tensor:
    """(B, 64) hidden states of (B, L) texts, averaged over their places."""
    places = told(texts, end).unsqueeze(2).to(weights["embed"].dtype)
    states = hidden(weights, contexts(texts, end))
    return (states * places).sum(dim=1) / places.sum(dim=1)


def train(texts: Tensor, tokens: int, end: int | None) -> dict[str, Tensor]:
    """Train the model and round its weights to the grid.

    Args:
        texts: (N, L) int64 on the CPU.
        tokens: of the vocabulary.
        end: its END token, or None.

    Returns:
        float32 weights, the same bits on every machine; no global random state is touched.
    """
    rng = np.random.RandomState(SEED)
    shapes = {
        "embed": (tokens, EMBEDDED),
        "hidden.weight": (HIDDEN, BEFORE * EMBEDDED),
        "hidden.bias": (HIDDEN,),
        "head.weight": (tokens, HIDDEN),
        "head.bias": (tokens,),
    }
    weights = {
        name: torch.from_numpy(rng.standard_normal(shape) / math.sqrt(shape[-1]))
        if len(shape) == 2
        else torch.zeros(shape, dtype=torch.float64)
        for name, shape in shapes.items()
    }
    parameters = [one.requires_grad_() for one in weights.values()]
    velocities = [torch.zeros_like(one) for one in parameters]
    there = told(texts, end)
    before, targets = contexts(texts, end)[there], texts[there]
    for step in range(STEPS):
        chosen = torch.from_numpy(rng.randint(len(targets), size=BATCH))
        with torch.enable_grad():
            states = hidden(weights, before[chosen])
            logits = F.linear(states, weights["head.weight"], weights["head.bias"])
            gradients = torch.autograd.grad(F.cross_entropy(logits, targets[chosen]), parameters)
        rate = LEARNING_RATE * min(1.0, (step + 1) / WARM_UP) * _cosine(step / STEPS)
        with torch.no_grad():
            for one, velocity, gradient in zip(parameters, velocities, gradients, strict=True):
                velocity.mul_(MOMENTUM).add_(gradient)
                one.sub_(rate * velocity)
    return {name: (one.detach() * GRID).round().div(GRID).float() for name, one in weights.items()}


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))
