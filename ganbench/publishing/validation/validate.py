"""Whether a published leaderboard is what it claims to be, as far as it can tell by itself.

Everything that follows from something else is computed again: checksums, run ids from specs, the
hashes of plugins, utilities, ranks, the whole of `leaderboard.csv`. What cannot be told from the
files, whether a number was measured at all, `ganbench verify` tells.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from ganbench.api.errors import UsageError
from ganbench.api.version import __version__
from ganbench.catalogue.provenance import RELEASED
from ganbench.publishing.csvfile import CsvFile
from ganbench.publishing.eligibility import objections
from ganbench.publishing.findings import Finding
from ganbench.publishing.manifest import (
    LEADERBOARD,
    LEADERBOARD_FILE,
    MANIFEST_FILE,
    RUNS,
    RUNS_FILE,
    FieldSchema,
    Manifest,
    Resource,
    TableForm,
)
from ganbench.publishing.publish import package
from ganbench.publishing.reading import known_coverage, known_runs, read_folder, resource_of
from ganbench.publishing.validation.columns import described
from ganbench.publishing.validation.runs import RunCheck
from ganbench.results.fields import RunRow
from ganbench.results.frame import Runs
from ganbench.tables.coverage import Coverage

_FILES: Final = (MANIFEST_FILE, RUNS_FILE, LEADERBOARD_FILE)
"""Each of which tells a leaderboard's folder: one that has lost a file is still to be checked."""

_FREE: Final = ("version", "api")
"""What a manifest says about the ganbench that wrote it: another one may have."""


