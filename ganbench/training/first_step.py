"""The first step of a training, looked at more closely than all that follow.

What it finds raises no error by itself: it trains, and what comes of it looks like a bad idea. All
of it is certain, told by values or by the graph of derivatives: there is no guessing by magnitudes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from ganbench.api.errors import PluginNotUsable
from ganbench.api.recipe import SIDES, Side
from ganbench.training.engine import Engine
from ganbench.training.objective import Part, Term
from ganbench.training.step import TrainingStep
from ganbench.training.trainer import Trainer, trainable

SIGMOID = "SigmoidBackward0"
NEVER_NEGATIVE = {
    *(SIGMOID, "ReluBackward0", "SoftplusBackward0", "SoftmaxBackward0"),
    *("ExpBackward0", "AbsBackward0"),
}
"""Operations, by the names of their derivatives, that lead to no number below 0."""

RESHAPING = {
    *("ViewBackward0", "UnsafeViewBackward0", "ReshapeAliasBackward0", "AliasBackward0"),
    *("SqueezeBackward0", "SqueezeBackward1", "UnsqueezeBackward0", "CloneBackward0"),
    *("PermuteBackward0", "TransposeBackward0", "SelectBackward0", "SliceBackward0"),
    "ToCopyBackward0",
}
"""Those that leave each number as it is."""

INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int32}
"""By the bytes of a number; of eight there are two, since sums have 64 bits, and none to lose."""

LOOKED_AT = 256
"""Real samples."""


def first_step(engine: Engine) -> tuple[int, float]:
    """Take it, and count its operations.

    Returns:
        As `Engine.step`.

    Raises:
        PluginNotUsable: a loss changes weights by itself; the generator's loss does not reach the
            generator; a network ends in what cannot be right.
    """
    trainer = engine.trainer
    cost = looked_at(engine, 0, 0.0)
    steps = {side: step for side, (step, _) in trainer.last.items()}
    logits = [logit for step in steps.values() for logit in step.known_logits()]
    faults = [cut_off(trainer), *map(probabilities, logits)]
    if "generator" in steps and (made := steps["generator"].made) is not None:
        faults.append(never_negative(made, trainer.real.first(LOOKED_AT)[0]))
    for fault in filter(None, faults):
        raise fault
    return cost


def looked_at(engine: Engine, number: int, progress: float) -> tuple[int, float]:
    """Take a step, count its operations, and see that nobody trains beside the optimisers.

    Returns:
        As `Engine.step`.

    Raises:
        PluginNotUsable: somebody does.
    """
    with watched(engine.trainer):
        return engine.step(number, progress, count=True)


@contextmanager
def watched(trainer: Trainer) -> Iterator[None]:
    """While it lasts, nobody may change a parameter by computing what is minimised.

    By value: an unrolled discriminator that is put back as it was has changed nothing.

    Raises:
        PluginNotUsable: somebody does.
    """

    def watch(part: Part, side: Side, term: Term) -> Term:
        def watched_term(step: TrainingStep) -> Tensor:
            before = _sums(trainer)
            loss = term(step)
            for name, one in _sums(trainer).items():
                if not torch.equal(one, before[name]):
                    raise PluginNotUsable(
                        f"{side}_loss of {part.kind} {part.name} changes {name} by itself, beside "
                        "the optimiser",
                        "change weights in after_discriminator_step, or let an optimiser do it",
                        kind=part.kind,
                    )
            return loss

        return watched_term

    objective = trainer.objective
    trainer.objective = objective.around(watch)
    try:
        yield
    finally:
        trainer.objective = objective


def _sums(trainer: Trainer) -> dict[str, Tensor]:
    """What tells the parameters, by name, from others: copies would double their memory.

    Detached: looking at them is nothing that autograd records, and kinds of steps are told by what
    it does. And out of the counter's sight, which would take longer over it than over the step.
    """
    both = (trainable(trainer.networks, side) for side in SIDES)
    with _disable_current_modes():
        return {name: _sum(one.detach()) for each in both for name, one in each.items()}


def _sum(parameter: Tensor) -> Tensor:
    """Of the integers that have the bits of its numbers, exact: of each row, and of each column."""
    real = torch.view_as_real(parameter) if parameter.is_complex() else parameter
    bits = real.contiguous().view(INTEGERS[real.element_size()])
    if bits.dim() < 2:
        return bits.clone()
    rows = bits.flatten(1)
    return torch.cat([rows.sum(0), rows.sum(1)])


def cut_off(trainer: Trainer) -> PluginNotUsable | None:
    """A generator's loss that comes from the discriminator, but not from the generator through it,
    as where it is computed from `fake.detach()`."""
    if "generator" not in trainer.last:
        return None
    step, loss = trainer.last["generator"]
    networks, reached = trainer.networks, _leaves(loss)
    through = reached & {*networks.discriminator.parameters()}
    if not step.differentiable or not through or reached & {*networks.generator.parameters()}:
        return None
    return PluginNotUsable(
        "no gradient of the generator's loss reaches the generator",
        "compute it from step.fake as it is: a detach, no_grad or .data cuts it off",
        kind="loss",
    )


def _leaves(loss: Tensor) -> set[Tensor]:
    """The parameters that a loss depends on."""
    found, seen, waiting = set(), set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if (variable := getattr(node, "variable", None)) is not None:
            found.add(variable)
        waiting += [following for following, _ in node.next_functions]
    return found


def probabilities(logits: Tensor) -> PluginNotUsable | None:
    """Logits that a discriminator with a sigmoid at its end gives."""
    if last_operation(logits) != SIGMOID:
        return None
    return PluginNotUsable(
        "the discriminator ends in a sigmoid: it must return logits",
        "leave the sigmoid out; a loss that is written with probabilities takes the sigmoid of "
        "step.fake_logits",
        kind="model",
    )


def never_negative(fake: Tensor, real: Tensor) -> PluginNotUsable | None:
    """Samples of a generator that ends in what is never below 0, where real samples are."""
    operation = last_operation(fake)
    if operation not in NEVER_NEGATIVE or not bool((real < 0).any()):
        return None
    end = operation.removesuffix("Backward0").lower()
    return PluginNotUsable(
        f"the generator ends in a {end}: its samples are never below 0, and real ones are",
        "end in a tanh where they are images, which lie in [-1, 1]; in a linear layer where they "
        "are not bounded (ganbench.output_layer(data) is the right one)",
        kind="model",
    )


def last_operation(tensor: Tensor) -> str:
    """The name of the derivative of what has made a tensor's numbers; empty without a graph."""
    node = tensor.grad_fn
    while node is not None and node.name() in RESHAPING:
        node = node.next_functions[0][0]
    return "" if node is None else node.name()
