"""Marks and gates: how a test steers runs in other processes, by files in one folder.

A run tells that it has come somewhere, and waits there for as long as the test keeps the gate of
that name shut. Neither side looks at a clock, so that it does not matter how fast either of them
is. Both ends are here: the test's, and the run's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

VARIABLE = "GANBENCH_GATES"
POLL_SECONDS = 0.01
SAFETY_SECONDS = 3600.0
"""A run whose gate nobody has opened by then fails: its test has ended without ending it."""


def forever() -> NoReturn:
    """Wait to be killed."""
    while True:
        time.sleep(60)


class Gates:
    """Gates by name; without a folder all are open, and nothing is told.

    Args:
        folder: of the marks, empty at first.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @classmethod
    def of_environment(cls) -> Gates:
        """Those of the test that has started this process."""
        folder = os.environ.get(VARIABLE)
        return cls(Path(folder) if folder else None)

    # The test's end

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use these."""
        return {VARIABLE: str(self._folder)}

    def shut(self, name: str) -> None:
        """Let no run pass any more."""
        self._file(name, "shut").touch()

    def open(self, name: str) -> None:
        """Let those that wait there go on."""
        self._file(name, "shut").unlink()

    def told(self, name: str) -> list[int]:
        """Ids of the processes that have told so."""
        marks = self._folder.glob(f"{name}.told.*") if self._folder else ()
        return sorted(int(mark.suffix[1:]) for mark in marks)

    # The run's end

    def tell(self, name: str) -> None:
        """Tell that this process is there."""
        if self._folder:
            self._file(name, f"told.{os.getpid()}").touch()

    def come_to(self, name: str) -> None:
        """If the gate of that name is shut, tell so and wait until it opens.

        To be asked to stop (SIGTERM) opens it too, once whoever listens has heard of it.

        Raises:
            TimeoutError: nobody has opened it for an hour.
        """
        if not self._is_shut(name):
            return
        with self.listening() as asked:
            self.tell(name)
            given_up = time.monotonic() + SAFETY_SECONDS
            while self._is_shut(name) and not asked:
                if time.monotonic() > given_up:
                    raise TimeoutError(f"nobody has opened the gate {name}")
                time.sleep(POLL_SECONDS)

    def stay(self) -> NoReturn:
        """Tell `hanging` and hang; of whoever asks to stop, `asked` is told, and nothing done."""
        with self.listening():
            self.tell("hanging")
            forever()

    @contextlib.contextmanager
    def listening(self) -> Iterator[list[int]]:
        """The requests to stop that come meanwhile; each is passed on, and told as `asked`."""
        if threading.current_thread() is not threading.main_thread():
            with self._listening_beside() as asked:
                yield asked
            return
        requests: list[int] = []
        handler = signal.getsignal(signal.SIGTERM)

        def hear(number: int, frame: FrameType | None) -> None:
            requests.append(number)
            self.tell("asked")
            if callable(handler):
                handler(number, frame)

        signal.signal(signal.SIGTERM, hear)
        try:
            yield requests
        finally:
            signal.signal(signal.SIGTERM, handler)

    @contextlib.contextmanager
    def _listening_beside(self) -> Iterator[list[int]]:
        """The same where several runs share a process: signals reach the main thread alone, which
        hands them to the keepers of all."""
        from ganbench.running.keeper import Keeper

        requests: list[int] = []
        hand_on = Keeper.stop_soon

        def hear(keeper: Keeper) -> None:
            requests.append(signal.SIGTERM)
            self.tell("asked")
            hand_on(keeper)

        Keeper.stop_soon = hear  # type: ignore[method-assign]
        try:
            yield requests
        finally:
            Keeper.stop_soon = hand_on  # type: ignore[method-assign]

    def _is_shut(self, name: str) -> bool:
        return self._folder is not None and self._file(name, "shut").exists()

    def _file(self, name: str, kind: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}.{kind}"
