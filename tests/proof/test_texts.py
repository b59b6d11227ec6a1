"""Texts through the whole harness: maximum likelihood beats GANs, and tables say so."""

from __future__ import annotations

import itertools

import pytest

from ganbench.api.specs import VariantSpec
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.suite import load_suite
from ganbench.results.record import Record
from ganbench.running.run import Run
from ganbench.tables.assemble import tables

from .proofs import CPU, catalogue_with

pytestmark = pytest.mark.whole

GANS = ("char-wgan-gp[critic_steps=2,width=8]", "gumbel-softmax[critic_steps=1,width=8]")
CONTROLS = ("mle-lstm[hidden=32,lr=0.01]", "ngram[n=3]")
SUITE = """
name = "lines"
seeds = "0"
[[tasks]]
name = "lines"
dataset = "text:lines.txt[length=12]"
budget = "20GFLOP"
fakes = 256
evaluations = 2
scores = ["ngram-jsd", "language-model[n=3]", "distinct-n", "overlap"]
final_scores = ["bleu", "temperature-sweep[n=3]"]
controls = ["mle-lstm", "ngram"]
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Record]:
    """Every variant on lines of syllables, one seed each."""
    folder, catalogue = tmp_path_factory.mktemp("texts"), catalogue_with()
    syllables = [first + second for first in "bdfklmnst" for second in "aeiou"]
    words = ["".join(three) for three in itertools.product(syllables[::3], repeat=3)]
    (folder / "lines.txt").write_text("\n".join(words))
    (folder / "lines.toml").write_text(SUITE)
    selection = Selection(variants=(*GANS, *CONTROLS), suite=str(folder / "lines.toml"))
    found = {}
    for spec in make_plan(selection, catalogue).runs:
        (own := folder / spec.run_id).mkdir()
        found[spec.variant] = Run(spec, own, catalogue, CPU).execute()
        assert found[spec.variant]["failure"] is None
        sheet = (own / "samples.txt").read_text()
        assert "generated:" in sheet
        assert "real:" in sheet
    return found


def end(record: Record, name: str) -> float:
    scores = record["points"][-1]["scores"]
    return next(value for key, value in scores.items() if key.partition("/")[0] == name)


def test_maximum_likelihood_is_nearer_than_every_gan(records: dict[str, Record]) -> None:
    for score in ("ngram_jsd_4", "lm_reverse_3"):
        controls = [end(records[name], score) for name in CONTROLS]
        gans = [end(records[name], score) for name in GANS]
        assert max(controls) < min(gans)


def test_the_table_says_so(records: dict[str, Record]) -> None:
    ranking, *_ = tables(list(records.values()))
    (note,) = [note for note in ranking.notes if note.startswith("nearer to the data than every")]
    for name in CONTROLS:
        assert f"{name} (control)" in note
    kinds = {str(row.cells[1].value): row.kind for row in ranking.rows}
    assert all(kinds[f"{name} (control)"] == "below" for name in CONTROLS)


def test_all_have_spent_the_same(records: dict[str, Record]) -> None:
    for name in (*GANS, CONTROLS[0]):
        assert records[name]["used"]["flops"] == pytest.approx(20e9, rel=0.05)
    fitted = records[CONTROLS[1]]["used"]
    assert (fitted["steps"], fitted["flops"]) == (1, 0)
    assert fitted["seconds"] > 0


def test_runs_are_judged_by_the_longest_n_grams(records: dict[str, Record]) -> None:
    for record in records.values():
        assert str(record["primary"]).startswith("ngram_jsd_4/")


def test_the_suite_names_its_controls_and_runs_them() -> None:
    suite, catalogue = load_suite("text"), catalogue_with()
    assert all(task.controls == ("mle-lstm", "ngram") for task in suite.tasks)
    plan = make_plan(Selection(suite="text"), catalogue)
    assert not plan.skipped
    assert {run.variant for run in plan.runs} >= {*suite.tasks[0].controls}
    for name in suite.tasks[0].controls:
        assert catalogue.get(VariantSpec, name).control
