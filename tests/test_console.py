"""Talking to people, and to nobody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ganbench import console


@pytest.mark.parametrize("number", [1, 2])
def test_who_prints_for_nobody_goes_on(tmp_path: Path, number: int) -> None:
    """A pipe whose reader has gone takes nothing more, and ends no work."""
    reader, writer = os.pipe()
    os.close(reader)
    child = os.fork()
    if child == 0:  # a process of its own: its streams are lost
        os.dup2(writer, number)
        stream = os.fdopen(number, "w")
        setattr(sys, {1: "stdout", 2: "stderr"}[number], stream)
        for _ in range(3):
            {1: console.say, 2: console.talk}[number]("a line")
        console.print_rows(["a"], [["b"]])
        (tmp_path / "done").touch()
        os._exit(4)
    os.close(writer)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
    assert (tmp_path / "done").exists()
