"""Workers have cores of their own where they take all of them, and nobody has plans for these."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.machine import cores
from ganbench.machine.cores import held_to, hold_to, own_cores

ALL = {"sched_getaffinity": lambda process: {*range(6)}, "cpu_count": lambda: 6}


@pytest.fixture
def six(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cores, and nobody is held to any of them."""
    for name, answer in ALL.items():
        monkeypatch.setattr(os, name, answer)
    monkeypatch.setattr(cores, "AVAILABLE", True)


@pytest.mark.usefixtures("six")
@pytest.mark.parametrize(("workers", "threads"), [(6, 1), (3, 2), (2, 3), (1, 6)])
def test_who_take_all_cores_share_them_out(workers: int, threads: int) -> None:
    own = own_cores(workers, threads)
    assert len(own) == workers
    assert all(len(one) == threads for one in own)
    assert frozenset[int]().union(*own) == {*range(6)}


@pytest.mark.usefixtures("six")
@pytest.mark.parametrize(("workers", "threads"), [(1, 1), (2, 2), (7, 1), (12, 1), (1, 4)])
def test_fewer_and_more_are_left_to_the_system(workers: int, threads: int) -> None:
    assert own_cores(workers, threads) == []


@pytest.mark.usefixtures("six")
def test_who_is_held_to_some_cores_already_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 4})
    assert own_cores(3, 1) == []
    assert held_to() == "0-1,4"


@pytest.mark.usefixtures("six")
def test_where_nobody_can_be_held_nobody_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert held_to() is None
    monkeypatch.setattr(cores, "AVAILABLE", False)
    assert own_cores(6, 1) == []
    assert held_to() is None


@given(st.sets(st.integers(0, 300), min_size=1))
def test_cores_are_written_as_people_write_them(numbers: set[int]) -> None:
    read: set[int] = set()
    for part in cores._listed(sorted(numbers)).split(","):
        first, _, last = part.partition("-")
        read |= {*range(int(first), int(last or first) + 1)}
    assert read == numbers


@pytest.mark.skipif(not cores.AVAILABLE, reason="this system holds nobody to cores")
def test_a_process_is_held_and_one_core_that_has_gone_is_no_error() -> None:
    before = os.sched_getaffinity(0)
    one = min(before)
    try:
        hold_to(frozenset({one}))
        assert os.sched_getaffinity(0) == {one}
        hold_to(frozenset({100_000}))
        assert os.sched_getaffinity(0) == {one}
    finally:
        os.sched_setaffinity(0, before)
