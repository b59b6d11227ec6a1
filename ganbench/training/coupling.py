"""Whether the samples of a batch influence each other's logits: measured, not guessed by names."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbench.training.in_place import change_told
from ganbench.training.kept import put_back
from ganbench.training.wrapped import samples_per_judgement

JUDGEMENTS = 8
"""That are looked at: minibatch statistics are mostly taken over groups of four or of all."""

JITTER = 0.05
"""Standard deviation of what is added to every weight: layers that begin at 0 pass nothing on."""


def couples_samples(network: nn.Module, samples: Tensor, labels: Tensor | None = None) -> bool:
    """Whether a sample moves the logit of another judgement than its own; or, of a generator, a
    latent another's sample.

    The network is looked at in train mode, with jittered weights, and left as it was, as are
    torch's random numbers.

    Args:
        network: logits (J,) of samples (B, *shape), or samples of latents.
        samples: some of its input, as in training; few are enough.
        labels: their classes, where it is conditional.
    """
    size = samples_per_judgement(network)
    count = min(JUDGEMENTS, len(samples) // size)
    if count < 2:
        return False
    weights = [one.detach().clone() for one in network.parameters()]
    devices = [samples.device] if samples.device.type == "cuda" else []
    try:
        with put_back([network]), torch.random.fork_rng(devices):
            torch.manual_seed(0)
            with torch.no_grad():
                for parameter in network.parameters():
                    parameter.add_(torch.randn_like(parameter), alpha=JITTER)
            given = samples[: count * size].detach().clone().requires_grad_()
            inputs = [given, *([] if labels is None else [labels[: count * size]])]
            with change_told(network.train(), "the network", *inputs):
                logits = network(*inputs).reshape(count, -1)[:, 0]
                if not logits.requires_grad:  # tokens that are drawn: no derivative tells
                    return False
                # Of one after the other: all units of a narrow layer may be dead for one of them.
                return any(_moved_by_others(logits, place, given) for place in range(count))
    finally:
        with torch.no_grad():
            for parameter, weight in zip(network.parameters(), weights, strict=True):
                parameter.copy_(weight)


def _moved_by_others(logits: Tensor, place: int, given: Tensor) -> bool:
    """Whether the logit of that judgement depends on samples of other ones."""
    (slope,) = torch.autograd.grad(logits[place], given, retain_graph=True, allow_unused=True)
    others = torch.arange(len(logits), device=given.device) != place
    return slope is not None and bool((slope.reshape(len(logits), -1)[others] != 0).any())
