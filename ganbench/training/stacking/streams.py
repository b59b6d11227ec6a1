"""Global random numbers of several trainings in one process, streams of their own for each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor


class Streams:
    """Which training's numbers are drawn next.

    Args:
        count: of the trainings. Each begins with the numbers that are next now, until it seeds or
            restores its own.
        device: on which they draw.
    """

    def __init__(self, count: int, device: torch.device) -> None:
        self._device = device if device.type == "cuda" else None
        self._kept: list[tuple[Tensor, ...]] = [self._state()] * count
        self._current = 0
        self._beside: list[tuple[Any, Any]] = [beside_torch()] * count
        self._settled = 0

    def switch(self, place: int) -> None:
        """From here on, draw that training's numbers from torch."""
        if place != self._current:
            self._kept[self._current] = self._state()
            self._set(self._kept[place])
            self._current = place

    def settle(self, place: int) -> None:
        """The same, and from Python and NumPy as well, which takes longer than a small operation:
        whoever draws from these is not stacked."""
        self.switch(place)
        if place != self._settled:
            self._beside[self._settled] = beside_torch()
            of_python, of_numpy = self._beside[place]
            random.setstate(of_python)
            np.random.set_state(of_numpy)
            self._settled = place

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whoever's numbers are drawn within, afterwards they are the same one's as before."""
        before = self._current
        try:
            yield
        finally:
            self.switch(before)

    def _state(self) -> tuple[Tensor, ...]:
        state = torch.get_rng_state()
        return (state,) if self._device is None else (state, torch.cuda.get_rng_state(self._device))

    def _set(self, state: tuple[Tensor, ...]) -> None:
        torch.set_rng_state(state[0])
        if self._device is not None:
            torch.cuda.set_rng_state(state[1], self._device)


def beside_torch() -> tuple[Any, Any]:
    """The states of Python's random numbers, and of NumPy's."""
    return random.getstate(), np.random.get_state()


def same_numbers(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    """Whether two such states are the same."""
    words = [np.asarray(state[1][1]) for state in (one, other)]
    places = [state[1][2:] for state in (one, other)]
    return one[0] == other[0] and bool((words[0] == words[1]).all()) and places[0] == places[1]
