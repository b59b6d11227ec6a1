"""Records and other files of a runs folder, from villains with the right seal as well."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.results.seal import canonical_json, seal
from ganbench.results.store import RunStore

from ..results.synthetic import curve, record, spec
from .harness import call, check, examples, only, profile
from .mutations import OBSTACLES, put_obstacle, spoiled_bytes, spoiled_values

GOOD = [
    record(spec(name, "ring8", seed), curve("ring8", level, seed))
    for name, level in (("wgan-gp", 2), ("vanilla", 12))
    for seed in (0, 1)
]
VICTIM = GOOD[0]
VERBS = st.sampled_from([
    *(["table", "--format", form] for form in ("terminal", "csv", "md", "latex", "json")),
    ["compare", "wgan-gp", "vanilla"], ["compare", "vanilla", "wgan-gp", "--format", "md"],
    ["status"], ["status", "--json"], ["show", VICTIM["run_id"]],
    ["show", VICTIM["run_id"], "--json"], ["publish", "--out", "runs/out"],
])  # fmt: skip


def sealed(data: Any) -> bytes:
    """Any JSON with the seal of a record: a hash keeps out accidents, not villains."""
    body = canonical_json(data)
    digest = hashlib.sha256(body).hexdigest()
    return body[:-1] + f',"sha256":"{digest}"}}\n'.encode()


@contextmanager
def runs_folder() -> Iterator[Path]:
    """A folder with a runs folder in it, as the working folder."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for one in GOOD:
            folder = root / "runs" / one["run_id"]
            folder.mkdir(parents=True)
            (folder / "record.json").write_bytes(seal(one))
            (folder / "spec.json").write_bytes(canonical_json(one["spec"]) + b"\n")
        (root / "beside.txt").write_text("kept")
        os.chdir(root)
        try:
            yield root
        finally:
            os.chdir(here)


def others_are_intact(root: Path) -> None:
    found = RunStore(root / "runs").finished(one["run_id"] for one in GOOD[1:])
    assert list(found.records.values()) == GOOD[1:]
    assert not found.warnings


def look(verb: list[str], root: Path) -> None:
    with only(root, "runs"):
        check(call(verb))
    others_are_intact(root)


@pytest.mark.parametrize("number", profile(25, 400))
def test_spoiled_bytes_of_records(number: int) -> None:
    @examples(number)
    @given(spoiled_bytes(seal(VICTIM)), VERBS)
    def run(content: bytes, verb: list[str]) -> None:
        with runs_folder() as root:
            file = root / "runs" / VICTIM["run_id"] / "record.json"
            file.write_bytes(content)
            look(verb, root)
            if content != seal(VICTIM) and verb[0] in ("table", "compare", "status"):
                kept = [one.read_bytes() for one in file.parent.glob("record.json*")]
                assert content in kept, "a damaged record was deleted"
                assert not RunStore(root / "runs").finished([VICTIM["run_id"]]).records

    run()


@pytest.mark.parametrize("number", profile(30, 500))
def test_sealed_records_of_villains(number: int) -> None:
    @examples(number)
    @given(spoiled_values(VICTIM), VERBS)
    def run(data: Any, verb: list[str]) -> None:
        try:
            content = sealed(data)
        except (ValueError, RecursionError):
            return
        with runs_folder() as root:
            (root / "runs" / VICTIM["run_id"] / "record.json").write_bytes(content)
            look(verb, root)

    run()


@pytest.mark.parametrize("number", profile(10, 150))
def test_spoiled_files_of_unfinished_runs(number: int) -> None:
    progress = {"fraction": 0.5, "step": 10, "scores": [["W2", 1.0]]}
    told = {"spec.json": VICTIM["spec"], "progress.json": progress}

    @examples(number)
    @given(st.data(), st.sampled_from(sorted(told)), VERBS)
    def run(data: st.DataObject, name: str, verb: list[str]) -> None:
        text = json.dumps(data.draw(spoiled_values(told[name])))
        content = text.encode("utf-8", "surrogatepass")
        content = content if data.draw(st.booleans()) else data.draw(spoiled_bytes(content))
        with runs_folder() as root:
            folder = root / "runs" / VICTIM["run_id"]
            (folder / "record.json").unlink()
            (folder / name).write_bytes(content)
            (folder / "log.txt").write_bytes(content)
            look(verb, root)

    run()


FILES = ("record.json", "spec.json", "progress.json", "log.txt", "lock", "history.jsonl")


@pytest.mark.parametrize("number", profile(10, 150))
def test_other_things_in_the_place_of_files(number: int) -> None:
    @examples(number)
    @given(st.sampled_from(FILES), st.sampled_from(OBSTACLES), st.booleans(), VERBS)
    def run(name: str, obstacle: str, unfinished: bool, verb: list[str]) -> None:
        with runs_folder() as root:
            folder = root / "runs" / VICTIM["run_id"]
            if unfinished:
                (folder / "record.json").unlink()
            put_obstacle(folder / name, obstacle)
            look(verb, root)

    run()


@pytest.mark.parametrize("obstacle", [one for one in OBSTACLES if one != "absent"])
def test_other_things_in_the_place_of_a_run_folder(obstacle: str) -> None:
    with runs_folder() as root:
        put_obstacle(root / "runs" / "a-run-s0-0123456789", obstacle)
        answer = call(["table"])
        check(answer)
        assert answer.code == 0
        others_are_intact(root)
