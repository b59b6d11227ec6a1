"""Windows of texts that are too long are refused when they are planned, by the score's own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganbench import DataInfo, EvaluationInfo, UsageError, Vocabulary
from ganbench.planning.plan import Selection, make_plan
from ganbench_plugins.networks.windows import LARGEST_CODE, LARGEST_TABLE, longest_window
from ganbench_plugins.scores import requirements

from ...proof.proofs import catalogue_with

SUITE = """
name = "symbols"
seeds = "0"
variants = ["ngram[n=2]"]
[[tasks]]
name = "symbols"
dataset = "text:symbols.txt[length=8]"
budget = "1GFLOP"
fakes = 64
scores = ["ngram-jsd"]
final_scores = ["{score}"]
"""


def evaluation(tokens: int) -> EvaluationInfo:
    vocabulary = Vocabulary(tokens=tuple(chr(0x4E00 + place) for place in range(tokens)))
    info = DataInfo(name="lines", modality="text", shape=(8, tokens), vocabulary=vocabulary)
    return EvaluationInfo(data=info, split="heldout", real=100, train=400, fakes=100)


@pytest.mark.parametrize("score", ["language-model", "temperature-sweep"])
def test_a_plan_refuses_tables_that_are_too_large(score: str, tmp_path: Path) -> None:
    """73 symbols and the end: 4-grams, which are the default, make 30 million numbers."""
    symbols = [chr(0x100 + place) for place in range(73)]
    lines = [one + other for one in symbols for other in symbols[:8]]
    (tmp_path / "symbols.txt").write_text("\n".join(lines), "utf-8")
    for written, reason in (
        (score, f"score {score}[n=4] counts 4-grams of the 74 tokens"),
        (f"{score}[n=3]", None),
    ):
        (tmp_path / "symbols.toml").write_text(SUITE.replace("{score}", written))
        selection = Selection(suite=str(tmp_path / "symbols.toml"))
        if reason is None:
            assert make_plan(selection, catalogue_with()).runs
            continue
        with pytest.raises(UsageError) as refused:
            make_plan(selection, catalogue_with())
        assert reason in str(refused.value)
        assert f"{score}[n=3]" in str(refused.value.hint)


def test_numbers_of_windows_have_64_bits() -> None:
    requirements.ngram_jsd(evaluation(1_000), longest=6)
    with pytest.raises(UsageError, match="numbers 6-grams of the 1,500 tokens of lines") as refused:
        requirements.ngram_jsd(evaluation(1_500), longest=6)
    assert "ngram-jsd[longest=5]" in str(refused.value.hint)
    with pytest.raises(UsageError, match="score distinct-n"):
        requirements.distinct_n(evaluation(1_500), n=6)


@pytest.mark.parametrize("size", [2, 3, 64, 65, 74])
@pytest.mark.parametrize("most", [LARGEST_TABLE, LARGEST_CODE])
def test_the_longest_that_fits(size: int, most: int) -> None:
    n = longest_window(size, most)
    assert size**n <= most < size ** (n + 1)
