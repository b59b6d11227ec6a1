"""Suites, settings, command lines. Nothing is trained: planning is real, the executor unreached."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import GanbenchError
from ganbench.cli.main import VERBS
from ganbench.results.seal import canonical_json, seal

from ..results.synthetic import curve, record, spec
from .harness import call, check, examples, only, profile
from .mutations import (
    HOSTILE,
    OBSTACLES,
    as_toml,
    put_obstacle,
    spoiled_bytes,
    spoiled_values,
)

SUITES = {
    file.name: file.read_text("utf-8")
    for file in (resources.files("ganbench.planning") / "suites").iterdir()
    if file.name.endswith(".toml")
}
RUN = record(spec("wgan-gp", "ring8", 0), curve("ring8", 2, 0))


@contextmanager
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with one finished run, in which `run` plans and then stops."""
    here = Path.cwd()

    def stop(*_: object, **__: object) -> None:
        raise GanbenchError("everything up to the executor is fine")

    monkeypatch.setattr("ganbench.execution.request.run_plan", stop)
    monkeypatch.setenv("COLUMNS", "100")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        folder = root / "runs" / RUN["run_id"]
        folder.mkdir(parents=True)
        (folder / "record.json").write_bytes(seal(RUN))
        (folder / "spec.json").write_bytes(canonical_json(RUN["spec"]) + b"\n")
        (root / "beside.txt").write_text("kept")
        os.chdir(root)
        try:
            yield root
        finally:
            os.chdir(here)


def plan(root: Path, verb: str) -> None:
    with only(root, "runs", "results"):
        check(call([verb, "vanilla", "--suite", "mine.toml", "--seeds", "0"]))


