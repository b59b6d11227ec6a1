"""Taking turns: one at a time, nobody waits for who has left, and time is everybody's own."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import numpy as np
import pytest
import torch

from ganbench.training.stacking import turns as module
from ganbench.training.stacking.turns import Member, Turns
from ganbench.training.trainer import Trainer

from ..small import CPU, points, random_data, variant_trainer

Work = Callable[[int, Turns], None]


def made(seed: int) -> Trainer:
    return variant_trainer("vanilla[width=8]", random_data(points()), seed)


def do(count: int, work: Work, settled: Callable[[int], None] = lambda place: None) -> Turns:
    """Let each of them work in its thread, to the end of all."""
    turns = Turns(count, CPU, settled)

    def thread(place: int) -> None:
        turns.enter(place)
        try:
            turns.settle(place)
            work(place, turns)
        finally:
            turns.leave(place)

    threads = [threading.Thread(target=thread, args=(place,)) for place in range(count)]
    for one in threads:
        one.start()
    turns.begin()
    for one in threads:
        one.join()
    return turns


def test_steps_are_taken_together_and_in_turn() -> None:
    pages: list[tuple[str, int, int]] = []

    def work(place: int, turns: Turns) -> None:
        member = Member(made(place), turns, place)
        for number in range(3):
            pages.append(("before", place, number))
            assert member.step(number, 0.0, count=number == 0)[0] == 100
        pages.append(("after", place, 3))

    turns = do(3, work)
    order = [("before", p, n) for n in range(3) for p in range(3)]
    assert pages == [*order, *(("after", p, 3) for p in range(3))]
    assert turns.stack is not None
    assert not turns.stack.fallen


def test_who_is_behind_goes_first() -> None:
    pages: list[tuple[int, int]] = []

    def work(place: int, turns: Turns) -> None:
        member = Member(made(place), turns, place)
        for number in range(2 * place, 5):  # each was interrupted somewhere else
            member.step(number, 0.0, count=number == 0)
            pages.append((number, place))

    do(3, work)
    assert pages == sorted(pages)


def test_those_who_fail_leave_the_others_to_go_on() -> None:
    ends: list[int] = []

    def work(place: int, turns: Turns) -> None:
        if place == 0:
            return  # it could not even be built
        member = Member(made(place), turns, place)
        for number in range(4):
            if place == 1 and number == 2:
                return
            member.step(number, 0.0, count=number == 0)
        ends.append(place)

    do(4, work)
    assert ends == [2, 3]


def test_an_error_of_ours_reaches_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("ours")

    monkeypatch.setattr(module.Stack, "take", broken)
    said: list[str] = []

    def work(place: int, turns: Turns) -> None:
        member = Member(made(place), turns, place)
        try:
            member.step(0, 0.0, count=True)
        except ArithmeticError as error:
            said.append(str(error))

    do(2, work)
    assert said == ["ours", "ours"]


def test_time_is_ones_own_and_a_share_of_what_is_done_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(module.time, "perf_counter", lambda: clock[0])
    take = module.Stack.take

    def slow(self: module.Stack, asked: dict[int, module.Asked]) -> dict[int, module.Taken]:
        clock[0] += 10.0
        return take(self, asked)

    monkeypatch.setattr(module.Stack, "take", slow)
    spent: dict[int, float] = {}

    def work(place: int, turns: Turns) -> None:
        member = Member(made(place), turns, place)
        for number in range(2):
            clock[0] += place  # what it does besides
            member.step(number, 0.0, count=number == 0)
        spent[place] = turns.now(place)

    do(2, work)
    assert spent == {0: 10.0, 1: 12.0}
    assert clock[0] == 22.0


def test_random_numbers_are_everybodys_own() -> None:
    def numbers() -> tuple[float, float, float]:
        return random.random(), float(np.random.rand()), float(torch.rand(()))  # noqa: S311

    def seeded(seed: int) -> None:
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)

    found: dict[int, list[tuple[float, float, float]]] = {0: [], 1: []}
    settled: list[int] = []

    def work(place: int, turns: Turns) -> None:
        member = Member(made(place), turns, place)
        seeded(place)
        for number in range(3):
            member.step(number, 0.0, count=number == 0)
            member.settle()
            found[place].append(numbers())

    with torch.random.fork_rng([]):
        do(2, work, settled.append)
        for place, drawn in found.items():
            seeded(place)
            assert drawn == [numbers() for _ in range(3)]
    assert settled[:2] == [0, 1]


def test_what_cannot_even_be_begun_together_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("ours")

    monkeypatch.setattr(module.Stack, "__init__", broken)
    said: list[int] = []

    def work(place: int, turns: Turns) -> None:
        with pytest.raises(ArithmeticError, match="ours"):
            Member(made(place), turns, place).step(0, 0.0, count=True)
        said.append(place)

    do(2, work)
    assert said == [0, 1]


def test_a_log_that_cannot_be_opened_costs_nothing() -> None:
    def full(place: int) -> None:
        raise OSError("no space left")

    def work(place: int, turns: Turns) -> None:
        Member(made(place), turns, place).step(0, 0.0, count=True)

    assert do(2, work, full).stack is not None
