"""Budgets and memory sizes as people write them."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import UsageError
from ganbench.planning.budget import Budget, BudgetKind, memory_text, parse_memory

KINDS: tuple[BudgetKind, ...] = ("flops", "seconds", "images", "steps")


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("2PFLOP", "flops", 2e15),
        ("1.5TFLOP", "flops", 1.5e12),
        ("1e9FLOPs", "flops", 1e9),
        ("3 Gflop", "flops", 3e9),
        ("0.5EFLOP", "flops", 5e17),
        ("1flops", "flops", 1),
        ("90s", "seconds", 90),
        ("10m", "seconds", 600),
        ("10min", "seconds", 600),
        ("1.5h", "seconds", 5400),
        ("2d", "seconds", 172800),
        ("0.5s", "seconds", 0.5),
        ("200kimg", "images", 200_000),
        ("25Mimg", "images", 25e6),
        ("64images", "images", 64),
        ("1Kimages", "images", 1000),
        ("5000steps", "steps", 5000),
        ("5ksteps", "steps", 5000),
        ("1step", "steps", 1),
        ("  7 steps ", "steps", 7),
        ("1.2345ksteps", "steps", 1234),
        ("2e3steps", "steps", 2000),
    ],
)
def test_parse(text: str, kind: str, amount: float) -> None:
    assert Budget.parse(text) == Budget(kind, amount)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a number with a unit"),
        ("steps", "is not a number with a unit"),
        ("many steps", "is not a number with a unit"),
        ("-5steps", "is not a number with a unit"),
        ("1,000steps", "is not a number with a unit"),
        ("nan s", "is not a number with a unit"),
        ("5 steps please", "is not a number with a unit"),
        ("10", "has no unit"),
        ("10M", "has an unknown unit 'M'"),
        ("10STEPS", "has an unknown unit 'STEPS'"),
        ("10epochs", "has an unknown unit 'epochs'"),
        ("10mimg", "has an unknown unit 'mimg'"),
        ("10ks", "has an unknown unit 'ks'"),
        ("1TFLOPS", "is a rate; a budget is an amount"),
        ("1TFLOP/s", "is a rate; a budget is an amount"),
        ("0steps", "is not a positive amount"),
        ("0.0h", "is not a positive amount"),
        ("1e999s", "is not a positive amount"),
        ("1e-999s", "is not a positive amount"),
        ("0.4steps", "is less than one"),
        ("0.0001kimg", "is less than one"),
    ],
)
def test_parse_refuses(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"budget {text!r} {message}")) as caught:
        Budget.parse(text)
    assert caught.value.hint is not None
    assert "200kimg" in caught.value.hint


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        (Budget("flops", 2e15), "2PFLOP"),
        (Budget("flops", 1.5e12), "1.5TFLOP"),
        (Budget("seconds", 600), "10m"),
        (Budget("seconds", 90), "90s"),
        (Budget("seconds", 5400), "90m"),
        (Budget("seconds", 7200), "2h"),
        (Budget("seconds", 0.25), "0.25s"),
        (Budget("images", 200_000), "200kimg"),
        (Budget("images", 64), "64img"),
        (Budget("steps", 5000), "5ksteps"),
        (Budget("steps", 999), "999steps"),
        (Budget("steps", 1_234_567), "1.234567Msteps"),
    ],
)
def test_format(budget: Budget, text: str) -> None:
    assert str(budget) == text


@given(
    st.sampled_from(KINDS),
    st.integers(1, 10**18) | st.floats(1e-6, 1e25, allow_nan=False),
)
def test_what_is_written_reads_back_without_loss(kind: BudgetKind, number: float) -> None:
    whole = kind in ("images", "steps")
    budget = Budget(kind, float(max(1, round(number))) if whole else float(number))
    assert Budget.parse(str(budget)) == budget


@given(st.text() | st.from_regex(r"[0-9.eE+-]{1,6} ?[kMGTPEsmhdFLOPimgsteps/]{0,6}"))
def test_any_text_is_a_positive_budget_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert Budget.parse(text).amount > 0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GiB", 8 * 2**30),
        ("500MB", 500 * 10**6),
        ("8G", 8 * 10**9),
        ("1.5 kib", 1536),
        ("2TiB", 2 * 2**40),
        ("1B", 1),
    ],
)
def test_parse_memory(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a size"),
        ("lots", "is not a size"),
        ("-1GB", "is not a size"),
        ("1PB", "is not a size"),
        ("1GB2", "is not a size"),
        ("0", "is not a possible size"),
        ("8", "has no unit"),
        ("1024", "has no unit"),
        ("0.1B", "is not a possible size"),
        ("9" * 400, "is not a possible size"),
    ],
)
def test_parse_memory_refuses(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"memory {text!r} {message}")) as caught:
        parse_memory(text)
    assert caught.value.hint == "write it as 8GiB or 500MB"


@pytest.mark.parametrize("text", ["1GB", "500MB", "1.5GB", "20kB", "7B"])
def test_a_size_is_written_as_it_is_read(text: str) -> None:
    assert memory_text(parse_memory(text)) == text
