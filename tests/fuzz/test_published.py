"""Published leaderboards: CSV files and manifests that were damaged, or made up."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ganbench.api.errors import InvalidResults
from ganbench.publishing.publish import publish
from ganbench.publishing.reading import read_published

from ..results.synthetic import curve, record, spec
from .harness import call, check, examples, only, profile
from .mutations import OBSTACLES, put_obstacle, spoiled_bytes, spoiled_values, texts

NAMES = ("runs.csv", "datapackage.json")
FORMS = st.sampled_from(["terminal", "csv", "md", "latex", "json"])


@cache
def published() -> dict[str, bytes]:
    """The files of a small leaderboard."""
    runs = [
        record(spec(name, task, seed), curve(task, level, seed))
        for name, level in (("wgan-gp", 2), ("vanilla", 12))
        for task in ("ring8", "digits")
        for seed in (0, 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        return {path.name: path.read_bytes() for path in publish(runs, "starter", Path(folder))}


def repaired(files: dict[str, bytes]) -> dict[str, bytes]:
    """The same with runs.csv described as it is: a manifest keeps out accidents only."""
    manifest = json.loads(files["datapackage.json"])
    content = files["runs.csv"]
    for resource in manifest["resources"]:
        if resource["name"] == "runs":
            digest = hashlib.sha256(content).hexdigest()
            resource.update(bytes=len(content), hash=f"sha256:{digest}")
    return {**files, "datapackage.json": json.dumps(manifest).encode()}


@contextmanager
def board(files: dict[str, bytes]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "starter"
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)
        yield folder


def look(folder: Path, form: str) -> None:
    with only(folder.parent):
        check(call(["table", "--runs", str(folder), "--format", form]))
        check(call(["compare", "wgan-gp", "vanilla", "--runs", str(folder), "--format", form]))


@pytest.mark.parametrize("number", profile(10, 200))
def test_spoiled_bytes(number: int) -> None:
    @examples(number)
    @given(st.data(), st.sampled_from(NAMES), FORMS)
    def run(data: st.DataObject, name: str, form: str) -> None:
        content = data.draw(spoiled_bytes(published()[name]))
        with board({**published(), name: content}) as folder:
            if name == "runs.csv" and content != published()[name]:
                with pytest.raises(InvalidResults, match="not the file that its manifest"):
                    read_published(folder)
            look(folder, form)

    run()


@pytest.mark.parametrize("number", profile(10, 200))
def test_manifests_of_villains(number: int) -> None:
    @examples(number)
    @given(spoiled_values(json.loads(published()["datapackage.json"])), FORMS)
    def run(manifest: Any, form: str) -> None:
        content = json.dumps(manifest).encode("utf-8", "surrogatepass")
        with board({**published(), "datapackage.json": content}) as folder:
            look(folder, form)

    run()


@st.composite
def spoiled_tables(draw: st.DrawFn) -> bytes:
    """runs.csv with some cells, rows or columns changed."""
    rows = list(csv.reader(io.StringIO(published()["runs.csv"].decode())))
    cells = texts | st.sampled_from([cell for row in rows for cell in row]) | st.just("1" * 200_000)
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.integers(0, len(rows) - 1))
        if not rows[row]:
            continue
        column = draw(st.integers(0, len(rows[row]) - 1))
        match draw(st.sampled_from(["cell", "cell", "cell", "drop", "double", "short"])):
            case "drop":
                rows[row] = []
            case "double":
                rows.append(rows[row])
            case "short":
                del rows[row][column]
            case _:
                rows[row][column] = draw(cells)
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("number", profile(15, 300))
def test_tables_of_villains(number: int) -> None:
    @examples(number)
    @given(spoiled_tables(), FORMS)
    def run(content: bytes, form: str) -> None:
        with board(repaired({**published(), "runs.csv": content})) as folder:
            look(folder, form)

    run()


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("name", NAMES)
def test_other_things_in_the_place_of_files(name: str, obstacle: str) -> None:
    with board(published()) as folder:
        put_obstacle(folder / name, obstacle)
        answer = call(["table", "--runs", str(folder)])
        check(answer)
        assert answer.code == 4
        assert name in answer.err


Change = Callable[[dict[str, str]], object]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda row: row.update(status="splendid"), "[status]: 'splendid' is none of: ok"),
        (lambda row: row.update(budget_kind="luck"), "[budget_kind]: 'luck' is none of: flops"),
        (lambda row: row.update(seed=""), "[seed]: it is empty"),
        (lambda row: row.update(seed="-1"), "[seed]: -1 is negative"),
        (lambda row: row.update(seed="9" * 30), "[seed]: '999999999999999999999999999999' is no"),
        (lambda row: row.update(distance_end="nan"), "[distance_end]: 'nan' is no finite number"),
        (lambda row: row.update(code="a123456789"), "[code]: 'a123456789' stands for no plugins"),
        (lambda row: row.update(variant="\x1b[2J"), "cannot be printed"),
        (lambda row: row.update(variant_parameters="[]"), "[variant_parameters]: it is no JSON o"),
        (lambda row: row.update(variant="x" * 200_000), "field larger than field limit"),
    ],
)
def test_what_no_run_can_have_is_named(change: Change, complaint: str) -> None:
    csv.field_size_limit(131_072)  # Python's own, which some validators of data raise
    reader = csv.DictReader(io.StringIO(published()["runs.csv"].decode()))
    rows = list(reader)
    change(rows[0])
    stream = io.StringIO()
    writer = csv.DictWriter(stream, reader.fieldnames or [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    files = repaired({**published(), "runs.csv": stream.getvalue().encode()})
    with board(files) as folder, pytest.raises(InvalidResults, match=r"runs\.csv") as caught:
        read_published(folder)
    assert complaint in caught.value.message
