"""The runs folder: one folder a run, and in it the record that nobody may overwrite or misread."""

from __future__ import annotations

import contextlib
import difflib
import gc
import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ganbench.api.errors import GanbenchError, InvalidResults, UsageError
from ganbench.results.record import RECORD_FILE, Record
from ganbench.results.requests import Request, ask, asked
from ganbench.results.schema import check_progress, check_spec
from ganbench.results.seal import NewerSchemaError, canonical_json, seal, unseal
from ganbench.storage.parsing import from_json
from ganbench.storage.reading import read_file, require_regular
from ganbench.storage.writing import (
    make_folder,
    rename_aside,
    set_aside,
    write_file,
    write_new,
)
from ganbench.wording import on_runs, typed

if TYPE_CHECKING:
    from ganbench.results.parts import Part

SPEC_FILE: Final = "spec.json"
PROGRESS_FILE: Final = "progress.json"
LOG_FILE: Final = "log.txt"
HISTORY_FILE: Final = "history.jsonl"
GENERATOR_FILE: Final = "generator.safetensors"
LOCK_FILE: Final = "lock"
CANCEL_FILE: Final = "cancel.json"
JOB_FILE: Final = "job.json"
CHECKPOINT_FOLDER: Final = "checkpoint"

RUN_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}"
"""What a run id is like, as a pattern for the whole of it: no path leads out of a folder by it."""

_RUN_ID = re.compile(RUN_ID)