@pytest.mark.parametrize("number", profile(15, 300))
def test_spoiled_bytes_of_suites(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    @examples(number)
    @given(st.data(), st.sampled_from(sorted(SUITES)), st.sampled_from(["plan", "run"]))
    def run(data: st.DataObject, name: str, verb: str) -> None:
        content = data.draw(spoiled_bytes(SUITES[name].encode()))
        with place(monkeypatch) as root:
            (root / "mine.toml").write_bytes(content)
            plan(root, verb)

    run()


@pytest.mark.parametrize("number", profile(15, 300))
def test_suites_with_other_values(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    @examples(number)
    @given(st.data(), st.sampled_from(sorted(SUITES)), st.sampled_from(["plan", "run", "publish"]))
    def run(data: st.DataObject, name: str, verb: str) -> None:
        table: Any = data.draw(spoiled_values(tomllib.loads(SUITES[name])))
        text = as_toml(table).encode("utf-8", "surrogatepass")
        with place(monkeypatch) as root:
            (root / "mine.toml").write_bytes(text)
            if verb == "publish":
                with only(root, "results"):
                    check(call(["publish", "--suite", "mine.toml"]))
            else:
                plan(root, verb)

    run()


SETTINGS = """
suite = "points"
seeds = "0-2"
budget = "100steps"
device = "cpu"
runs = "runs"
jobs = 2
limit = "1h"
memory = "2GiB"
disabled-plugins = ["dirac"]
"""


@pytest.mark.parametrize("number", profile(15, 300))
@pytest.mark.parametrize("kind", ["bytes", "values"])
def test_spoiled_settings(number: int, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @examples(number)
    @given(st.data(), st.sampled_from([("plan", "vanilla"), ("config", "show"), ("status",)]))
    def run(data: st.DataObject, command: tuple[str, ...]) -> None:
        if kind == "bytes":
            content = data.draw(spoiled_bytes(SETTINGS.encode()))
        else:
            table: Any = data.draw(spoiled_values(tomllib.loads(SETTINGS)))
            content = as_toml(table).encode("utf-8", "surrogatepass")
        with place(monkeypatch) as root:
            (root / "ganbench.toml").write_bytes(content)
            with only(root):
                check(call(list(command)))

    run()


@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"[" * 5000,
        b'name = "m"\n[grid]\nlr = ' + b"{a=" * 3000,
        b"seeds = " + b"9" * 5000,
        b'name = "m"\n\0',
        b"\xff\xfe",
        b'name = "m"\nname = "n"',
        b'name = "m"\nseeds = "' + b"1" * 5000 + b'"\n[[tasks]]\nname="t"',
        b'name = "m"\nseeds = "0-99999999999999999999"\n[[tasks]]\nname="t"',
    ],
)
def test_suites_that_have_broken_parsers(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with place(monkeypatch) as root:
        (root / "mine.toml").write_bytes(content)
        answer = call(["plan", "vanilla", "--suite", "mine.toml"])
        check(answer)
        assert answer.code == 2
        assert "mine.toml" in answer.err


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_other_things_in_the_place_of_a_suite(
    obstacle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place(monkeypatch) as root:
        put_obstacle(root / "mine.toml", obstacle)
        answer = call(["plan", "vanilla", "--suite", "mine.toml"])
        check(answer)
        assert answer.code == 2
        assert "mine.toml" in answer.err


OPTIONS = (
    *("--all", "--suite", "--task", "--seeds", "--budget", "--set", "--device", "--memory"),
    *("--runs", "--jobs", "--limit", "--retries", "--checkpoint-every", "--fresh", "--format"),
    *("--retry-failed", "--fail-fast", "--allow-failures", "--json", "--variant", "--out"),
    *("--no-plugin", "-h", "--help", "--version", "--requirements", "--", "-", "-x", "--nope"),
)
WORDS = (
    *("vanilla", "dcgan", "wgan-gp", "mlp+*", "*+*", "*", "dcgan+wgan-gp[loss.penalty=1]"),
    *("wgan-gp[lr=2e-4]", "vanilla[lr=1/0]", "vanilla.lr=1", "wgan-gp.penalty=1/3", "vanilla.=1"),
    *("starter", "points", "dirac", "ring8", "digits", "grid25", "variants", "models", "suites"),
    *("0", "0-4", "0,2", "7-3", "1e9", "-1", "0.5", "1" * 5000, "0-4294967295"),
    *("10steps", "2PFLOP", "10m", "1e400steps", "0s", "8GiB", "cpu", "cuda", "auto"),
    *("md", "latex", "csv", "json", "terminal", RUN["run_id"], RUN["run_id"][:12], "runs", "out"),
)
words = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(OPTIONS),
    st.sampled_from([text for text in HOSTILE if "\0" not in text]),  # no argument can have one
    st.text(st.characters(exclude_characters="\0"), max_size=12),
)
# These train, write packages or remove caches, as they are asked to: each has tests of its own.
BY_THEMSELVES = ("check", "clean", "new", "verify")
# Commands write where --runs and --out say. Here they may say it only of these folders.
lines = st.tuples(
    st.sampled_from([v for v in VERBS if v not in BY_THEMSELVES]), st.lists(words, max_size=7)
).map(lambda line: [line[0], *line[1]])


def tame(line: list[str]) -> list[str]:
    """The same, with what says where to write and where to look answered within the folder."""
    tamed = []
    for word in line:
        if tamed and tamed[-1] in ("--runs", "--out"):
            word = "runs" if tamed[-1] == "--runs" else "results"
        if word.startswith(("--runs=", "--out=", "--o", "--ru")) and word not in (
            "--runs",
            "--out",
        ):
            continue
        tamed.append(word)
    return tamed


@pytest.mark.parametrize("number", profile(40, 600))
def test_command_lines(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    @examples(number)
    @given(lines)
    def run(line: list[str]) -> None:
        with place(monkeypatch) as root, only(root, "runs", "results", "report.html"):
            check(call(tame(line)))

    run()


@pytest.mark.parametrize("number", profile(2, 40))
def test_command_lines_in_processes_of_their_own(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    @examples(number)
    @given(lines.filter(lambda line: line[0] != "run"))  # nothing would stop it before it trains
    def run(line: list[str]) -> None:
        with place(monkeypatch) as root, only(root, "runs", "results", "report.html"):
            done = subprocess.run(
                [sys.executable, "-m", "ganbench", *(os.fsencode(word) for word in _legal(line))],
                capture_output=True,
                check=False,
            )
            assert done.returncode in range(6), done
            assert b"Traceback" not in done.stderr + done.stdout, done.stderr.decode()

    run()


def _legal(line: list[str]) -> list[str]:
    """As a shell could pass it on: half characters come from bytes that are no UTF-8 only."""
    return [word.encode("utf-8", "replace").decode() for word in tame(line)]


@pytest.mark.parametrize("verb", ["show", "status", "table", "compare", "publish"])
@pytest.mark.parametrize("name", ["../secret", "/etc", "..", "\x1b[2J", "a" * 5000, "%s%n", "~"])
def test_names_of_runs_lead_nowhere(verb: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with place(monkeypatch) as root, only(root):
        answer = call([verb, name] if verb in ("show", "compare") else [verb, "--suite", name])
        check(answer)
        assert answer.code in (2, 5) or verb == "status"


def test_json_stays_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """The harness itself: a plain request succeeds, and `run` really stops at the executor."""
    with place(monkeypatch):
        answer = call(["status", "--json"])
        assert (answer.code, [row["status"] for row in json.loads(answer.out)]) == (0, ["ok"])
        answer = call(["run", "vanilla", "--task", "ring8", "--seeds", "0"])
        assert (answer.code, "up to the executor" in answer.err) == (1, True)
