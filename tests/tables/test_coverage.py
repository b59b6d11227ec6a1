"""What a rank needs, and how it is said that something is missing."""

from __future__ import annotations

from typing import Any

from ganbench.tables.coverage import Coverage, sentence


def run(task: str, seed: int, status: str = "ok") -> dict[str, Any]:
    return {"task": task, "seed": seed, "status": status}


NEEDED = Coverage(("ring8", "digits"), (0, 1, 2))


def test_all_that_occurs_is_needed_by_default() -> None:
    runs = [run("ring8", 1), run("digits", 0), run("ring8", 0)]
    assert Coverage.of(runs) == Coverage(("digits", "ring8"), (0, 1))


def test_only_seeds_that_ended_by_themselves_count() -> None:
    assert NEEDED.missing_seeds([run("ring8", seed, "diverged") for seed in range(3)]) is None
    some = [run("ring8", 0), run("ring8", 1, "timeout"), run("ring8", 2, "unfinished")]
    assert NEEDED.missing_seeds(some) == "1 of 3 seeds (1 timeout, 1 unfinished)"
    assert NEEDED.missing_seeds(some[:1]) == "1 of 3 seeds"


def test_what_nobody_asked_for_is_not_missed() -> None:
    assert (
        NEEDED.missing_seeds([*(run("ring8", seed) for seed in range(3)), run("", 9, "oom")])
        is None
    )
    done = [run(task, seed) for task in NEEDED.tasks for seed in NEEDED.seeds]
    assert NEEDED.gaps([*done, run("grid25", 0, "error")]) is None


def test_gaps_are_told_together_where_they_are_the_same() -> None:
    two = [run(task, seed) for task in NEEDED.tasks for seed in (0, 1)]
    assert NEEDED.gaps(two) == "2 of 3 seeds on ring8, digits"
    assert NEEDED.gaps(two[:2]) == "not run on digits; 2 of 3 seeds on ring8"
    assert sentence([], {"a": None, "b": "odd", "c": "bad"}) == "odd on b; bad on c"
    assert sentence([], {}) is None


def test_what_other_code_was_run_on_is_told_as_that() -> None:
    own = [run("ring8", seed) for seed in NEEDED.seeds]
    assert NEEDED.gaps(own, {"ring8", "digits"}) == "run by other code on digits"
    assert sentence(["a", "b", "c"], {"d": "odd"}, {"b", "d"}) == (
        "not run on a, c; run by other code on b; odd on d"
    )
