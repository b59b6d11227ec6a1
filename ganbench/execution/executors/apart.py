"""A function called in a process of its own, forked from one that has imported torch and no more.

What it takes of memory, of a GPU too, is given back with it, and what ends it ends nobody else.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from ganbench.api.errors import GanbenchError, type_and_line
from ganbench.execution.executors.forkserver import end_left_behind, start_process

R = TypeVar("R")


def call_apart(function: Callable[..., R], *arguments: Any) -> R:
    """What a function returns in a process of its own.

    Args:
        function: importable by name; what it returns must be picklable.
        arguments: picklable.

    Raises:
        GanbenchError: as raised there; or anything else was, or the process was ended.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    process = start_process(_deliver, there, function, arguments)
    there.close()
    try:
        found, error = here.recv()
    except EOFError:
        process.join()
        raise GanbenchError(f"its process ended with exit code {process.exitcode}") from None
    finally:
        if process.is_alive():
            process.join(timeout=1)
            process.kill()
        end_left_behind(process)
        here.close()
    if error is not None:
        raise error
    result: R = found
    return result


def _deliver(to: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    found, error = None, None
    try:
        found = function(*arguments)
    except GanbenchError as problem:
        error = problem
    except BaseException as problem:  # whatever it was, it is told where somebody waits
        error = GanbenchError(type_and_line(problem))
    with contextlib.suppress(OSError):  # nobody waits any more
        to.send((found, error))
