"""Ten thousand records: what the commands that read them take, from the shell to the last line.

The least memory that would do is not asked; `peak_mb` tells the most that any command took.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.planning.suite import load_suite
from ganbench.results.seal import canonical_json, seal

from ..results.synthetic import curve, record, spec

pytestmark = pytest.mark.perf

TASK = """
[[tasks]]
name = "{0}"
dataset = "{0}"
budget = "1TFLOP"
fakes = 2500
scores = ["w2", "modes"]
"""
SUITE = 'name = "large"\ndescription = "x"\nseeds = "0-4"\n' + "".join(
    TASK.format(name) for name in ("ring8", "grid25", "digits")
)


def fill(root: Path, variants: range) -> None:
    """Fifteen records for each variant, as runs of the suite leave them."""
    suite = load_suite(str(root.parent / "large.toml"))
    for number in variants:
        for task in suite.tasks:
            for seed in suite.seeds:
                run = replace(spec(f"v{number}", task.name, seed), task=task, suite="large")
                folder = root / run.run_id
                folder.mkdir(parents=True)
                one = record(run, curve(task.name, 2 + number % 7, seed))
                (folder / "record.json").write_bytes(seal(one))
                (folder / "spec.json").write_bytes(canonical_json(run.to_json()) + b"\n")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`lab-a` and `lab-b` with half of the runs each, `runs` with all, `results` published."""
    root = tmp_path_factory.mktemp("large")
    (root / "large.toml").write_text(SUITE)
    fill(root / "lab-a", range(334))
    fill(root / "lab-b", range(334, 667))
    (root / "runs").mkdir()
    for folder in [*(root / "lab-a").iterdir(), *(root / "lab-b").iterdir()]:
        (root / "runs" / folder.name).symlink_to(folder)
    ganbench(root, "publish", "--suite", "large.toml")
    return root


def ganbench(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ganbench", *arguments], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("table", "v666"),
        ("publish --suite large.toml --out again", "10005 runs published"),
        ("validate results/large", "valid, 2001 rows from 10005 runs"),
        ("merge lab-a lab-b --suite large.toml --out merged", "10005 runs from 2 sources"),
        ("table --runs results/large", "v666"),
    ],
    ids=lambda text: text.partition(" --suite")[0],
)
def test_ten_thousand_runs(benchmark: Any, place: Path, command: str, told: str) -> None:
    text = benchmark.pedantic(lambda: ganbench(place, *command.split()), rounds=3)
    assert told in text
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    benchmark.extra_info["peak_mb"] = peak
    assert peak < 1000
