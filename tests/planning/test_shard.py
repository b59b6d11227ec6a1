"""Plans are cut into parts that depend on nothing but what is in the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.planning.runspec import RunSpec
from ganbench.planning.shard import Shard

from ..results.synthetic import spec

PLANS = st.builds(
    lambda variants, tasks, seeds: [
        _run(f"v{variant}", f"t{task}", seed)
        for seed in range(seeds)
        for task in range(tasks)
        for variant in range(variants)
    ],
    *[st.integers(1, 4)] * 3,
)


def _run(variant: str, task: str, seed: int) -> RunSpec:
    made = spec(variant, seed=seed)
    return replace(made, task=replace(made.task, name=task))


def _shards(runs: list[RunSpec], count: int) -> list[list[RunSpec]]:
    numbers = range(1, min(count, len(runs)) + 1)
    return [list(Shard(number, count).of(runs)) for number in numbers]


@given(PLANS, st.integers(1, 9))
def test_every_run_is_in_one_shard_and_keeps_its_place(runs: list[RunSpec], count: int) -> None:
    shards = _shards(runs, count)
    assert Counter(run.run_id for shard in shards for run in shard) == Counter(
        run.run_id for run in runs
    )
    for shard in shards:
        assert shard == [run for run in runs if run in shard]


@given(PLANS, st.integers(1, 9))
def test_shards_are_balanced_and_so_are_tasks_and_variants_of_tasks(
    runs: list[RunSpec], count: int
) -> None:
    shards = _shards(runs, count) + [[] for _ in range(count - len(runs))]
    kinds: list[Callable[[RunSpec], object]] = [
        lambda run: None,
        lambda run: run.task.name,
        lambda run: (run.task.name, run.variant),
    ]
    for kind in kinds:
        for group in set(map(kind, runs)):
            sizes = [sum(kind(run) == group for run in shard) for shard in shards]
            assert max(sizes) - min(sizes) <= 1


@given(PLANS, st.integers(1, 9), st.randoms(use_true_random=False))
def test_a_shard_does_not_depend_on_the_order(
    runs: list[RunSpec], count: int, random: Random
) -> None:
    mixed = list(runs)
    random.shuffle(mixed)
    found, again = _shards(runs, count), _shards(mixed, count)
    assert [{run.run_id for run in one} for one in found] == [
        {run.run_id for run in one} for one in again
    ]


def test_other_code_moves_no_run_to_another_shard() -> None:
    """Machines with different plugins would otherwise train some runs twice and others never."""
    runs = [_run("a", "t", seed) for seed in range(5)]
    other = [replace(run, pins=({"source_hash": "other"},)) for run in runs]
    for mine, theirs in zip(_shards(runs, 3), _shards(other, 3), strict=True):
        assert [run.seed for run in mine] == [run.seed for run in theirs]


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "2", "1/2/3", "-1/4", "a/b", "", "1.5/4"])
def test_what_is_no_shard(text: str) -> None:
    with pytest.raises(UsageError, match="shard"):
        Shard.parse(text)


def test_more_shards_than_runs() -> None:
    runs = [_run("a", "t", 0)]
    assert Shard.parse(" 1 / 2 ").of(runs) == tuple(runs)
    with pytest.raises(NothingSelected, match="shard 2/2 is empty: the plan has 1 run"):
        Shard.parse("2/2").of(runs)
