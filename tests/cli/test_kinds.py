"""Data of one shape whose numbers mean something else: refused by the real command, in words."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Cli = Callable[..., "CompletedProcess[str]"]


def write(path: Path, letters: str) -> None:
    draw = random.Random(0)  # noqa: S311
    path.write_text("".join("".join(draw.choices(letters, k=9)) + "\n" for _ in range(300)))


def test_texts_of_two_alphabets_are_neither_compared_nor_mixed(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    write(tmp_path / "small.txt", "abcde")
    write(tmp_path / "large.txt", "ABCDE")
    given = ["text:small.txt", "--against", "text:large.txt", "--scores", "ngram-jsd"]
    scored = ganbench_cli("score", *given)
    assert scored.returncode == 2
    assert "300 of 300 texts of text:small.txt have what no text of text:large" in scored.stderr
    mixed = ganbench_cli("info", "text:small.txt|text:large.txt")
    assert mixed.returncode == 2
    assert "have different vocabularies: one alone has 'A', 'B'," in mixed.stderr
