"""The verbs as functions: thin, and with the numbers that the verbs print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import ganbench
from ganbench.cli.main import VERBS
from ganbench.results.store import RunStore

from .results.synthetic import spec, starter

Cli = Callable[..., "CompletedProcess[str]"]

ONLY_TYPED = {"list", "info", "plugins", "new", "config", "completion", "clean", "doctor"}
"""Verbs about this installation, not about runs: what they print is what they are for."""


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Finished runs, and one that was planned and has no record."""
    store = RunStore(tmp_path / "runs")
    for record in starter():
        store.write(record)
    planned = spec("dcgan", "ring8", 99)
    store.create(planned.run_id, planned.to_json())
    return store.root


def test_every_other_verb_is_a_function() -> None:
    assert {verb for verb in VERBS if callable(getattr(ganbench, verb, None))} == (
        set(VERBS) - ONLY_TYPED
    )


def test_table_has_the_numbers_that_are_printed(runs: Path, ganbench_cli: Cli) -> None:
    printed = json.loads(ganbench_cli("table", "--json", "--runs", str(runs)).stdout)["tables"]
    made = ganbench.table(runs)
    assert [title.partition(" (")[0] for title in made] == [table["title"] for table in printed]
    assert any(title.startswith("starter: distance to the data (digits") for title in made)
    for table, frame in zip(printed, made.values(), strict=True):
        assert len(frame) == len(table["rows"])
        for index, heading in enumerate(table["headings"]):
            unit = f" [{heading['unit']}]" if heading["unit"] else ""
            cells = [row["cells"][index] for row in table["rows"]]
            for part, key in (("", "value"), (" low", "low"), (" high", "high")):
                wanted = [cell[key] for cell in cells]
                if part == "" or any(limit is not None for limit in wanted):
                    found = frame[f"{heading['name']}{unit}{part}"].astype(object)
                    assert found.where(found.notna(), None).tolist() == wanted


def test_a_table_of_some_runs(runs: Path) -> None:
    made = ganbench.table(runs, tasks=["ring8"], variants=["vanilla"])
    ranking = next(frame for title, frame in made.items() if title.endswith("ranking"))
    assert ranking["variant"].tolist() == ["vanilla"]
    with pytest.raises(ganbench.NothingSelected):
        ganbench.table(runs, tasks=["none"])


def test_status_tells_of_every_run(runs: Path, ganbench_cli: Cli) -> None:
    frame = ganbench.status(runs)
    printed = json.loads(ganbench_cli("status", "--json", "--runs", str(runs)).stdout)
    assert frame.to_dict("records") == printed
    assert frame.set_index("seed").loc[99, "status"] == "unfinished"
    assert list(ganbench.status(runs).columns) == list(printed[0])


def test_show_is_the_record(runs: Path) -> None:
    record = starter()[0]
    assert ganbench.show(record["run_id"], runs) == record
    with pytest.raises(ganbench.UsageError, match="has not ended yet"):
        ganbench.show(spec("dcgan", "ring8", 99).run_id, runs)


def test_check_gives_a_result_for_every_check() -> None:
    results = ganbench.check("digits", "dataset")
    assert {result.status for result in results} <= {"passed", "skipped"}
    with pytest.raises(ganbench.UsageError):
        ganbench.check("no-such-plugin")
