"""The joint GAN of pairs and its control: equal but for their networks, and run as a suite runs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ganbench.planning.suite import load_suite
from ganbench_plugins.datasets.pairs import DIGIT_NAMES

from ...conftest import RunCli
from ...training.small import recipe_of

BOTH = ("joint-gan", "independent-gan")


def test_they_differ_in_their_networks_alone() -> None:
    joint, independent = (recipe_of(one, DIGIT_NAMES) for one in BOTH)
    assert replace(joint, model=independent.model) == independent
    assert (joint.model, independent.model) == ("joint-pair", "independent-pair")
    assert joint.loss == "wgan-gp"


def test_the_suite_compares_them() -> None:
    suite = load_suite("pairs")
    assert suite.variants == BOTH
    scores = [task.scores for task in suite.tasks]
    assert all("agreement" in one and "prdc[extractor=halves]" in one for one in scores)


@pytest.mark.whole
def test_a_few_steps_of_the_suite_leave_both_halves(ganbench_cli: RunCli, tmp_path: Path) -> None:
    few = ("--suite", "pairs", "--task", "digit-names", "--budget", "2steps", "--seeds", "0")
    done = ganbench_cli("run", *few)
    assert done.returncode == 0, done.stderr
    price = {}
    for folder in (tmp_path / "runs").glob("*-s0-*"):
        record = json.loads((folder / "record.json").read_text())
        assert record["status"] == "ok"
        labels = {column["label"] for column in record["columns"].values()}
        assert labels >= {
            "agreement",
            "chance agreement",
            "FD[halves-digit-names]",
            "FD[first-half-digits]",
            "FD[second-half-names]",
        }
        assert {path.name for path in folder.glob("samples*.*")} == {"samples.png", "samples-2.txt"}
        price[record["spec"]["variant"]] = record["used"]["flops"] / record["used"]["steps"]
    assert price.keys() == {*BOTH}
    assert price["independent-gan"] == pytest.approx(price["joint-gan"], rel=0.02)

    assert ganbench_cli("report").returncode == 0
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "chance agreement" in page
    assert page.count("<pre") >= 2  # the names, beside their pictures
