"""From a folder of runs to one HTML file that needs nothing else and asks for nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from ganbench.api.errors import UsageError
from ganbench.publishing.loading import is_published, load_selected
from ganbench.reporting.content import Content, gather
from ganbench.reporting.grids import BAR
from ganbench.reporting.live import Live
from ganbench.reporting.provenance import TASK_HEADINGS
from ganbench.results.mirrors import open_runs
from ganbench.results.parts import Part
from ganbench.storage.writing import replace_all


def write_report(
    folder: Path,
    out: Path,
    *,
    suite: str | None = None,
    tasks: Sequence[str] = (),
    variants: Sequence[str] = (),
    live: Live | None = None,
) -> tuple[int, list[str]]:
    """Write the page of a folder's runs; the same records give the same bytes.

    Args:
        folder: a runs folder, or the folder of a published leaderboard.
        out: the HTML file; one that is there is replaced.
        suite, tasks, variants: only these; none: all.
        live: what is under way; the page then reloads itself. None: nothing, and it does not.

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
    loaded = load_selected(folder, suite=suite, tasks=tasks, variants=variants)
    store = None if is_published(folder) else open_runs(folder)
    if store:
        store.fetch(loaded.runs.frame["run_id"], Part.PAGE)
    content = gather(loaded.runs, loaded.coverage, loaded.records, store, loaded.warnings)
    replace_all({out: html(content, live).encode("utf-8", "replace")})
    return sum(count for _, count in content.statuses), loaded.warnings


def html(content: Content, live: Live | None = None) -> str:
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
        live=live,
        style=style,
        script=script,
        policy=_policy(style, script),
        bar=BAR,
        level=2 if len(content.editions) == 1 else 3,
        task_headings=TASK_HEADINGS,
    )


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
