"""From a folder of runs to one HTML file that needs nothing else and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganbench.api.errors import NothingSelected, UsageError
from ganbench.publishing.loading import is_published, load_runs
from ganbench.reporting.content import Content, gather
from ganbench.reporting.grids import BAR
from ganbench.reporting.provenance import TASK_HEADINGS
from ganbench.results.frame import collect
from ganbench.results.store import RunStore
from ganbench.storage.writing import replace_all

if TYPE_CHECKING:
    from ganbench.results.frame import Runs
    from ganbench.results.record import Record
    from ganbench.tables.standing import Coverage


def write_report(folder: Path, out: Path, **wanted: Iterable[Any]) -> tuple[int, list[str]]:
    """Write the page of a folder's runs; the same records give the same bytes.

    Args:
        folder: a runs folder, or the folder of a published leaderboard.
        out: the HTML file; one that is there is replaced.
        wanted: allowed values of columns of `RUN_FIELDS`, such as ``task=["ring8"]``; no values
            mean all.

    Returns:
        How many runs are on the page, and warnings about files that could not be used.

    Raises:
        NothingSelected: no run is left.
        UsageError: there is no such folder, or the file cannot be where it should be.
        InvalidResults: a published file is not what it claims to be.
        GanbenchError: the file cannot be written.
    """
    if out.is_dir() or not out.parent.is_dir():
        reason = "is a folder" if out.is_dir() else "is in no folder that exists"
        raise UsageError(f"{out} {reason}", "name a file: --out report.html")
    runs, coverage, records, store, warnings = _load(folder)
    chosen = runs.only(**{column: values for column, values in wanted.items() if values})
    if chosen.frame.empty:
        raise NothingSelected(f"no run in {folder} matches", "`ganbench status` shows them")
    content = gather(chosen, None if wanted.get("task") else coverage, records, store, warnings)
    replace_all({out: html(content).encode("utf-8", "replace")})
    return len(chosen.frame), warnings


def html(content: Content) -> str:
    """The page. Everything that comes from records is escaped; the style and the script, which are
    ours, are named by their hashes in a policy that allows nothing else to run or to be loaded."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ganbench.reporting", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = (_source(name) for name in ("report.css", "report.js"))
    return environment.get_template("report.html.jinja").render(
        content=content,
        style=style,
        script=script,
        policy=_policy(style, script),
        bar=BAR,
        level=2 if len(content.editions) == 1 else 3,
        task_headings=TASK_HEADINGS,
    )


def _load(
    folder: Path,
) -> tuple[Runs, Coverage | None, dict[str, Record], RunStore | None, list[str]]:
    if is_published(folder):
        runs, coverage, warnings = load_runs(folder)
        return runs, coverage, {}, None, warnings
    store = RunStore(folder)
    contents = store.read_all()
    records = {record["run_id"]: record for record in contents.records}
    return (
        collect(contents.records, contents.unfinished), None, records, store, contents.warnings
    )  # fmt: skip


def _source(name: str) -> str:
    return (files("ganbench.reporting") / "page" / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy under which the page can load nothing and run only its own."""
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src 'sha256-{hashes[0]}'; "
        f"script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
