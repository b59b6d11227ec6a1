"""Nodes that cannot do a job say why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ganbench.execution.conditions import Conditions
from ganbench.execution.executors.order import Order, Refusal, do_job

ORDER = Order.here(Conditions().resources("cpu", 1))


def refusal(order: Order, folder: Path) -> str:
    found = do_job(order, folder, lambda: None)
    assert isinstance(found, Refusal)
    return str(found.error)


def test_other_versions(tmp_path: Path) -> None:
    other = replace(ORDER, versions={**ORDER.versions, "torch": "1.0"})
    said = refusal(other, tmp_path)
    assert f"has torch {ORDER.versions['torch']} (here: 1.0)" in said


def test_a_folder_that_is_not_shared(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for order, folder in ((ORDER, gone), (replace(ORDER, working_folder=str(gone)), tmp_path)):
        assert f"does not see the folder {gone}" in refusal(order, folder)
