"""What a page carries of a run's files."""

from __future__ import annotations

import base64
import csv
import os
from pathlib import Path

import pytest

from ganbench.modalities.media import SUFFIXES
from ganbench.reporting.media import Shown, show


@pytest.mark.parametrize(
    ("suffix", "mime"), [(".png", "image/png"), (".webp", "image/webp"), (".wav", "audio/wav")]
)
def test_pictures_and_sounds_are_carried_whole(suffix: str, mime: str, tmp_path: Path) -> None:
    path = tmp_path / f"000{suffix}"
    path.write_bytes(bytes(range(256)))
    shown = show(path)
    assert shown is not None
    head, _, content = shown.uri.partition(",")
    assert head == f"data:{mime};base64"
    assert base64.b64decode(content) == bytes(range(256))


def test_texts_and_tables_are_read(tmp_path: Path) -> None:
    (tmp_path / "000.txt").write_bytes("añb\n\xff".encode("latin-1"))
    assert show(tmp_path / "000.txt") == Shown(".txt", text="a\ufffdb\n\ufffd")
    (tmp_path / "000.csv").write_text('a,"b, c"\n1,2\n')
    assert show(tmp_path / "000.csv") == Shown(".csv", rows=[["a", "b, c"], ["1", "2"]])


def test_what_is_no_table_is_read_as_text(tmp_path: Path) -> None:
    csv.field_size_limit(131_072)  # Python's own, which some validators of data raise
    path = tmp_path / "000.csv"
    path.write_text('"' + "x" * 200_000)
    shown = show(path)
    assert shown is not None
    assert (shown.suffix, len(shown.text)) == (".txt", 200_001)


def test_every_suffix_can_be_shown(tmp_path: Path) -> None:
    for suffix in SUFFIXES:
        path = tmp_path / f"000{suffix}"
        path.write_bytes(b"x")
        shown = show(path)
        assert shown is not None
        assert shown.suffix == suffix


def test_what_is_gone_or_no_file_is_left_out(tmp_path: Path) -> None:
    assert show(tmp_path / "000.png") is None
    os.mkfifo(tmp_path / "001.png")
    assert show(tmp_path / "001.png") is None
