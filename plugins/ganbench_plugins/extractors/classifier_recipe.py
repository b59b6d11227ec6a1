"""One fixed recipe for a small classifier, so that every machine trains the very same weights.

Everything random comes from NumPy's `RandomState`, whose stream is frozen. Training runs on the CPU
in float64 with smooth activations and plain SGD with momentum, where rounding differences between
BLAS libraries, instruction sets and thread counts stay near 1e-15. The weights are then rounded to
multiples of 2^-12, where such differences vanish.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

RECIPE = 1
"""Change it with anything below: it is part of the extractor's id."""

SEED = 1
BATCH = 64
EPOCHS = 24
MIN_STEPS, MAX_STEPS = 300, 2_000
LEARNING_RATE, MOMENTUM, WARM_UP = 0.05, 0.9, 20
GRID = 2.0**12

Weights = Mapping[str, Tensor]
"""`conv<i>.weight`, `conv<i>.bias`, and the same of `embedding` and `head`."""


def strides(side: int) -> list[int]:
    """Strides of the 3x3 convolutions that bring an image of `side` pixels to at most 4x4.

    Small images keep their full resolution through the first one.
    """
    found = [1] if side <= 16 else []
    while side > 4:
        found.append(2)
        side = (side + 1) // 2
    return found


def names(side: int) -> list[str]:
    """Names of the weights for images of `side` pixels, in their order."""
    layers = [*(f"conv{i}" for i in range(len(strides(side)))), "embedding", "head"]
    return [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]


def initial_weights(channels: int, side: int, classes: int, width: int) -> dict[str, Tensor]:
    """Random float64 weights of variance 1 / fan-in, biases zero.

    Args:
        channels, side: shape of an image.
        classes: number of classes.
        width: size of the embedding.
    """
    shapes: list[tuple[str, tuple[int, ...]]] = []
    out = channels
    for i, stride in enumerate(strides(side)):
        fan_in, out = out, min(16 * 2**i, 64)
        shapes.append((f"conv{i}", (out, fan_in, 3, 3)))
        side = (side + stride - 1) // stride
    shapes += [("embedding", (width, out * side * side)), ("head", (classes, width))]
    return drawn(shapes)


def drawn(shapes: Sequence[tuple[str, tuple[int, ...]]]) -> dict[str, Tensor]:
    """Random float64 weights of variance 1 / fan-in, biases zero, of layers by name and shape."""
    rng = np.random.RandomState(SEED)
    weights = {}
    for name, shape in shapes:
        values = rng.standard_normal(shape) / math.sqrt(math.prod(shape[1:]))
        weights[f"{name}.weight"] = torch.from_numpy(values)
        weights[f"{name}.bias"] = torch.zeros(shape[0], dtype=torch.float64)
    return weights


def embed(weights: Weights, images: Tensor) -> Tensor:
    """Embedding (B, width) of uint8 images (B, C, H, W), in the weights' own precision."""
    x = images.to(weights["head.weight"].dtype) / 127.5 - 1
    for i, stride in enumerate(strides(images.shape[-1])):
        weight, bias = weights[f"conv{i}.weight"], weights[f"conv{i}.bias"]
        x = F.gelu(F.conv2d(x, weight, bias, stride=stride, padding=1))
    return F.linear(x.flatten(1), weights["embedding.weight"], weights["embedding.bias"])


def classify(weights: Weights, embedding: Tensor) -> Tensor:
    """Logits (B, classes) of embeddings (B, width)."""
    return F.linear(F.gelu(embedding), weights["head.weight"], weights["head.bias"])


def train(images: Tensor, labels: Tensor, classes: int, width: int) -> dict[str, Tensor]:
    """Train the classifier and round its weights to the grid.

    Args:
        images: (N, C, H, W) uint8 on the CPU.
        labels: (N,) int64, 0 <= label < classes.
        classes: number of classes.
        width: size of the embedding.

    Returns:
        float32 weights, the same bits on every machine; no global random state is touched.
    """
    weights = initial_weights(images.shape[1], images.shape[2], classes, width)
    return fit(weights, embed, images, labels)


def fit(
    weights: Weights,
    embedding: Callable[[Weights, Tensor], Tensor],
    samples: Tensor,
    labels: Tensor,
) -> dict[str, Tensor]:
    """Train drawn weights and round them to the grid.

    Args:
        weights: as `drawn` makes them; they change.
        embedding: of samples (B, ...) by weights.
        samples: (N, ...) on the CPU.
        labels: (N,) int64, their classes.

    Returns:
        float32 weights, the same bits on every machine; no global random state is touched.
    """
    rng = np.random.RandomState(SEED + 1)
    parameters = [tensor.requires_grad_() for tensor in weights.values()]
    velocities = [torch.zeros_like(tensor) for tensor in parameters]
    steps = min(MAX_STEPS, max(MIN_STEPS, EPOCHS * len(samples) // BATCH))
    for step in range(steps):
        chosen = torch.from_numpy(rng.randint(len(samples), size=BATCH))
        with torch.enable_grad():
            logits = classify(weights, embedding(weights, samples[chosen]))
            gradients = torch.autograd.grad(F.cross_entropy(logits, labels[chosen]), parameters)
        rate = LEARNING_RATE * min(1.0, (step + 1) / WARM_UP) * _cosine(step / steps)
        with torch.no_grad():
            for parameter, velocity, gradient in zip(
                parameters, velocities, gradients, strict=True
            ):
                velocity.mul_(MOMENTUM).add_(gradient)
                parameter.sub_(rate * velocity)
    return {
        name: (tensor.detach() * GRID).round().div(GRID).float() for name, tensor in weights.items()
    }


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))
