"""Following a document to the letter: its commands are run, its files are written, in its order.

A fenced block is what its info string says: ``bash`` (run; ``bash exit=4``: ends with that code),
``python`` (run as a script), ``python file=NAME`` or ``toml file=NAME`` (written to that file),
``text`` (lines that the block before it must have printed, whatever the numbers are), ``yaml``
(must be valid). ``bash needs=MODULE`` is left out where that module is not installed, and ``bash
stub=NAME`` sees `tests/data/stubs/NAME` in the place of what no test may reach.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import yaml
from markdown_it import MarkdownIt

from .. import warm
from ..warm import Warm

RESULTS = Path(__file__).parents[2] / "results"
STUBS = Path(__file__).parents[1] / "data" / "stubs"
TOOLS = {
    "mypy": f"-m mypy --python-executable {sys.executable}",  # follows no `site.addsitedir`
    "pip": "-m pip",
    "pytest": "-m pytest",
    "python": "",
}
SETTINGS = {
    "NO_COLOR": "1",
    "COLUMNS": "100",
    "OMP_NUM_THREADS": "1",
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # so it is spelt: the build backend is installed already
}


@dataclass
class Block:
    """A fenced block.

    Args:
        language: first word of its info string.
        options: the other words, as ``name=value``.
        text: what it holds.
        line: of the document.
    """

    language: str
    options: dict[str, str]
    text: str
    line: int


def blocks(document: Path) -> list[Block]:
    """All fenced blocks of a Markdown file."""
    found = []
    for token in MarkdownIt().parse(document.read_text("utf-8")):
        if token.type == "fence":
            language, *words = token.info.split() or [""]
            options = dict(word.split("=", 1) for word in words)
            assert token.map is not None
            found.append(Block(language, options, token.content, token.map[0] + 1))
    return found


def can_be_done(block: Block) -> bool:
    """Whether what a block needs is installed."""
    return "needs" not in block.options or find_spec(block.options["needs"]) is not None


@dataclass
class Reader:
    """Somebody who follows a document in a folder and an environment of their own.

    Packages of this environment are seen in the new one; what is installed goes into the new one.
    The folder holds a copy of `results`, as a clone of the repository does. Commands of ganbench
    are forked from a process of that environment, which ends when the reader is left.
    """

    home: Path
    folder: Path = field(init=False)
    printed: str = ""

    def __post_init__(self) -> None:
        environment = self.home / "venv"
        venv.create(environment, with_pip=False, symlinks=True)
        (packages,) = environment.glob("lib/python*/site-packages")
        here = sysconfig.get_path("purelib")
        (packages / "parent.pth").write_text(f"import site; site.addsitedir({here!r})\n")
        self.tools = environment / "bin"
        self.python = self.tools / Path(sys.executable).name
        self._warm = Warm(str(self.python), self._environment())
        forked = {"ganbench": f"-P -S {warm.__file__} ask {self._warm.address}"}
        for name, arguments in {**TOOLS, **forked}.items():
            tool = self.tools / name
            if name != "python":
                tool.write_text(f'#!/bin/sh\nexec "{self.python}" {arguments} "$@"\n')
                tool.chmod(0o755)
        self.folder = self.home / "work"
        self.folder.mkdir()
        shutil.copytree(RESULTS, self.folder / "results")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._warm.close()

    def follow(self, document: Path) -> None:
        """Do all that a document says.

        Raises:
            AssertionError: something in it does not do what it should, and which line it is.
        """
        for block in filter(can_be_done, blocks(document)):
            self.do(block, f"{document.name}, line {block.line}")

    def do(self, block: Block, where: str) -> None:
        """Do what one block says, in the folder where the last one left off."""
        match block.language:
            case "bash":
                self._run(["bash", "-euo", "pipefail", "-c", _keeping_folder(block)], block)
            case "python" | "toml" if "file" in block.options:
                (self.folder / block.options["file"]).write_text(block.text, "utf-8")
            case "python":
                self._run([str(self.python), "-c", block.text], block)
            case "text":
                missing = _missing(block.text, self.printed)
                assert not missing, f"{where}: was not printed: {missing}\n{self.printed}"
            case "yaml":
                assert yaml.safe_load(block.text), where
            case other:
                raise AssertionError(f"{where}: nobody runs a block of {other!r}")

    def _run(self, command: list[str], block: Block) -> None:
        env = self._environment()
        if "stub" in block.options:
            env["PYTHONPATH"] = str(STUBS / block.options["stub"])
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.printed, _, folder = done.stdout.partition(_MARK)
        assert done.returncode == int(block.options.get("exit", 0)), (
            f"line {block.line}: exit code {done.returncode}\n{block.text}\n{self.printed}"
        )
        if folder.strip():
            self.folder = Path(folder.strip())

    def _environment(self) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return {**env, **SETTINGS, "PATH": f"{self.tools}{os.pathsep}{env['PATH']}"}


_MARK = "---- the folder is now: "


def _keeping_folder(block: Block) -> str:
    """The script; a `cd` in it holds for the blocks after it."""
    return f"{block.text}\necho; echo '{_MARK}'; pwd\n"


def _missing(expected: str, printed: str) -> list[str]:
    """Lines that were not printed. Digits and spaces do not count, nor does what `...` is for."""
    seen = {_shape(line) for line in printed.splitlines()}
    lines = [line for line in expected.splitlines() if line.strip() not in ("", "...")]
    return [line for line in lines if _shape(line) not in seen]


def _shape(line: str) -> str:
    """A line without its numbers and times: they differ between machines."""
    numbers = re.sub(r"[±–]?\d[\d.,]*", "#", line)
    times = re.sub(r"(# min )?# s\b|# h # min\b", "# s", numbers)
    return re.sub(r"[\s─-]+", " ", times).strip()
