from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.publishing.cells import original_cell, text_cell


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", " +1", "-x", "@a", "'=1", "'"),
        *("1e5", "12e34567", "007", "2.10", "1.0", "1,234", "1_000", "50%", ".5", "0x1f"),
        "1234567890123456",
        *("3-4", "2026-11-23", "1/2", "may-1", "1 dec 2026", "Sept 5", "12:30"),
        *("null", "NA", "nan", "None", "inf", "true", "FALSE", "#N/A"),
    ],
)
def test_what_would_be_changed_is_marked(text: str) -> None:
    assert text_cell(text) == f"'{text}"
    assert original_cell(f"'{text}") == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "1", "12.8", "0,1,2,3,4", "3.11.7", "2.14.1+cu130", "vanilla-ring8-s0-12e4567890"),
        *("wgan-gp[lr=0.001]", "90caf3aec49a", "x'y", "sequential", "maybe-1x", "decay", "1234567"),
    ],
)
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert text_cell(text) == original_cell(text) == text


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    assert original_cell(text_cell(text)) == text


@given(st.from_regex(r"[0-9a-f]{6,14}", fullmatch=True))
def test_hashes_survive_a_reader_that_guesses(digits: str) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([["hash", "n"], [text_cell(digits), 1]])
    read = pd.read_csv(io.StringIO(stream.getvalue()))["hash"].item()
    assert original_cell(str(read)) == digits
