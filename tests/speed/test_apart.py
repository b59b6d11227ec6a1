"""A process of its own: what it returns, and what becomes of one that fails or is ended."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, UsageError
from ganbench.catalogue.plugin_files import PluginChoice
from ganbench.speed.apart import Order, apart

from ..conftest import DATA
from .subjects import subject_of


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Importable by name there as well: a process gets the path of who asks for it."""
    monkeypatch.syspath_prepend(str(DATA / "apart"))
    return importlib.import_module("ganbench_apart")


@pytest.fixture
def order() -> Order:
    return Order(spec=subject_of("vanilla").spec, plugins=PluginChoice(), device="cpu")


def test_it_is_another_process_on_the_threads_of_the_run(order: Order, functions: Any) -> None:
    process, variant, threads = apart(functions.facts, order)
    assert process != os.getpid()
    assert (variant, threads) == ("vanilla", 1)


def test_what_is_raised_there_is_raised_here(order: Order, functions: Any) -> None:
    with pytest.raises(UsageError, match="not so") as raised:
        apart(functions.refusing, order)
    assert raised.value.hint == "but so"
    with pytest.raises(GanbenchError, match="ZeroDivisionError: by nothing"):
        apart(functions.failing, order)


def test_who_vanishes_is_told_of(order: Order, functions: Any) -> None:
    with pytest.raises(GanbenchError, match="ended with exit code 3"):
        apart(functions.vanishing, order)