@dataclass(slots=True)
class Report:
    """What was found in one folder.

    Args:
        folder: of the leaderboard.
        runs, rows: how many stand in `runs.csv` and `leaderboard.csv`.
        findings: errors and warnings, by file.
    """

    folder: Path
    runs: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        """What makes the check fail."""
        return [one for one in self.findings if one.level == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """What does not."""
        return [one for one in self.findings if one.level == "warning"]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        found = [asdict(one) for one in self.findings]
        counts = {"runs": self.runs, "rows": self.rows}
        return {"folder": str(self.folder), "ok": not self.errors, **counts, "findings": found}


def published_folders(path: Path) -> list[Path]:
    """The folder that a path means: itself, the one of a file in it, or all that it holds.

    Raises:
        UsageError: there is no such path, or no leaderboard there.
    """
    if path.is_file() and path.name in _FILES:
        return [path.parent]
    if path.is_dir():
        if any((path / name).exists() for name in _FILES):
            return [path]
        if found := {one.parent for name in _FILES for one in path.glob(f"*/{name}")}:
            return sorted(found)
    raise UsageError(
        f"{path} is no published leaderboard",
        f"name a folder that `ganbench publish` has written, or its {MANIFEST_FILE}",
    )


def validate(folder: Path) -> Report:
    """Check one published leaderboard; every mismatch is a finding."""
    reading = read_folder(folder, LEADERBOARD, RUNS)
    report = Report(folder, findings=reading.findings)
    if reading.manifest is None:
        report.findings += [
            Finding(form.file, "it is missing")
            for form in (LEADERBOARD, RUNS)
            if not (folder / form.file).exists()
        ]
        return report
    for form in (LEADERBOARD, RUNS):
        if (resource := resource_of(reading.manifest, form)) is not None:
            _check_descriptions(resource["schema"]["fields"], form, report)
    report.runs, report.rows = (
        len(reading.files[form.name].rows) if form.name in reading.files else 0
        for form in (RUNS, LEADERBOARD)
    )
    if (file := reading.files.get(RUNS.name)) is not None:
        _check_content(reading.manifest, file, reading.contents, report)
    return report


def _check_descriptions(described: list[FieldSchema], form: TableForm, report: Report) -> None:
    """Whether the manifest describes the columns as they are."""
    known = form.fields_among([found["name"] for found in described])
    for column, found in zip(known, described, strict=False):
        schema = column.to_schema()
        for key in ("type", "format", "constraints"):
            if found.get(key) != schema.get(key):
                message = f"{key} is {found.get(key)!r}, it should be {schema.get(key)!r}"
                finding = Finding(MANIFEST_FILE, f"{form.name}: {message}", None, column.name)
                report.findings.append(finding)
    for found in described[len(known) :]:
        if found["type"] != (wanted := form.type_of(found["name"])):
            message = f"{form.name}: type is {found['type']!r}, it should be {wanted!r}"
            report.findings.append(Finding(MANIFEST_FILE, message, None, found["name"]))


def _check_content(
    manifest: Manifest, file: CsvFile, contents: dict[str, bytes], report: Report
) -> None:
    """The rows by themselves; then, if nothing is wrong with these, all that is derived from them.

    From wrong rows nothing can be derived at all, or everything is wrong once more.
    """
    if not file.rows:
        report.findings.append(Finding(RUNS_FILE, "there is no run in it"))
        return
    runs, coverage = known_runs(manifest, file), known_coverage(manifest)
    found: list[Finding] = []
    if file.sound:
        check = RunCheck(runs, manifest["ganbench"]["suite"], coverage, file.rows)
        found += described(runs)
        found += [
            Finding(RUNS_FILE, message, number, column)
            for number, row in enumerate(file.rows, start=2)
            for column, message in check.problems(row)
        ]
    report.findings += found
    _warn(file.rows, runs, report)
    if file.sound and all(one.level == "warning" for one in found):
        _check_ranked(file.rows, runs, coverage, report)
        _check_derived(manifest, runs, coverage, contents, report)


def _warn(rows: Sequence[RunRow], runs: Runs, report: Report) -> None:
    bare = sum(row["run_id"] not in runs.specs for row in rows)
    if bare:
        message = f"{bare} of {len(rows)} runs have no spec here: their ids are not computed again"
        report.findings.append(Finding(MANIFEST_FILE, message, level="warning"))
    for source, state in sorted(runs.sources.items()):
        if state != RELEASED:
            message = f"the source of {source[:40]} is {state}"
            report.findings.append(Finding(MANIFEST_FILE, message, level="warning"))
    dirty = sorted({str(row["commit"]) for row in rows if "dirty" in str(row["commit"] or "")})
    if dirty:
        message = f"run with uncommitted changes to ganbench: {', '.join(dirty)}"
        report.findings.append(Finding(RUNS_FILE, message, level="warning"))


def _check_ranked(rows: Sequence[RunRow], runs: Runs, coverage: Coverage, report: Report) -> None:
    """Whether exactly those runs are marked as unranked that may not be ranked."""
    found = objections(runs, coverage)
    expected = {run_id: one.reason for one in found for run_id in one.run_ids}
    for number, row in enumerate(rows, start=2):
        wanted, marked = expected.get(row["run_id"]), runs.unranked.get(row["run_id"])
        if wanted != marked:
            message = f"unranked for {marked or 'no reason'!r}, not for {wanted or 'none'!r}"
            report.findings.append(Finding(RUNS_FILE, message, number, "run_id"))


def _check_derived(
    manifest: Manifest,
    runs: Runs,
    coverage: Coverage,
    contents: dict[str, bytes],
    report: Report,
) -> None:
    """The files that these runs give, against those that are there."""
    about = manifest["ganbench"]
    made = package(runs, about["suite"], coverage)
    if made[RUNS_FILE] != contents[RUNS_FILE]:
        _compare(RUNS_FILE, contents[RUNS_FILE], made[RUNS_FILE], report)
    if LEADERBOARD_FILE in contents and made[LEADERBOARD_FILE] != contents[LEADERBOARD_FILE]:
        _compare(LEADERBOARD_FILE, contents[LEADERBOARD_FILE], made[LEADERBOARD_FILE], report)
        if about.get("version") != __version__:
            message = f"written by ganbench {about.get('version')}, checked by {__version__}"
            report.findings.append(Finding(MANIFEST_FILE, message, level="warning"))
    expected = json.loads(made[MANIFEST_FILE])
    for key in sorted({*about, *expected["ganbench"]} - set(_FREE)):
        if about.get(key) != expected["ganbench"].get(key):
            report.findings.append(Finding(MANIFEST_FILE, f"{key} is not that of these runs"))
    for found, made_one in zip(manifest["resources"], expected["resources"], strict=False):
        if _form(found) != _form(made_one):
            message = f"the description of {made_one['path']} is not that of a leaderboard"
            report.findings.append(Finding(MANIFEST_FILE, message))
    for key in ("name", "profile", "created"):
        if manifest.get(key) != expected.get(key):
            message = f"{key} is {manifest.get(key)!r}, it should be {expected.get(key)!r}"
            report.findings.append(Finding(MANIFEST_FILE, message))


def _form(resource: Resource) -> dict[str, Any]:
    """How a file is to be read: all of its description but its columns and checksum."""
    schema = {key: value for key, value in resource["schema"].items() if key != "fields"}
    rest = {key: value for key, value in resource.items() if key not in ("bytes", "hash")}
    return {**rest, "schema": schema}


def _compare(file: str, found: bytes, expected: bytes, report: Report) -> None:
    """Cell by cell where the rows are the same ones; else what is wrong with the rows."""
    there, made = (list(csv.reader(io.StringIO(one.decode("utf-8")))) for one in (found, expected))
    if there[0] != made[0]:
        report.findings.append(Finding(file, "its columns are not those that the runs give", 1))
    elif len(there) != len(made):
        message = f"it has {len(there) - 1} rows, the runs give {len(made) - 1}"
        report.findings.append(Finding(file, message))
    elif there != made and sorted(there) == sorted(made):
        report.findings.append(Finding(file, "its rows are not sorted as they should be"))
    elif there == made:
        report.findings.append(Finding(file, "its quoting is not that of ganbench"))
    for number, (one, other) in enumerate(zip(there, made, strict=False), start=1):
        if len(there) == len(made) and sorted(there) != sorted(made):
            for column, cell, wanted in zip(there[0], one, other, strict=False):
                if cell != wanted:
                    message = f"{cell or 'empty'}, from the runs it is {wanted or 'empty'}"
                    report.findings.append(Finding(file, message, number, column))