@dataclass(frozen=True, slots=True)
class Finished:
    """What there is of some runs, read once and handed around.

    Args:
        records: run id -> record of the runs that have ended.
        warnings: one line for each file that was not used, and why.
        foreign: ids of the runs whose record is there and not for this ganbench to judge: a newer
            one has written it, or it may not be read. They are neither trained nor missing.
    """

    records: dict[str, Record] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)

    def __contains__(self, run_id: str) -> bool:
        """Whether that run has ended."""
        return run_id in self.records or run_id in self.foreign


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a runs folder tells.

    Args:
        records: of the runs that have ended, sorted by run id.
        unfinished: run id -> spec of the runs that were planned and have no (sound) record.
        warnings: one line for each file that was not used, and why.
        foreign: as of `Finished`; no run of them is in `unfinished`.
    """

    records: list[Record] = field(default_factory=list)
    unfinished: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    foreign: set[str] = field(default_factory=set)


class RunStore:
    """The runs in one folder. Several processes may read and write it at the same time.

    Args:
        root: the folder; created when something is first written.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    @property
    def _status(self) -> str:
        return typed("status", *on_runs(self.root))

    def refresh(self) -> None:
        """Bring what others have done elsewhere: nothing, in a folder that all work in."""

    def fetch(self, run_ids: Iterable[str], *parts: Part) -> None:
        """Bring further parts of some runs: nothing, where all are here."""

    def leased(self, run_id: str) -> bool:
        """Whether somebody works on a run elsewhere: nobody, in a folder that all work in."""
        return False

    def folder(self, run_id: str) -> Path:
        """Where that run keeps its files; it need not exist yet.

        Raises:
            UsageError: the name could lead out of the runs folder.
        """
        if not is_run_id(run_id):
            hint = f"{self._status} shows the runs' ids"
            raise UsageError(f"{run_id!r} is no run id", hint)
        return self.root / run_id

    def ids(self) -> list[str]:
        """Ids of all runs that have a spec or a record, sorted.

        Raises:
            UsageError: there is no such folder, or it cannot be read.
        """
        self.refresh()
        return [
            name
            for name in self._names()
            if any((self.root / name / file).is_file() for file in (SPEC_FILE, RECORD_FILE))
        ]

    def find(self, text: str, planned: Collection[str] = ()) -> str:
        """The run id that is `text`, or the only one that begins with it.

        Args:
            text: as typed.
            planned: ids of runs that may not have begun.

        Raises:
            UsageError: none, or several.
        """
        known = sorted({*self.ids(), *planned})
        return find_run(text, known, self.root, f"{self._status} shows them")

    def create(self, run_id: str, spec: dict[str, Any]) -> Path:
        """Make the folder of a planned run with its `spec.json`; return the folder.

        Raises:
            GanbenchError: it cannot be written to.
        """
        folder = self.folder(run_id)
        make_folder(folder)
        for name in (SPEC_FILE, LOG_FILE, HISTORY_FILE, LOCK_FILE):
            _require_regular(folder / name)
        write_new(folder / SPEC_FILE, canonical_json(spec) + b"\n")
        return folder

    def write(self, record: Record) -> bool:
        """Write a run's record: whole, on the disk, exactly once.

        Returns:
            False if a sound record is already there: it stays as it is. A damaged one is set aside.

        Raises:
            InvalidResults: this is no valid record (a NaN, a missing key, a wrong type).
            GanbenchError: the folder cannot be written to, or has a file that cannot be set aside.
        """
        folder = self.folder(record["run_id"])
        try:
            content = seal(record)
        except ValueError as error:
            raise InvalidResults(f"run {record.get('run_id')}: not a record: {error}") from None
        make_folder(folder)
        if write_new(folder / RECORD_FILE, content):
            return True
        found = Finished()
        if self._read(record["run_id"], found) is not None:
            return False
        if write_new(folder / RECORD_FILE, content):
            return True
        raise GanbenchError(next(iter(found.warnings), f"another process writes {folder}"))

    def read(self, text: str) -> Record:
        """The record of the run that `text` names (see `find`).

        Raises:
            UsageError: `text` names no run, or the run has not ended yet.
            InvalidResults: its record is damaged; it has been set aside.
        """
        run_id, found = self.find(text), Finished()
        record = self._read(run_id, found)
        if record is not None:
            return record
        if found.warnings:
            raise InvalidResults(found.warnings[0])
        hint = f"{self._status} shows its progress"
        raise UsageError(f"run {run_id} has not ended yet", hint)

    def finished(self, run_ids: Iterable[str]) -> Finished:
        """Those of the runs that have ended.

        Asks for no runs folder: where there is none, nothing has ended.
        """
        found = Finished()
        for run_id in run_ids:
            if (record := self._read(run_id, found)) is not None:
                found.records[run_id] = record
        return found

    def discard(self, run_id: str, *, start_over: bool = False) -> None:
        """Set a record aside, so that its run is run again; it is not deleted.

        Args:
            run_id: of the run.
            start_over: whether its checkpoints go, so that it does not go on from them.
        """
        folder = self.folder(run_id)
        if (folder / RECORD_FILE).exists():
            rename_aside(folder / RECORD_FILE, "replaced")
        if start_over:
            for path in (folder / CHECKPOINT_FOLDER).glob("*.safetensors"):
                path.unlink(missing_ok=True)

    def cancel(self, run_id: str) -> Request:
        """Ask whoever works on a run to keep its state and leave; within seconds, on any machine.

        Nobody starts it again before `go_on`.

        Raises:
            GanbenchError: its folder cannot be written to.
        """
        folder = self.folder(run_id)
        make_folder(folder)  # it may be waiting for its first turn
        return ask(folder / CANCEL_FILE)

    def cancelled(self, run_id: str) -> Request | None:
        """The request to cancel that run, if there is one."""
        return asked(self.folder(run_id) / CANCEL_FILE)

    def go_on(self, run_id: str) -> None:
        """Take back all requests to cancel that run."""
        with contextlib.suppress(OSError):
            (self.folder(run_id) / CANCEL_FILE).unlink()

    def read_all(self) -> Contents:
        """Every sound record, every run without one, and a warning for everything set aside.

        Raises:
            UsageError: there is no such folder, or it cannot be read.
        """
        self.refresh()
        contents = Contents()
        with _garbage_left_alone():
            for run_id in self._names():
                record = self._read(run_id, contents)
                if record is not None:
                    contents.records.append(record)
                elif run_id in contents.foreign:
                    continue
                elif (spec := self._read_spec(run_id, contents.warnings)) is not None:
                    contents.unfinished[run_id] = spec
        return contents

    def write_progress(self, run_id: str, progress: dict[str, Any]) -> None:
        """Replace a run's `progress.json`: how far it is, for whoever watches.

        Readers see all of it or the one before; it is not forced to the disk, since it is written
        often and means nothing after a power cut. Where it cannot be written it is let go.
        """
        with contextlib.suppress(OSError):
            path = self.folder(run_id) / PROGRESS_FILE
            write_file(path, canonical_json(progress) + b"\n", durable=False)

    def read_progress(self, run_id: str) -> dict[str, Any] | None:
        """What `write_progress` wrote last, or None."""
        try:
            progress = from_json(read_file(self.folder(run_id) / PROGRESS_FILE))
            check_progress(progress)
        except (OSError, ValueError):
            return None
        return dict(progress)

    def _names(self) -> list[str]:
        try:
            with os.scandir(self.root) as entries:
                return sorted(
                    entry.name
                    for entry in entries
                    if is_run_id(entry.name) and Path(entry).is_dir()
                )
        except OSError as error:
            reason = f"cannot read the runs folder {self.root}: {error.strerror}"
            fill = typed("run", "--all", *on_runs(self.root))
            hint = f"name it with --runs DIR, or fill it with {fill}"
            raise UsageError(reason, hint) from None

    def _read(self, run_id: str, found: Finished | Contents) -> Record | None:
        """The record; or None, and in `found` a warning where a file is no sound record."""
        path = self.root / run_id / RECORD_FILE
        try:
            content = read_file(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            found.foreign.add(run_id)
            found.warnings.append(f"run {run_id}: {RECORD_FILE} cannot be read: {error.strerror}")
            return None
        try:
            record = unseal(content)
            if record["run_id"] != run_id:
                raise ValueError(f"it belongs to the run {record['run_id']}")
        except NewerSchemaError as newer:
            found.foreign.add(run_id)
            found.warnings.append(
                f"run {run_id}: {RECORD_FILE} is left out: {newer}; update ganbench"
            )
            return None
        except ValueError as error:
            problem = f"run {run_id}: {RECORD_FILE} is damaged: {error}; {set_aside(path)}"
            found.warnings.append(f"{problem}; run it again to replace it")
            return None
        return record

    def _read_spec(self, run_id: str, warnings: list[str]) -> dict[str, Any] | None:
        try:
            spec = from_json(read_file(self.root / run_id / SPEC_FILE))
            check_spec(spec)
        except FileNotFoundError:
            return None
        except OSError as error:
            warnings.append(f"run {run_id}: {SPEC_FILE} cannot be read: {error.strerror}")
            return None
        except ValueError as error:
            warnings.append(f"run {run_id}: {SPEC_FILE} is damaged: {error}")
            return None
        return dict(spec)


def is_run_id(name: str) -> bool:
    """Whether a name could be a run's id."""
    return _RUN_ID.fullmatch(name) is not None


def find_run(text: str, known: Collection[str], where: Path, listed: str) -> str:
    """The run id that is `text`, or the only one that begins with it.

    Args:
        text: as typed.
        known: the ids to choose from, in the order in which several are shown.
        where: they are, for the error.
        listed: what tells people where all are listed.

    Raises:
        UsageError: none, or several.
    """
    if text in known:
        return text
    matches = [run_id for run_id in known if text and run_id.startswith(text)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        shown = ", ".join(matches[:5]) + (", ..." if len(matches) > 5 else "")
        raise UsageError(f"{text!r} begins {len(matches)} run ids: {shown}", "type more of it")
    close = difflib.get_close_matches(text, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else listed
    raise UsageError(f"no run in {where} has an id that begins with {text!r}", hint)


@contextlib.contextmanager
def _garbage_left_alone() -> Iterator[None]:
    """Records hold no cycles: with ten thousand of them, half of the time would be looking for some
    in vain."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _require_regular(path: Path) -> None:
    """Refuse to work with a run's file that is something else: opening a pipe never returns."""
    try:
        require_regular(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise GanbenchError(f"cannot use {path}: {error.strerror}", "move it away") from None
