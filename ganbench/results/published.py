"""Reading a published leaderboard back: the same runs that were published, or an error."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any, Final

from ganbench.api.errors import InvalidResults
from ganbench.api.version import SCHEMA_VERSION
from ganbench.results.cells import original_cell
from ganbench.results.fields import RUN_FIELDS
from ganbench.results.frame import Runs, typed_frame
from ganbench.results.manifest import (
    MANIFEST_FILE,
    RUNS_FILE,
    check_manifest,
    known_scores,
    known_specs,
    known_unranked,
)
from ganbench.results.standing import Coverage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

# Python's own float reads every repr exactly, which not every version of pandas does.
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "string": original_cell,
    "datetime": original_cell,
    "integer": int,
    "number": float,
}


def read_published(folder: Path) -> tuple[Runs, Coverage]:
    """The runs of a folder that `publish` wrote, and the coverage that its ranks needed.

    Raises:
        InvalidResults: a file is missing, was changed after it was published, or is none of ours.
    """
    manifest = _manifest(folder)
    about = manifest["ganbench"]
    if about["schema"] != SCHEMA_VERSION:
        reason = f"{folder / MANIFEST_FILE} has schema {about['schema']}, not {SCHEMA_VERSION}"
        raise InvalidResults(reason, "read it with the ganbench that wrote it")
    resource = next((one for one in manifest["resources"] if one.get("name") == "runs"), None)
    if resource is None:
        raise InvalidResults(f"{folder / MANIFEST_FILE} does not describe {RUNS_FILE}")
    fields, digest = resource["schema"]["fields"], resource.get("hash")
    frame = _frame(folder / RUNS_FILE, digest, fields)
    pins = {code: tuple(used) for code, used in about["plugins"].items()}
    runs = Runs(
        frame,
        known_scores(fields),
        pins,
        known_specs(about),
        known_unranked(about),
        about.get("sources", {}),
    )
    return runs, Coverage(tuple(about["tasks"]), tuple(about["seeds"]))


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_bytes())
        check_manifest(manifest)
    except OSError as error:
        reason = f"cannot read {folder / MANIFEST_FILE}: {error.strerror}"
        raise InvalidResults(reason, "name a folder that `ganbench publish` has written") from None
    except (ValueError, RecursionError) as error:
        reason = f"{folder / MANIFEST_FILE} is no manifest of ganbench: {error}"
        raise InvalidResults(reason) from None
    return manifest


def _frame(path: Path, digest: str | None, fields: list[dict[str, Any]]) -> pd.DataFrame:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidResults(f"cannot read {path}: {error.strerror}") from None
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
        raise InvalidResults(f"{path} is not the file that its manifest describes", "publish again")
    try:
        header, *lines = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
        keys = header[len(RUN_FIELDS) :]
        if header != [*(one.name for one in RUN_FIELDS), *keys]:
            raise ValueError("its columns are not those of this schema")
        if header != [one["name"] for one in fields]:
            raise ValueError("its columns are others")
        readers = [_READERS[one.type] for one in RUN_FIELDS] + [float] * len(keys)
        rows = [
            {
                name: read(cell) if cell else None
                for name, read, cell in zip(header, readers, line, strict=True)
            }
            for line in lines
        ]
    except ValueError as error:
        raise InvalidResults(f"{path} does not hold what its manifest says: {error}") from None
    return typed_frame(rows, keys)
