"""What both players minimise: one loss and any number of techniques, folded into sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor, nn

from ganbench.api.data import Data
from ganbench.api.errors import PluginNotUsable, UsageError
from ganbench.api.recipe import SIDES, Side
from ganbench.training.holders import attributes
from ganbench.training.step import TrainingStep, described

Method = Literal[
    "before_step",
    "opponent",
    "before_update",
    "after_discriminator_step",
    "after_step",
    "play",
    "critic_steps",
    "weights",
]


ON_A_GAME: frozenset[Method] = frozenset(
    {"before_step", "opponent", "before_update", "after_step", "play"}
)
"""Those that are given a `ganbench.api.techniques.Game`, and may draw steps from it."""


Term = Callable[[TrainingStep], Tensor]
"""A loss's or a technique's part of what a side minimises."""


@dataclass(slots=True)
class Part:
    """A loss or a technique at work.

    Args:
        name: for errors, and for the costs of terms that do not act at every step.
        does: the object that a plugin has built.
        needs: what its spec says that it needs.
        kind: `loss` or `technique`.
    """

    name: str
    does: Any
    needs: frozenset[str] = frozenset()
    kind: str = "loss"
    used: set[str] = field(default_factory=set)
    """Which of its needs it has asked for so far."""

    @property
    def every(self) -> int:
        """Generator steps from one at which its terms act to the next."""
        return int(getattr(self.does, "every", 1)) if self.kind == "technique" else 1

    def method(self, name: str) -> Callable[..., Any] | None:
        """One of its methods, if it has it."""
        found = getattr(self.does, name, None)
        return found if callable(found) else None


class Objective:
    """The sum of a loss and of techniques' terms, and all else that they do.

    Args:
        loss: has terms for both sides.
        techniques: in the order in which they are named.

    Raises:
        UsageError: two of them want to play, or to put an opponent in the discriminator's place.
    """

    def __init__(self, loss: Part, techniques: Sequence[Part] = ()) -> None:
        self.loss = loss
        self.techniques = tuple(techniques)
        self.parts = (loss, *self.techniques)
        self._terms: dict[Side, list[tuple[Part, int, Term]]] = {
            side: [
                (part, part.every, method)
                for part in self.parts
                if (method := part.method(f"{side}_loss")) is not None
            ]
            for side in SIDES
        }
        plays, opponents = self._only("play"), self._only("opponent")
        # Who looks ahead in a generator's step, or plays both players' steps as one, may ask for
        # both players' losses on one batch.
        self._crossing = {"generator": [*opponents, *plays], "discriminator": plays}
        lazy: dict[str, list[tuple[str, int]]] = {
            side: [(part.name, every) for part, every, _ in terms if every > 1]
            for side, terms in self._terms.items()
        }
        lazy["play"] = list(dict.fromkeys(one for each in lazy.values() for one in each))
        self._lazy = {what: terms for what, terms in lazy.items() if terms}

    def _only(self, name: Method) -> list[Part]:
        """The one technique that has this method, if any has."""
        found = [part for part in self.techniques if part.method(name)]
        if len(found) > 1:
            names = " and ".join(part.name for part in found)
            raise UsageError(f"{names} both define {name}, and a training takes one that does")
        return found

    def needs(self, side: Side, number: int) -> frozenset[str]:
        """What those parts need that act in a step of that side before generator step `number`."""
        crossing = self._crossing[side]
        acting = [
            part.needs
            for each in (SIDES if crossing else (side,))
            for part, every, _ in self._terms[each]
            if number % every == 0
        ]
        return frozenset[str]().union(*acting, *(part.needs for part in crossing))

    def combination(self, what: str, number: int) -> str:
        """A name for a kind of step with the terms that act in it, by which its cost is known.

        Args:
            what: a side, or ``play``, in which both sides' terms act.
            number: generator steps before it.
        """
        lazy = self._lazy.get(what)
        if lazy is None:
            return what
        return "+".join([what, *(name for name, every in lazy if number % every == 0)])

    def total(self, side: Side, step: TrainingStep) -> Tensor:
        """What that side minimises in that step.

        Raises:
            PluginNotUsable: a part returns no scalar with a graph.
        """
        total: Tensor | None = None
        asks, role = step.asks, step.role
        if (side, role) == ("discriminator", "generator"):  # somebody looks ahead
            step.grant("real")
        step.role = side
        for part, every, method in self._terms[side]:
            if every > 1 and step.number % every:
                continue
            step.asks = part
            term = method(step)
            total = term if total is None else total + term
        step.asks, step.role = asks, role
        return total  # type: ignore[return-value]  # checked where it is differentiated

    def around(self, wrap: Callable[[Part, Side, Term], Term]) -> Objective:
        """The same, each term being what `wrap` makes of it."""
        other = Objective(self.loss, self.techniques)
        for side, terms in self._terms.items():
            other._terms[side] = [
                (part, every, wrap(part, side, method)) for part, every, method in terms
            ]
        return other

    def blame(self, side: Side, step: TrainingStep) -> PluginNotUsable | None:
        """Whose term cannot be differentiated, asked anew; None if all can be."""
        for part, every, method in self._terms[side]:
            if every > 1 and step.number % every:
                continue
            step.asks = part
            if fault := not_a_loss(method(step)):
                what = f"{type(part.does).__qualname__}.{side}_loss"
                return PluginNotUsable(
                    f"{what} must return a scalar tensor with a graph, it returned {fault}",
                    "return the mean over the batch, and detach nothing that should learn",
                    kind=part.kind,
                )
        return None

    def methods(self, name: Method) -> list[tuple[Part, Callable[..., Any]]]:
        """That method of all parts that have it.

        In a step that it draws from a game, a part has what its spec says that it needs.
        """
        found = [(part, act) for part in self.parts if (act := part.method(name)) is not None]
        return [(part, _asking(part, act)) for part, act in found] if name in ON_A_GAME else found

    def weights(self, data: Data) -> Tensor | None:
        """(N,) how often each training sample is drawn, relative to others; None: all alike.

        Raises:
            PluginNotUsable: a part returns anything else.
        """
        product: Tensor | None = None
        for part, weigh in self.methods("weights"):
            found = weigh(data)
            if fault := _weights_fault(found, len(data.train)):
                raise PluginNotUsable(
                    f"weights of {part.kind} {part.name} must be ({len(data.train)},), finite, "
                    f"none below 0 and not all 0: {fault}",
                    kind=part.kind,
                )
            product = found.double() if product is None else product * found
        return product

    def parameters(self) -> dict[Side, list[nn.Parameter]]:
        """Trainable parameters of the parts' own, by the side that trains them.

        Raises:
            PluginNotUsable: a part has some and does not say who trains them.
        """
        found: dict[Side, list[nn.Parameter]] = {side: [] for side in SIDES}
        for part in self.parts:
            own = _trainable(part.does)
            side = getattr(part.does, "trained_with", None)
            if own and side not in SIDES:
                raise PluginNotUsable(
                    f"{part.kind} {part.name} has {len(own)} trainable parameters that nobody "
                    "trains",
                    'give it trained_with = "generator" or "discriminator", or make them buffers',
                    kind=part.kind,
                )
            for each in SIDES:
                found[each] += own if side == each else []
        return found


def _asking(part: Part, act: Callable[..., Any]) -> Callable[..., Any]:
    """What a part does to a game, in its own name."""

    def acting(game: Any, *arguments: Any) -> Any:
        before, game.asks = game.asks, part
        try:
            return act(game, *arguments)
        finally:
            game.asks = before

    return acting


def _trainable(owner: Any) -> list[nn.Parameter]:
    """Of a module, or of what keeps modules and parameters in attributes."""
    if isinstance(owner, nn.Module):
        return [parameter for parameter in owner.parameters() if parameter.requires_grad]
    held = attributes(owner).values()
    own = [one for one in held if isinstance(one, nn.Parameter) and one.requires_grad]
    return own + [one for each in held if isinstance(each, nn.Module) for one in _trainable(each)]


def _weights_fault(found: object, count: int) -> str:
    if not isinstance(found, Tensor) or found.shape != (count,):
        return described(found)
    if not bool(found.isfinite().all()) or float(found.min()) < 0 or not float(found.max()):
        return f"they lie in [{float(found.min()):g}, {float(found.max()):g}]"
    return ""


def not_a_loss(value: object) -> str | None:
    """What was returned instead of a loss that can be differentiated; None for one that can be."""
    if not isinstance(value, Tensor) or value.numel() != 1:
        return described(value)
    return None if value.requires_grad else "a tensor without a graph"
