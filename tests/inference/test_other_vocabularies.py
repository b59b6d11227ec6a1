"""Texts, tables and sounds of two files: the same symbols, names and rates, or no score."""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from scipy.io import wavfile

import ganbench
from ganbench import Vocabulary
from ganbench.cli.main import cli

JSD = "ngram-jsd[longest=2]"
RUN = """
name = "mine"
seeds = "0"

[[tasks]]
name = "lines"
dataset = "text:mine.txt[length=8]"
budget = "2steps"
fakes = 200
evaluations = 1
scores = ["ngram-jsd[longest=2]"]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def lines(letters: str, seed: int, count: int = 300) -> list[str]:
    draw = random.Random(seed)  # noqa: S311
    return ["".join(draw.choices(letters, k=draw.randint(3, 8))) for _ in range(count)]


def write_lines(name: str, texts: Iterable[str]) -> None:
    Path(name).write_text("".join(f"{text}\n" for text in texts))


def write_two() -> None:
    """`mine.txt`, and `more.txt` with one training line more, which shifts every other letter."""
    own = sorted({*lines("bcdef", 0)})
    own = own[: len(own) // 5 * 5]  # one line more leaves the held-out ones as they are
    last = max(
        (f"a{text}" for text in lines("bcdef", 1, 4)),
        key=lambda text: hashlib.sha256(text[:8].encode()).digest(),
    )
    write_lines("mine.txt", own)
    write_lines("more.txt", [*own, last])


def values(source: object, real: str, scores: str = JSD, **settings: Any) -> list[float]:
    return [float(one) for one in ganbench.score(source, real, scores, **settings)["value"]]


def test_texts_are_compared_by_their_symbols() -> None:
    write_two()
    write_lines("fakes.txt", lines("bcde", 2))
    near = values("text:fakes.txt[length=8]", "text:mine.txt[length=8]")
    assert values("text:fakes.txt[length=8]", "text:more.txt[length=8]") == near
    write_lines("real.txt", lines("abcdef", 3, 900))
    without = sorted({text for text in lines("abcdef", 4, 900) if "a" not in text})
    without = without[:250]  # all are scored where there are twice as many training lines
    write_lines("without.txt", without)
    places = Vocabulary(tokens=(*"abcdef", ""))
    by_hand = np.array([places.numbers(text, 8) for text in without])
    named = values("text:without.txt[length=8]", "text:real.txt[length=8]")
    assert named == values(by_hand, "text:real.txt[length=8]")


def test_texts_with_other_symbols_have_no_score() -> None:
    write_lines("real.txt", lines("ABCDE", 0))
    write_lines("small.txt", lines("abcde", 0))
    said = "texts of text:small.txt have what no text of text:real.txt has: 'a', 'b', 'c', 'd', 'e'"
    with pytest.raises(ganbench.UsageError, match=said):
        values("text:small.txt", "text:real.txt")
    with pytest.raises(ganbench.UsageError, match=r"texts of 8 tokens, .* of 32 tokens.*length=N"):
        values("text:real.txt[length=8]", "text:real.txt")


def test_a_run_and_its_program_speak_with_their_own_vocabulary() -> None:
    write_two()
    Path("mine.toml").write_text(RUN)
    arguments = ["run", "gumbel-softmax[width=8]", "--suite", "mine.toml"]
    done = CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 0
    (run,) = (one.name for one in Path("runs").iterdir() if one.name.startswith("gumbel"))
    own = values(run, "text:mine.txt[length=8]")
    assert values(run, "text:more.txt[length=8]") == own
    files = [path.name for path in ganbench.export(run, "made.safetensors")]
    assert "made.pt2" in files
    assert values("made.pt2", "text:more.txt[length=8]", fakes=200) == pytest.approx(own, rel=1e-2)
    write_lines("other.txt", lines("xyz", 0))
    with pytest.raises(ganbench.UsageError, match=r"run gumbel.* no text of text:other"):
        values(run, "text:other.txt[length=8]")
    Path("made.json").write_text(Path("made.json").read_text().replace('"tokens"', '"tokans"'))
    with pytest.raises(ganbench.InvalidResults, match=r"made.json is no card of a program"):
        values("made.pt2", "text:more.txt[length=8]")


def write_table(name: str, header: list[str], rows: Iterable[Iterable[object]]) -> None:
    with Path(name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def test_tables_are_compared_by_their_names_in_whatever_range() -> None:
    draw = np.random.default_rng(0)
    numbers, kinds = draw.normal(size=120).round(3), draw.choice(list("abc"), 120)
    write_table("real.csv", ["x", "kind"], zip(numbers, kinds, strict=True))
    wide, few = (3 * numbers).round(3), np.where(kinds == "a", "b", kinds)
    write_table("fakes.csv", ["kind", "x"], zip(few, wide, strict=True))
    by_hand = np.stack([wide, np.searchsorted(list("abc"), few)], axis=1)
    for score in ("column-shapes", "pair-trends"):
        named = values("csv:fakes.csv", "csv:real.csv", score, split="all")
        assert named == pytest.approx(values(by_hand, "csv:real.csv", score, split="all"))
    write_table("round.csv", ["x", "kind"], zip(numbers.round(), kinds, strict=True))
    write_table("odd.csv", ["x", "kind"], zip(numbers, list("abcd") * 30, strict=True))
    with pytest.raises(ganbench.UsageError, match=r"in column 'kind' what no row of .*: 'd'"):
        values("csv:odd.csv", "csv:real.csv", "column-shapes")
    for given, said in (
        ("csv:fakes.csv[drop=x]", "has no column 'x', which csv:real.csv has"),
        ("csv:round.csv", 'holds categories .* holds numbers .*numbers="x"'),
    ):
        with pytest.raises(ganbench.UsageError, match=said):
            values(given, "csv:real.csv", "column-shapes")


def test_sounds_of_another_rate_have_no_score() -> None:
    Path("clips").mkdir()
    noise = torch.randint(-9000, 9000, (12, 9000), generator=torch.Generator().manual_seed(0))
    for place, clip in enumerate(noise.short().numpy()):
        wavfile.write(f"clips/{place}.wav", 8000, clip)
    with pytest.raises(ganbench.UsageError, match=r"16,000 and 8,000 samples per second.*rate=N"):
        values("audio:clips[rate=16000]", "audio:clips", "loudness")
