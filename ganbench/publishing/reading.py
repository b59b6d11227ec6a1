"""Reading a published leaderboard back: the same runs that were published, or all that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ganbench.api.errors import InvalidResults
from ganbench.publishing.csvfile import CsvFile, read_csv
from ganbench.publishing.findings import Finding
from ganbench.publishing.manifest import (
    MANIFEST_FILE,
    RUNS,
    Manifest,
    Resource,
    TableForm,
    as_manifest,
    known_scores,
    known_specs,
    known_unranked,
)
from ganbench.publishing.possible import impossible
from ganbench.results.fields import Field
from ganbench.results.frame import Runs, typed_frame
from ganbench.storage.parsing import from_json
from ganbench.storage.reading import read_file
from ganbench.tables.coverage import Coverage
from ganbench.wording import typed


def read_published(folder: Path) -> tuple[Runs, Coverage]:
    """The runs of a folder that `publish` wrote, and the coverage that its ranks needed.

    Raises:
        InvalidResults: a file is missing, was changed after it was published, or is none of ours.
    """
    found = read_folder(folder, RUNS)
    if found.manifest is None or found.findings:
        hint = f"{typed('validate', folder)} lists all that is wrong with it"
        raise InvalidResults(f"{folder}/{found.findings[0]}", hint)
    return known_runs(found.manifest, found.files[RUNS.name]), known_coverage(found.manifest)


@dataclass(slots=True)
class Reading:
    """What a folder holds, as far as it can be read.

    Args:
        manifest: None if there is none that the rest could be read by.
        files: name -> CSV file, where there is one.
        contents: file name -> content of those CSV files that are sound.
        findings: everything that keeps the folder from being read for what it claims to be.
    """

    manifest: Manifest | None = None
    files: dict[str, CsvFile] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_folder(folder: Path, *forms: TableForm) -> Reading:
    """A folder's manifest, and these of its CSV files held to it."""
    reading = Reading()
    try:
        reading.manifest = as_manifest(from_json(read_file(folder / MANIFEST_FILE)))
    except OSError as error:
        reading.findings.append(Finding(MANIFEST_FILE, f"it cannot be read: {error.strerror}"))
    except ValueError as error:
        message = f"it is no manifest of this ganbench: {error}"
        reading.findings.append(Finding(MANIFEST_FILE, message))
    if reading.manifest is not None:
        for form in forms:
            _read_table(folder, form, reading.manifest, reading)
    return reading


def resource_of(manifest: Manifest, form: TableForm) -> Resource | None:
    """What a manifest says about one of the CSV files."""
    return next((one for one in manifest["resources"] if one["name"] == form.name), None)


def known_runs(manifest: Manifest, file: CsvFile) -> Runs:
    """All that a manifest and `runs.csv` say about the runs; none, if a cell could not be read."""
    about, resource = manifest["ganbench"], resource_of(manifest, RUNS)
    fields = resource["schema"]["fields"] if resource else []
    names = [one["name"] for one in fields]
    keys = names[len(RUNS.fields_among(names)) :]
    return Runs(
        typed_frame(file.rows if file.sound else [], keys),
        known_scores(fields),
        {code: tuple(pins) for code, pins in about["plugins"].items()},
        known_specs(about),
        known_unranked(about),
        dict(about.get("sources", {})),
    )


def known_coverage(manifest: Manifest) -> Coverage:
    """The tasks and seeds that a rank needed."""
    return Coverage(tuple(manifest["ganbench"]["tasks"]), tuple(manifest["ganbench"]["seeds"]))


def _read_table(folder: Path, form: TableForm, manifest: Manifest, reading: Reading) -> None:
    if (resource := resource_of(manifest, form)) is None:
        reading.findings.append(Finding(MANIFEST_FILE, f"it does not list the {form.name}"))
        return
    names = [one["name"] for one in resource["schema"]["fields"]]
    known = form.fields_among(names)
    scores = [Field(name, form.type_of(name), "") for name in names[len(known) :]]
    fields = [*known, *scores]
    if names != [one.name for one in fields]:
        message = f"the columns of {form.name} are not those of this schema"
        reading.findings.append(Finding(MANIFEST_FILE, message))
    try:
        content = read_file(folder / form.file)
    except OSError as error:
        reading.findings.append(Finding(form.file, f"it cannot be read: {error.strerror}"))
        return
    reading.findings += _changes(form.file, content, resource)
    file = reading.files[form.name] = read_csv(form.file, content, fields, form.written)
    if file.sound and form is RUNS:
        for number, row in enumerate(file.rows, start=2):
            for column, message in impossible(row, manifest["ganbench"]["plugins"]):
                file.report(message, number, column)
    reading.findings += file.findings
    if file.sound:
        reading.contents[form.file] = content


def _changes(file: str, content: bytes, resource: Resource) -> Iterator[Finding]:
    """What the manifest says otherwise about a file, of name, size and checksum."""
    found = {
        "path": file,
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    for key, value in found.items():
        if (told := resource[key]) != value:  # type: ignore[literal-required]
            message = f"{key} is {value}, the manifest says {told}"
            yield Finding(file, f"it is not the file that its manifest describes: {message}")
