"""No run is lost, doubled or changed, whoever is killed, whenever."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .harness import PHASES, Killer, Plan, check


def _tormented(
    folder: Path, selection: tuple[str, ...], quotas: dict[str, int], outside: dict[str, int]
) -> dict[str, int]:
    """Kill a plan as often as asked, and compare its end with that of one left in peace."""
    disturbed, undisturbed = (Plan(folder / name, selection) for name in ("this", "that"))
    counts = Killer(disturbed, quotas, outside, seed=1).torment(limit=1500)
    disturbed.finish()
    undisturbed.finish()
    disturbed.publish()
    undisturbed.publish()
    check(disturbed, undisturbed)
    print(dict(counts), file=sys.stderr)
    return dict(counts)


def test_a_few_kills_in_every_phase(tmp_path: Path) -> None:
    quotas = dict.fromkeys(PHASES, 1)
    counts = _tormented(
        tmp_path, ("vanilla", "--task", "ring8"), quotas, {"worker": 1, "parent": 1}
    )
    assert {phase: counts[phase] for phase in PHASES} == quotas
    assert counts["parent"] == 1


@pytest.mark.faults
@pytest.mark.timeout(3600)
def test_more_than_a_hundred_kills_over_a_plan_of_twelve(tmp_path: Path) -> None:
    quotas = {"training": 20, "evaluation": 20, "checkpoint": 15, "record": 12}
    outside = {"worker": 25, "parent": 12, "server": 3, "term": 4, "interrupt": 3, "twice": 3}
    counts = _tormented(tmp_path, ("--all",), quotas, outside)
    assert all(counts[phase] > 0 for phase in PHASES)
    assert counts["worker"] + sum(counts[phase] for phase in PHASES) >= 80
    assert counts["parent"] >= 8
    assert sum(counts.values()) >= 100
