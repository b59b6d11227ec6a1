"""The one property of all fuzzing: a correct result or a clear error, and nothing else touched."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings

from ganbench.cli import main as command_line

CODES = {0, 1, 2, 3, 4, 5}
FEW = 100
"""Examples up to which they are the same every time: a few at random would find a fault now and
then, in the change of somebody who has not made it. New ones are drawn with the marker `fuzz`."""

SECONDS = 1200
"""After so long a call hangs, which is a failure of its own and names its example."""


def profile(short: int, long: int) -> list[Any]:
    """Numbers of examples: a few by default, many with the marker `fuzz`."""
    return [pytest.param(short, id="short"), pytest.param(long, id="long", marks=pytest.mark.fuzz)]


def examples(number: int) -> settings:
    """Settings of one fuzzing test."""
    return settings(
        max_examples=number,
        derandomize=number < FEW,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


@dataclass(frozen=True)
class Answer:
    """What a command did."""

    code: int
    out: str
    err: str


def call(arguments: Sequence[str]) -> Answer:
    """Call the command in this process, by the very `main` that leaves with an exit code."""
    runner = CliRunner()
    with in_time(), runner.isolation(input=b"", color=False) as (out, err, _):
        code = 0
        with contextlib.ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr("sys.argv", ["ganbench", *arguments])
            old = signal.getsignal(signal.SIGTERM)
            stack.callback(signal.signal, signal.SIGTERM, old)
            try:
                command_line.main()
            except SystemExit as left:
                code = left.code if isinstance(left.code, int) else 1
        texts = [stream.getvalue().decode("utf-8", "replace") for stream in (out, err)]
    return Answer(code, *texts)


def check(answer: Answer) -> None:
    """A documented exit code; an error that says something; no traceback; no raw control."""
    assert answer.code in CODES, answer
    assert "Traceback (most recent call last)" not in answer.err + answer.out, answer.err
    if answer.code > 1:
        assert "rror: " in answer.err, answer
    bad = {letter for letter in answer.out + answer.err if _controls(letter)}
    assert not bad, (bad, answer)


def _controls(letter: str) -> bool:
    return not (letter.isprintable() or letter in "\n\t\r")


@contextlib.contextmanager
def in_time(seconds: int = SECONDS) -> Iterator[None]:
    """Fail, by an alarm, what hangs."""

    def refuse(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"it hangs: nothing for {seconds} s")

    old = signal.signal(signal.SIGALRM, refuse)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def snapshot(folder: Path) -> dict[tuple[str, ...], tuple[int, ...]]:
    """Everything below a folder: kind, size and time of change."""
    found = {}
    for directory, folders, names in os.walk(folder):
        for path in (Path(directory, name) for name in (*folders, *names)):
            status = path.lstat()
            content = (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else ()
            found[path.relative_to(folder).parts] = (status.st_mode, *content)
    return found


@contextlib.contextmanager
def only(folder: Path, *inside: str) -> Iterator[None]:
    """Hold that nothing in a folder changes, other than below these of its entries."""
    before = snapshot(folder)
    yield
    after = snapshot(folder)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    outside = {key for key in changed if key[0] not in inside}
    assert not outside, f"changed outside of {inside}: {sorted(outside)}"
