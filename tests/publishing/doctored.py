"""Published leaderboards that were doctored by somebody who knows how they are made."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ganbench.publishing.publish import publish
from ganbench.results.frame import Runs, plain_rows, typed_frame

Rows = list[dict[str, str]]


def published(folder: Path, runs: Runs, edit: Callable[[dict[str, Any]], object]) -> Path:
    """The leaderboard of these runs, each of which was edited: all that is derived agrees."""
    rows = plain_rows(runs.frame)
    for row in rows:
        edit(row)
    frame = typed_frame(rows, runs.score_keys)
    return publish(replace(runs, frame=frame), "starter", folder, unranked=True)[0].parent


def change(folder: Path, file: str, edit: Callable[[Rows], object]) -> None:
    """Edit a CSV file as somebody would who knows that the manifest has a checksum."""
    rows = list(csv.DictReader(io.StringIO((folder / file).read_text("utf-8"))))
    edit(rows)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / file).write_text(stream.getvalue(), "utf-8")
    content = (folder / file).read_bytes()
    change_manifest(folder, lambda manifest: _describe(manifest, file, content))


def _describe(manifest: dict[str, Any], file: str, content: bytes) -> None:
    (resource,) = (one for one in manifest["resources"] if one["path"] == file)
    resource["bytes"] = len(content)
    resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"


def change_manifest(folder: Path, edit: Callable[[Any], object]) -> None:
    """Edit the manifest, and nothing else."""
    path = folder / "datapackage.json"
    manifest = json.loads(path.read_text("utf-8"))
    edit(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
