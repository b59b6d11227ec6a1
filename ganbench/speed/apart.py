"""Functions that look at a subject of a measurement in a process of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import torch

from ganbench.api.errors import GanbenchError
from ganbench.catalogue.blame import told
from ganbench.catalogue.catalogue import Catalogue, open_catalogue
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.execution.executors.apart import call_apart
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
    found: R = call_apart(_look, function, order, time.monotonic())
    return found


def _look(function: Callable[[Subject, float], R], order: Order, asked: float) -> R:
    catalogue = Catalogue(())
    try:
        catalogue = open_catalogue(order.plugins, lambda line: None)
        subject = Subject(order.spec, catalogue, torch.device(order.device))
        with computing_on(order.spec.threads), subject.players.whose():
            return function(subject, asked)
    except GanbenchError:
        raise
    except BaseException as problem:  # a plugin may raise anything
        raise GanbenchError(told(problem, catalogue.plugins)) from None
