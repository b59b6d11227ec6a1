"""torch's global random numbers of several trainings in one thread of work, one stream for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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

    def switch(self, index: int) -> None:
        """From here on, draw that training's numbers."""
        if index != self._current:
            self._kept[self._current] = self._state()
            self._set(self._kept[index])
            self._current = index

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
