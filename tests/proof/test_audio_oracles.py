"""Oracles on sounds: collapse, copies, noise, silence and lost classes are told apart."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from ganbench.planning.plan import Selection, make_plan
from ganbench.results.frame import collect
from ganbench.results.record import Record
from ganbench.running.run import Run
from ganbench.wording import number

from .proofs import CPU, catalogue_with
from .test_oracles import FILE, NONE, ORACLES, markdown, same

pytestmark = pytest.mark.skipif(
    find_spec("espeakng_loader") is None, reason="needs: pip install espeakng-loader"
)
DOCUMENT = Path(__file__).parents[2] / "docs" / "audio.md"
VARIANTS = (
    *("train-copies", "heldout-copies", "half-classes", "ten-samples"),
    *("noise", "silence", "one-sample"),
)
Values = dict[str, dict[str, float]]
"""Oracle -> label of a score -> its value."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    catalogue, folder = catalogue_with(str(FILE)), tmp_path_factory.mktemp("oracles")
    suite = str(ORACLES / "audio.toml")
    found = []
    for spec in make_plan(Selection(variants=VARIANTS, suite=suite), catalogue).runs:
        (own := folder / spec.run_id).mkdir()
        found.append(Run(spec, own, catalogue, CPU).execute())
    return found


@pytest.fixture(scope="module")
def values(records: list[Record]) -> Values:
    labels = {key: one["label"] for (_, key), one in collect(records).scores.items()}
    return {
        record["spec"]["variant"]: {
            labels[key]: value for key, value in record["points"][-1]["scores"].items()
        }
        for record in records
        if record["status"] == "ok"
    }


def test_the_document_shows_what_is_computed(values: Values) -> None:
    columns = sorted({label for row in values.values() for label in row})
    found = [["oracle", *columns]]
    for name in VARIANTS:
        row = values.get(name, {})
        found.append([name, *(number(row[one]) if one in row else NONE for one in columns)])
    _, _, rest = DOCUMENT.read_text("utf-8").partition("<!-- oracles on spoken-digits -->\n")
    heading, _, *lines = rest.partition("\n\n")[0].splitlines()
    told = [[cell.strip() for cell in line.strip("|").split("|")] for line in (heading, *lines)]
    assert [len(line) for line in told] == [len(line) for line in found], markdown(found)
    for own, other in zip(told, found, strict=True):
        assert all(map(same, own, other)), markdown(found)


def test_each_failure_is_told_by_a_score_of_its_own(values: Values) -> None:
    def row(name: str, start: str) -> float:
        (found,) = (v for label, v in values[name].items() if label.startswith(start))
        return found

    sound = ("heldout-copies", "train-copies")
    assert all(row(one, "loudness") > 0.9 for one in (*sound, "half-classes"))
    assert row("train-copies", "near train") > 0.9 > 0.1 > row("heldout-copies", "near train")
    assert row("half-classes", "classes10") == 5
    assert row("ten-samples", "coverage") < 0.1 < row("half-classes", "coverage")
    assert row("noise", "precision") < 0.1
    assert row("noise", "loudness") > 0.9
    assert row("silence", "loudness") == 0
    real = row("train-copies", "FD")
    assert all(row(one, "FD") > 5 * real for one in VARIANTS[2:-1])


def test_one_sound_again_and_again_is_dead_output(records: list[Record]) -> None:
    (found,) = (one for one in records if one["spec"]["variant"] == "one-sample")
    assert found["status"] == "dead_output"
