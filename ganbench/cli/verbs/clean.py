"""`ganbench clean`: what the cache and checkpoints take, and away with them on request."""

from __future__ import annotations

from pathlib import Path

import click

from ganbench.api.errors import UsageError
from ganbench.cli.options import json_option, runs_option
from ganbench.cli.verb import Verb
from ganbench.console import print_json, print_rows, talk
from ganbench.execution.cleaning import cache_heaps, checkpoint_heap, remove
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.mirrors import open_runs
from ganbench.wording import file_size


@click.command(cls=Verb)
@runs_option
@click.option("--cache", is_flag=True, help="Remove what the cache holds; it is computed again.")
@click.option(
    "--checkpoints", is_flag=True, help="Remove checkpoints; unfinished runs then start over."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@json_option
def command(runs: Path, cache: bool, checkpoints: bool, dry_run: bool, as_json: bool) -> None:
    """Show what the cache and the checkpoints of unfinished runs take; remove them on request.

    Records, logs, samples and downloaded data sets are never removed, nor is anything that a
    running process uses.
    """
    store = open_runs(runs)
    if checkpoints and isinstance(store, MirrorStore):
        raise UsageError(
            "the checkpoints of a bucket are kept there: removing what is mirrored of them here "
            "would start nothing over",
            "remove them in the bucket, or leave --checkpoints out",
        )
    heaps = [*cache_heaps(), checkpoint_heap(store)]
    rows = []
    for heap in heaps:
        wanted = checkpoints if heap.name == "checkpoints" else cache
        if wanted and not dry_run:
            remove(heap)
        state = "kept" if not wanted else "would be removed" if dry_run else "removed"
        rows.append((heap, state))
    if as_json:
        print_json(
            [
                {
                    "name": heap.name,
                    "folder": str(heap.folder),
                    "files": len(heap.files),
                    "bytes": heap.size,
                    "state": state,
                }
                for heap, state in rows
            ]
        )
        return
    print_rows(
        ["what", "files", "size", "state", "folder"],
        [
            [heap.name, str(len(heap.files)), file_size(heap.size), state, str(heap.folder)]
            for heap, state in rows
        ],
    )
    if not (cache or checkpoints):
        talk("nothing is removed without --cache or --checkpoints")
