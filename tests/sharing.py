"""How processes share the tests, so that all of them end at about the same time.

Tests of a module stay together, as they may share what takes long to make. Documents are followed
one by one: each is a whole session of somebody at a terminal. What takes longest begins first, so
that nobody is left with it when all others are done.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

BY_THEMSELVES = ("tests/docs/test_tutorials.py",)
"""Modules whose tests share nothing, and take long."""

FIRST = (
    *BY_THEMSELVES,
    "tests/execution/test_hazards.py",
    "tests/execution/test_cancelling.py",
    "tests/execution/executors/test_contract.py",
    "tests/authoring/test_broken_plugins.py",
    "tests/execution/test_buckets.py",
    "tests/execution/test_stacked.py",
    "tests/execution/test_going_on.py",
    "tests/execution/test_interruption.py",
    "tests/running/test_resume.py",
    "tests/execution/test_same_bits.py",
    "tests/cli/test_loud_plugins.py",
    "tests/execution/test_worker.py",
    "tests/faults/test_kills.py",
    "tests/plugins/scores/test_degenerate.py",
    "tests/plugins/dirac/test_game.py",
)
"""Modules that take longest."""


class Sharing(LoadScopeScheduling):
    """By module, in the order of `begin_with_the_longest`."""

    def __init__(self, config: pytest.Config, log: object) -> None:
        config.option.loadscopereorder = False  # which goes by the number of tests
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return nodeid if module in BY_THEMSELVES else super()._split_scope(nodeid)


def begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Put the tests of those modules first; the others stay in their order."""
    ranks = {module: rank for rank, module in enumerate(FIRST)}
    items.sort(key=lambda item: ranks.get(item.nodeid.partition("::")[0], len(FIRST)))
