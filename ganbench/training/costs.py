"""What training steps cost: counted now and then, charged at every one.

Counting takes a multiple of a small step's time, so that most steps are charged at what steps of
their kind were counted to cost. Steps are of one kind if the same terms say that they act in it,
and if autograd has recorded as many operations: a penalty that acts now and then without saying so,
or ten more steps of a critic, makes another kind, and that is charged at its own price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import torch

from ganbench.results.record import Recount

SEARCHED = 8
"""Steps counted at first to meet a kind again that was seen and not counted; later one in eight."""


def recorded_operations() -> int:
    """How many operations autograd has recorded so far in this thread.

    Double backward is among them, as far as its operations are recorded here (on CUDA those of the
    loss on slopes are, those of backward itself are not).
    """
    return int(torch._C._autograd._get_sequence_nr())


@dataclass(slots=True)
class Kind:
    """Steps that do the same.

    Args:
        operations: that autograd records in one.
        images, flops: what one costs, as it was last counted; at first what is supposed.
        counted: whether it was.
        taken: steps since it was last counted.
    """

    operations: int
    images: int
    flops: float
    counted: bool = False
    taken: int = 0


class Costs:
    """Real samples and FLOPs of each kind of step.

    Attributes:
        recounted: steps that were counted again, of a kind that had been.
        differing: those that cost another number of FLOPs than before.
        added: FLOPs that were charged afterwards, since steps cost more than was supposed.
    """

    def __init__(self) -> None:
        self.recounted = 0
        self.differing = 0
        self.added = 0.0
        self._kinds: dict[str, dict[int, Kind]] = {}
        self._searched: dict[str, int] = {}

    @property
    def terms(self) -> tuple[str, ...]:
        """Which terms have acted together, by their names."""
        return tuple(self._kinds)

    @property
    def steady(self) -> bool:
        """Whether each step was charged at once what it costs: no kind was ever supposed."""
        kinds = [list(each.values()) for each in self._kinds.values()]
        return not self.differing and all(len(each) == 1 and each[0].counted for each in kinds)

    def wants(self, terms: str, number: int) -> bool:
        """Whether a step in which these terms act is to be counted, out of turn.

        Args:
            terms: as `Objective.combination` names them.
            number: generator steps before it.
        """
        kinds = self._kinds.get(terms)
        if kinds is None:
            return True
        if len(kinds) == 1 or all(kind.counted for kind in kinds.values()):
            return False
        return self._searched.get(terms, 0) < SEARCHED + number // SEARCHED

    def known(self, terms: str) -> tuple[int, float]:
        """What such a step costs at most, as far as is known.

        Of terms that have never acted together: what the dearest step of the same side does.
        """
        kinds = self._kinds.get(terms)
        if kinds is None:
            side = terms.split("+")[0]
            alike = [each for name, each in self._kinds.items() if name.split("+")[0] == side]
            kinds = {index: _dearest(each) for index, each in enumerate(alike)}
        if not kinds:
            return 0, 0.0
        dearest = _dearest(kinds)
        return dearest.images, dearest.flops

    def charge(self, terms: str, operations: int) -> float:
        """FLOPs of a step that was not counted, told by what autograd has recorded.

        Of a kind that was never counted, they are supposed to be as many as the dearest known one
        has, and more in proportion to its operations.
        """
        kinds = self._kinds[terms]
        kind = kinds.get(operations)
        if kind is None:
            dear = _dearest({key: kind for key, kind in kinds.items() if kind.counted})
            share = max(1.0, operations / max(dear.operations, 1))
            kind = kinds[operations] = Kind(operations, dear.images, dear.flops * share)
        kind.taken += 1
        return kind.flops

    def charge_known(self, terms: str) -> float:
        """FLOPs of a step whose operations autograd has recorded together with others': it is of
        the only kind that there is."""
        (kind,) = self._kinds[terms].values()
        kind.taken += 1
        return kind.flops

    def count(self, terms: str, operations: int, images: int, flops: float) -> float:
        """FLOPs to charge for a step that was counted, and for those of its kind before it.

        What was supposed of a kind is put right in either direction. Where a kind costs more than
        when it was counted before, so did perhaps all steps since then, and they are charged so;
        where it costs less, nothing is given back.
        """
        kinds = self._kinds.setdefault(terms, {})
        known = kinds.get(operations)
        kinds[operations] = Kind(operations, images, flops, counted=True)
        self._searched[terms] = self._searched.get(terms, 0) + 1
        if known is None:
            return flops
        owed = known.taken * (flops - known.flops)
        if known.counted:
            self.recounted += 1
            self.differing += flops != known.flops
            owed = max(0.0, owed)
        self.added += max(0.0, owed)
        return flops + owed

    def recount(self) -> Recount:
        """What counting again has shown, for the record."""
        return Recount(steps=self.recounted, differing=self.differing, added=self.added)

    def state(self) -> dict[str, Any]:
        """All of it, as plain data."""
        return {
            "recounted": self.recounted,
            "differing": self.differing,
            "added": self.added,
            "searched": dict(self._searched),
            "kinds": {
                terms: [asdict(kind) for kind in kinds.values()]
                for terms, kinds in self._kinds.items()
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`."""
        self.recounted, self.differing = state["recounted"], state["differing"]
        self.added, self._searched = state["added"], dict(state["searched"])
        self._kinds = {
            terms: {kind["operations"]: Kind(**kind) for kind in kinds}
            for terms, kinds in state["kinds"].items()
        }


def _dearest(kinds: Mapping[int, Kind]) -> Kind:
    return max(kinds.values(), key=lambda kind: (kind.flops, kind.images))


class Recounts:
    """The steps that are counted again: one of each half of an octave, drawn by the run's seed.

    A plugin cannot know them as it knows the first step, their number grows with the logarithm of
    the steps, and a run that goes on has those of a run that was never interrupted.

    Args:
        seed: of the run.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._window = range(1, 1)
        self._drawn = 0

    def due(self, number: int) -> bool:
        """Whether generator step `number` is one of them. Asked of one step after the other."""
        if number not in self._window:
            octave = 1 << max(number.bit_length() - 1, 0)
            start = octave if 2 * number < 3 * octave else octave + octave // 2
            end = octave + octave // 2 if start == octave else 2 * octave
            self._window = range(start, max(end, number + 1))
            self._drawn = Random(f"recount {self._seed} {start}").choice(self._window)  # noqa: S311
        return number == self._drawn
