"""Telling an author which of his lines an error comes from."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

import ganbench
from ganbench.api.errors import GanbenchError
from ganbench.authoring.results import Broken


def blame(error: BaseException) -> str:
    """An error in one line: its type, what it says, and the author's line that led to it."""
    message = error.message if isinstance(error, GanbenchError) else str(error)
    frames = traceback.extract_tb(error.__traceback__)
    own = [one for one in frames if _may_be_a_plugins(one.filename)]
    where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {message}{where}"


@contextmanager
def blamed(where: str) -> Iterator[None]:
    """Say in an error of the plugin's code what was tried.

    Raises:
        Broken: there was an error.
    """
    try:
        yield
    except Exception as error:
        raise Broken(f"{where}: {blame(error)}") from error


def _may_be_a_plugins(file: str) -> bool:
    """Whether code lies where neither ganbench's own, nor torch's, nor Python's does."""
    path = Path(file)
    in_python = path.is_relative_to(sysconfig.get_path("stdlib"))
    installed = path.is_relative_to(sysconfig.get_path("purelib"))
    theirs = any(path.is_relative_to(one.__path__[0]) for one in (ganbench, torch))
    return path.is_file() and not theirs and (installed or not in_python)
