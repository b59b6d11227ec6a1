"""Every check finds a plugin that breaks just its rule, and lets every other one pass."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from ganbench.authoring.conformance.runner import Inspection
from ganbench.authoring.conformance.table import BY_ID, CHECKS, checks_of, needed
from ganbench.catalogue.catalogue import Catalogue

BROKEN = Path(__file__).parents[1] / "data" / "broken"


def _tables() -> list[tuple[str, str, str]]:
    """Kind, name and the check that must fail."""
    sys.path.insert(0, str(BROKEN))
    try:
        broken: Any = import_module("ganbench_broken")
        data: Any = import_module("ganbench_broken_data")
        techniques: Any = import_module("ganbench_broken_techniques")
    finally:
        sys.path.remove(str(BROKEN))
    faults = [("loss", name, check) for name, (_, check) in broken.LOSSES.items()]
    tables = {
        "model": broken.MODELS,
        "variant": broken.VARIANTS,
        "technique": techniques.TECHNIQUES,
        "dataset": data.DATASETS,
        "score": data.SCORES,
        "extractor": data.EXTRACTORS,
    }
    faults += [(kind, *fault) for kind, table in tables.items() for fault in table.items()]
    named = [(kind, f"{kind}-{name}", check) for kind, name, check in faults]
    return [*named, ("loss", "breaks-light-import", "light-import")]


FAULTS = _tables()


of_every_fault = pytest.mark.parametrize(
    ("kind", "name", "broken"), FAULTS, ids=[one[1] for one in FAULTS]
)


@of_every_fault
def test_the_broken_rule_is_found(kind: str, name: str, broken: str, catalogue: Catalogue) -> None:
    result = Inspection(name, kind, catalogue, "cpu").result(broken)
    assert result.status == "failed", result
    assert result.reason
    assert result.hint or broken in ("builds", "light-import")


@pytest.mark.whole
@of_every_fault
def test_every_other_rule_is_kept(kind: str, name: str, broken: str, catalogue: Catalogue) -> None:
    inspection = Inspection(name, kind, catalogue, "cpu")
    results = {one.id: inspection.result(one.id) for one in checks_of(kind)}
    failed = {check_id: one.reason for check_id, one in results.items() if one.status == "failed"}
    assert list(failed) == [broken], failed
    for check_id, one in results.items():
        if one.status == "skipped" and check_id not in ("cuda", "neutral"):
            assert one.waits_for == broken, (check_id, one.reason)
            assert needed(BY_ID[check_id], kind)


def test_every_check_is_broken_by_some_plugin() -> None:
    assert {broken for _, _, broken in FAULTS} == {one.id for one in CHECKS} - {"cuda"}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", ["loss-cpu-only", "loss-waiting"])
def test_what_only_a_gpu_shows_is_found_there(name: str, catalogue: Catalogue) -> None:
    result = Inspection(name, "loss", catalogue, "cpu").result("cuda")
    assert result.status == "failed", result
