"""The checks as a function, a verb, a decorator and a page."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import UsageError
from ganbench.api.specs import SPEC_TYPES
from ganbench.authoring import CheckFailed, check, parametrize_checks
from ganbench.authoring.conformance.runner import Inspection
from ganbench.authoring.conformance.table import BY_ID, CHECKS, checks_of, needed, page
from ganbench.catalogue.catalogue import Catalogue

ROOT = Path(__file__).parents[2]


def test_ids_are_unique_and_what_they_need_comes_into_being() -> None:
    assert len(BY_ID) == len(CHECKS)
    for one in CHECKS:
        assert set(one.kinds) <= set(SPEC_TYPES)
        assert find_spec(one.function.partition(":")[0]) is not None
        for kind in one.kinds:
            assert {*needed(one, kind)} <= {other.id for other in checks_of(kind)} - {one.id}


def test_the_page_holds_the_table() -> None:
    text = (ROOT / "docs" / "checks.md").read_text("utf-8")
    assert text.endswith(f"<!-- checks -->\n{page()}")


def test_results_come_in_order_with_reasons_and_hints(catalogue: Catalogue) -> None:
    results = check("dataset-leak")
    assert [one.id for one in results] == [one.id for one in checks_of("dataset")]
    (failed,) = [one for one in results if one.status == "failed"]
    assert failed.id == "dataset-disjoint"
    assert "100.0%" in failed.reason
    assert failed.hint == BY_ID["dataset-disjoint"].mend


def test_an_expected_failure_is_none_and_an_unexpected_pass_is_one(catalogue: Catalogue) -> None:
    expected = {"dataset-disjoint": "it is a copy", "metadata": "none yet"}
    results = {one.id: one for one in check("dataset-leak", expected_failures=expected)}
    assert results["dataset-disjoint"].status == "expected"
    assert results["dataset-disjoint"].reason.startswith("it is a copy (")
    assert results["metadata"].status == "failed"
    assert "passes" in results["metadata"].reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "vanila"}, "nothing that could be checked is named"),
        ({"name": "vanilla", "kind": "variation"}, "no kind 'variation'"),
        ({"name": "ring8", "expected_failures": {"steps": "why"}}, "no check of a dataset"),
        ({"name": "ring8", "expected_failures": {"metadata": " "}}, "needs a reason"),
    ],
)
def test_requests_that_make_no_sense_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(**arguments)


def test_a_data_set_without_its_argument_is_not_loaded(catalogue: Catalogue) -> None:
    results = {one.id: one for one in check("images")}
    assert results["metadata"].status == "passed"
    assert "images:PATH" in results["dataset-samples"].reason


def test_checks_leave_random_numbers_and_settings_as_they_are(catalogue: Catalogue) -> None:
    import torch

    from ganbench.authoring.conformance.surroundings import random_states, settings

    torch.manual_seed(11)
    before, precision = random_states(), settings()["torch's matmul precision"]
    Inspection("loss-precise", "loss", catalogue, "cpu").result("global-state")
    assert random_states() == before
    assert settings()["torch's matmul precision"] == precision


def _outcomes(decorated: Any) -> dict[str, Any]:
    (mark,) = decorated.pytestmark
    assert mark.args[0] == "check"
    return {one.id: one for one in mark.args[1]}


def test_the_decorator_makes_a_test_of_every_check(catalogue: Catalogue) -> None:
    expected = {"dataset-disjoint": "it is a copy"}

    @parametrize_checks("dataset-leak", kind="dataset", expected_failures=expected)
    def test_conforms(check: Any) -> None:
        check()

    outcomes = _outcomes(test_conforms)
    assert list(outcomes) == [one.id for one in checks_of("dataset")]
    (run,) = outcomes["metadata"].values
    run()
    (xfail,) = outcomes["dataset-disjoint"].marks
    assert (xfail.name, xfail.kwargs["strict"]) == ("xfail", True)
    (run,) = outcomes["dataset-disjoint"].values
    with pytest.raises(CheckFailed, match=r"dataset-disjoint: 100\.0%"):
        run()


def test_the_verb_exits_4_prints_json_and_hints(ganbench_cli: Any) -> None:
    broken = [ROOT / "tests" / "data" / "broken"]
    done = ganbench_cli("check", "dataset-leak", "--json", plugins=broken)
    assert done.returncode == 4, done.stderr
    rows = {row["id"]: row for row in json.loads(done.stdout)}
    assert rows["dataset-disjoint"]["status"] == "failed"
    assert rows["metadata"]["kind"] == "dataset"


def test_the_verb_tells_what_passed(ganbench_cli: Any) -> None:
    done = ganbench_cli("check", "ring8")
    assert done.returncode == 0, done.stderr
    assert "dataset-disjoint" in done.stdout
    assert re.search(r"dataset ring8 of ganbench \S+ \(.*points\.py\): 8 passed", done.stderr)
    assert ganbench_cli("check").returncode == 2
    unknown = ganbench_cli("check", "rign8")
    assert unknown.returncode == 2
    assert "did you mean ring8" in unknown.stderr


def test_a_data_set_is_prepared_before_it_is_loaded(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As before any run: what fails there must not pass here."""
    from ganbench.authoring.conformance.checks import datasets

    def prepare(spec: Any, *_: object) -> None:
        raise UsageError(f"{spec.name} has 3 damaged files", "remove them")

    monkeypatch.setattr(datasets, "prepare", prepare)
    result = Inspection("ring8", "dataset", catalogue, "cpu").result("dataset-description")
    assert (result.status, result.reason) == ("failed", "ring8 has 3 damaged files")
    assert result.hint == "remove them"
