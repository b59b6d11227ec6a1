"""Threads are what was asked for: torch's, and those of libraries that are loaded or will be."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from ganbench.api.errors import UsageError
from ganbench.machine import threads
from ganbench.machine.threads import (
    SINGLE_THREADED,
    computing_on,
    require_threads,
    single_threaded_libraries,
)


def pools() -> dict[str, int]:
    """File of a library that is loaded -> its number of threads; torch's own is told by torch."""
    return {
        pool["filepath"]: pool["num_threads"]
        for pool in threadpool_info()
        if "torch" not in pool["filepath"]
    }


@pytest.mark.parametrize("count", [1, 2, 3])
def test_torch_has_them_and_all_else_has_one(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    np.ones((2, 2)) @ np.ones((2, 2))  # its library is there
    with computing_on(2):
        before, environment = pools(), dict(os.environ)
        with computing_on(count):
            assert torch.get_num_threads() == count
            assert set(pools().values()) == {1}
            assert SINGLE_THREADED.items() <= os.environ.items()
        assert torch.get_num_threads() == 2
        assert pools() == before
        assert dict(os.environ) == environment
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "MKL_NUM_THREADS" not in os.environ


def test_all_is_as_it_was_after_an_error() -> None:
    before, environment = (torch.get_num_threads(), pools()), dict(os.environ)
    with pytest.raises(ZeroDivisionError), computing_on(3):
        raise ZeroDivisionError
    assert ((torch.get_num_threads(), pools()), dict(os.environ)) == (before, environment)


def test_who_overlaps_waits_and_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that end in the order in which they began, the second would put back the first's."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    before = torch.get_num_threads()
    found: list[int] = []

    def try_it() -> None:
        found.append(threads._process.computing.acquire(blocking=False))

    def wait_for_it() -> None:
        with computing_on(3):
            found.append(torch.get_num_threads())

    with computing_on(2):
        require_threads(2)  # nobody is held to the variable that is set here
        trying, waiting = (threading.Thread(target=one) for one in (try_it, wait_for_it))
        trying.start()
        trying.join()
        assert found == [False]
        waiting.start()
        assert torch.get_num_threads() == 2
    waiting.join()
    assert found == [False, 3]
    assert torch.get_num_threads() == before
    assert "OMP_NUM_THREADS" not in os.environ


def test_servers_that_start_meanwhile_take_no_variable_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    first, second = single_threaded_libraries(), single_threaded_libraries()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    second.__exit__(None, None, None)
    assert os.environ["OMP_NUM_THREADS"] == "5"


@pytest.mark.parametrize(
    ("bound", "count"),
    [(None, 4), ("", 4), ("4", 4), ("8", 4), ("3", 3), ("3,1", 3), ("no", 4), ("0", 4), ("1", 1)],
)
def test_as_many_as_there_may_be_are_granted(
    monkeypatch: pytest.MonkeyPatch, bound: str | None, count: int
) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if bound is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", bound)
    require_threads(count)
    reason = "OMP_NUM_THREADS allows" if count < 4 else "this process may use"
    with pytest.raises(
        UsageError, match=f"runs of {count + 1} threads each: {reason} {count}"
    ) as told:
        require_threads(count + 1)
    assert f"--threads {count}" in (told.value.hint or "")
