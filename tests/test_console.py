"""Talking to people, and to nobody."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = """
import sys
from ganbench import console
for _ in range(3):
    console.say("a line")
    console.talk("a line")
console.print_rows(["a"], [["b"]])
sys.exit(4)
"""


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_who_prints_for_nobody_goes_on(stream: str) -> None:
    """A pipe whose reader has gone takes nothing more, and ends no work."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
    done = subprocess.run([sys.executable, "-c", CODE], text=True, check=False, **streams)
    os.close(writer)
    assert done.returncode == 4
    other = done.stderr if stream == "stdout" else done.stdout
    assert other.splitlines()[:3] == ["a line"] * 3
