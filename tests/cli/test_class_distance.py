"""Distances class by class, the whole way: told a class or not, where some digits are rare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SUITE = """
name = "classes"
seeds = "0"
[[tasks]]
name = "digits"
dataset = "{dataset}"
budget = "4steps"
evaluations = 1
fakes = 1000
labels = "balanced"
scores = ["{score}"]
"""
LONG = "digits[longtail=20]"
JUDGED, ASKED = "[classifier-digits, judged by classifier-digits]", "[classifier-digits, as asked]"


def suite(folder: Path, score: str, dataset: str = LONG) -> str:
    file = folder / "classes.toml"
    file.write_text(SUITE.format(score=score, dataset=dataset))
    return str(file)


def records(folder: Path) -> dict[str, Any]:
    found = [json.loads(path.read_text()) for path in folder.glob("runs/*/record.json")]
    return {one["spec"]["variant"].partition("[")[0]: one for one in found}


@pytest.fixture(autouse=True)
def _cached(shared_cache: Path) -> None:
    """The classifier of the tail is trained once."""


def columns(record: Any) -> dict[str, Any]:
    (point, *_) = record["points"]
    assert point["scores"].keys() == record["columns"].keys()
    return {
        one["label"]: {**one, "value": record["points"][-1]["scores"][key]}
        for key, one in record["columns"].items()
    }


@pytest.mark.whole
def test_variants_that_are_told_a_class_and_such_that_are_not(
    ganbench_cli: Any, tmp_path: Path
) -> None:
    asked_of = suite(tmp_path, "class-distance[each=true]")
    done = ganbench_cli("run", "vanilla", "projection", "--suite", asked_of)
    assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    for variant, rule in (("vanilla", JUDGED), ("projection", ASKED)):
        assert (found[variant]["status"], found[variant]["primary"]) == ("ok", None)
        named = columns(found[variant])
        thirds = [f"{part} class KID{rule}" for part in ("head", "medium", "tail")]
        own = [f"class KID{rule} of {k}" for k in range(10)]
        missing = f"classes missing[KID of {rule[1:]}"
        assert set(named) == {f"class KID{rule}", *thirds, *own, missing}
        mean = sum(named[label]["value"] for label in own) / 10
        assert named[f"class KID{rule}"]["value"] == pytest.approx(mean)
        assert all(named[label]["value"] <= named[label]["cap"] for label in own)
        assert 0 <= named[missing]["value"] <= 10
    copies = columns(found["vanilla"])[f"class KID{JUDGED}"]["references"]["training copies"]
    assert copies < columns(found["vanilla"])[f"class KID{JUDGED}"]["value"]
    table = ganbench_cli("table", "--json")
    assert table.returncode == 0, table.stderr
    assert f"tail class KID{JUDGED}" in table.stdout
    assert f"tail class KID{ASKED}" in table.stdout


def test_frechet_distances_of_those_that_are_told(ganbench_cli: Any, tmp_path: Path) -> None:
    """A judge that has learnt the tail sees too few of the rarest digits, which is told before
    anything trains."""
    asked_of = suite(tmp_path, "class-distance[distance=fd]")
    done = ganbench_cli("run", "cgan", "--suite", asked_of)
    assert done.returncode == 0, done.stderr
    record = records(tmp_path)["cgan"]
    named = columns(record)
    assert record["primary"].startswith("class_fd/classifier-digits@")
    for label in ("class FD", "head class FD", "medium class FD", "tail class FD"):
        one = named[label + ASKED]
        assert 0 < one["floor"] < one["measured_floor"] * 1.5 < one["value"] <= one["cap"]
    prepared = ganbench_cli("prepare", "vanilla", "--suite", asked_of)
    assert prepared.returncode == 2
    said = prepared.stdout + prepared.stderr
    assert "needs 65 samples of each class, judged by classifier-digits, and of class" in said
    assert "ask for [distance=kid]" in said


@pytest.mark.parametrize(
    ("score", "reason", "mend"),
    [
        (
            "class-distance[distance=fd,extractor=inception-v3-compat]",
            "needs an extractor of 96 features or fewer, inception-v3-compat has 2048",
            "class-distance[distance=fd,extractor=mobilenetv2-b13]",
        ),
        (
            "class-distance[judge=raw]",
            "must be a classifier, and raw only extracts features",
            "known for image data: class-distance[judge=classifier]",
        ),
        (
            "class-distance[judge=audio-classifier]",
            "does not handle image data such as digits[longtail=20], and the score",
            "known for image data: class-distance[judge=classifier]",
        ),
        ("class-distance[distance=w2]", "is 'w2', not one of: kid, fd", ""),
    ],
)
def test_what_a_plan_refuses(
    ganbench_cli: Any, tmp_path: Path, score: str, reason: str, mend: str
) -> None:
    planned = ganbench_cli("plan", "vanilla", "--suite", suite(tmp_path, score))
    assert planned.returncode == 2
    assert "error: task digits: " in planned.stderr
    assert reason in planned.stderr
    assert mend in planned.stderr
    assert not (tmp_path / "runs").exists()
