"""Functions called in a process of their own, forked from one that has imported torch and no more.

What they take of memory and time is theirs alone, and what ends them ends nobody else.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import torch

from ganbench.api.errors import GanbenchError
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.executors.forkserver import end_left_behind, start_process
from ganbench.machine.threads import computing_on
from ganbench.planning.runspec import RunSpec
from ganbench.speed.subject import Subject

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to look at.

    Args:
        spec: of a run of it.
        plugins: which ones to load.
        device: as torch calls it.
    """

    spec: RunSpec
    plugins: PluginChoice
    device: str


def apart(function: Callable[[Subject, float], R], order: Order) -> R:
    """What a function returns in a process of its own.

    Args:
        function: importable by name; takes the subject, and when the process was asked for on the
            clock `time.monotonic`, which all processes share. What it returns must be picklable.
        order: what the subject is made of.

    Raises:
        GanbenchError: as raised there; or anything else was, or the process was ended.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    process = start_process(_deliver, there, function, order, time.monotonic())
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


def _deliver(
    to: Connection, function: Callable[[Subject, float], Any], order: Order, asked: float
) -> None:
    found, error, catalogue = None, None, Catalogue(())
    try:
        catalogue = open_catalogue(order.plugins, lambda line: None)
        subject = Subject(order.spec, catalogue, torch.device(order.device))
        with computing_on(order.spec.threads), subject.players.whose():
            found = function(subject, asked)
    except GanbenchError as problem:
        error = problem
    except BaseException as problem:  # a plugin may raise anything
        error = GanbenchError(told(problem, catalogue.plugins))
    with contextlib.suppress(OSError):  # nobody waits any more
        to.send((found, error))
