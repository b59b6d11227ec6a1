from __future__ import annotations

from pathlib import Path

import pytest

from ganbench.api.errors import MissingData, UsageError
from ganbench_plugins.datasets import text
from ganbench_plugins.datasets.lines import Corpus, every_line
from ganbench_plugins.datasets.text import file_of_lines, person_names, unicode_names, words

LINES = [f"line {number} of a file" for number in range(500)]


def test_names_of_characters() -> None:
    corpus = unicode_names()
    survey, data = corpus.survey, corpus.data()
    assert data.info == survey.info
    vocabulary = data.info.vocabulary
    assert vocabulary is not None
    assert vocabulary.tokens == (*" -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", "")
    assert len(data.heldout) == survey.heldout == 8_192
    assert len(data.train) == survey.train
    assert len(data.train) > 15_000
    lines = {vocabulary.text(row) for row in data.train.tolist()}
    assert "LATIN SMALL LETTER A" in lines | {vocabulary.text(r) for r in data.heldout.tolist()}
    assert not any(line.startswith(("CJK", "HANGUL SYLLABLE")) for line in lines)
    assert max(map(len, lines)) == 32
    assert survey.fingerprint.startswith("unicode ")


def test_no_line_is_in_both_splits_and_none_twice() -> None:
    corpus = unicode_names()
    assert len(set(corpus.lines)) == len(corpus.lines)
    assert not {*corpus.lines[: corpus.held_out]} & {*corpus.lines[corpus.held_out :]}


def test_a_line_keeps_its_side_whatever_stands_beside_it() -> None:
    few = Corpus.of("few", LINES[:400], 32)
    more = Corpus.of("more", [*LINES[:400], *(f"another {n}" for n in range(40))], 32)
    shuffled = Corpus.of("few", LINES[:400][::-1], 32)
    assert shuffled == few
    held_out = {*few.lines[: few.held_out]}
    moved = held_out ^ ({*more.lines[: more.held_out]} & {*few.lines})
    assert len(moved) <= 40  # the border moves with the number of lines, and nothing else


def test_lines_are_cut_and_those_alike_are_one() -> None:
    given = [*LINES, "", "   ", LINES[0], "x" * 40, "x" * 50, f"  {LINES[1]}  "]
    corpus = Corpus.of("file", given, 32)
    assert len(corpus.lines) == 501
    assert "x" * 32 in corpus.lines
    assert corpus.notes == (
        "2 lines are cut at 32 characters",
        "3 lines are like another one, and left out",
    )
    assert corpus.held_out == 100


def test_of_what_others_have_generated_every_line_is_a_sample_as_it_stands() -> None:
    told: list[str] = []
    given = ["ab", "", "ab", " ab", "b", "", "x" * 9 + " y", "ab"]
    data = every_line("theirs", given, 10, told.append)
    assert data.info.vocabulary is not None
    read = [data.info.vocabulary.text(row) for row in data.train.tolist()]
    assert read == ["ab", "", "ab", " ab", "b", "", "x" * 9, "ab"]
    assert data.heldout.shape == (0, 10)
    assert told == [
        "theirs: 1 of 8 lines are cut at 10 characters",
        "theirs: 1 of 8 lines have blanks around them, which a data set does not have, and count "
        "as they are: take them off if no generator has made them",
        "theirs: 2 of 8 lines are empty, and samples as all others",
    ]
    with pytest.raises(UsageError, match="theirs has 1 lines, two are the least"):
        every_line("theirs", ["ab"], 10, told.append)


def test_every_text_ends_with_the_end_token_alone() -> None:
    data = Corpus.of("file", LINES, 32).data()
    end = len(data.info.vocabulary or ()) - 1
    for row in data.train.tolist():
        first = row.index(end)
        assert set(row[first:]) == {end}
        assert end not in row[:first]


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "lines.txt"
    file.write_text("\n".join(LINES))
    corpus = file_of_lines(str(file), 16)
    assert corpus.info.shape == (16, len({*"".join(line[:16] for line in LINES)}) + 1)
    before = corpus.fingerprint
    file.write_text("\n".join(LINES) + "\nmore")
    assert file_of_lines(str(file), 16).fingerprint != before


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_where_those_of_files_do(tmp_path: Path, end: str) -> None:
    """Not where Unicode sees the end of a line, or of a page."""
    lines = [f"{line}\u2028a\x0cb\x85c" for line in LINES]
    (file := tmp_path / "lines.txt").write_bytes((end.join(lines) + end).encode())
    assert set(file_of_lines(str(file), 64).lines) == set(lines)


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    plain, marked = tmp_path / "plain.txt", tmp_path / "marked.txt"
    plain.write_text("\n".join(LINES), "utf-8")
    marked.write_text("\n".join(LINES), "utf-8-sig")
    assert file_of_lines(str(marked), 32).lines == file_of_lines(str(plain), 32).lines


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"one\ntwo\n", "2 different lines"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        ("\n".join(chr(0x4E00 + n) for n in range(1_200)).encode(), "1200 different characters"),
    ],
)
def test_files_that_will_not_do(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "bad.txt"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=reason):
        file_of_lines(str(file), 32)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    found = (("", "needs a file"), ("gone.txt", "cannot be read"), (str(tmp_path), "is no file"))
    for path, reason in found:
        with pytest.raises(UsageError, match=reason):
            file_of_lines(path, 32)


def test_names_of_people() -> None:
    pytest.importorskip("names", reason="needs: pip install names")
    corpus = person_names()
    assert "Smith" in corpus.lines
    assert len(corpus.lines) == 88_799
    assert corpus.length == 14


def test_what_is_missing_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(text, "DICTIONARIES", tmp_path)
    words.cache_clear()
    with pytest.raises(MissingData, match="none is installed") as missing:
        words()
    assert "apt-get install wamerican" in str(missing.value.hint)
    listed = [f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnrstpkxz"]
    (tmp_path / "american-english").write_text("\n".join([*listed, "Paris", "cat's", "étude"]))
    words.cache_clear()
    corpus = words()
    assert {*corpus.lines} == {*listed}
    words.cache_clear()
    monkeypatch.setattr(text, "find_spec", lambda name: None)
    person_names.cache_clear()
    with pytest.raises(MissingData, match="the package names"):
        person_names()
    person_names.cache_clear()
