"""Runs of a bucket, in a folder on this machine that mirrors it.

There everything is as in any runs folder. What is finished in the bucket is fetched before runs are
read, in parts, since tables need records and nothing else; what was done here is put there by
whoever holds the run's lease, and its record last. Never imports torch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ganbench.results.parts import Part, part_of
from ganbench.results.record import RECORD_FILE
from ganbench.results.requests import Request
from ganbench.results.seen import SEEN_FILE, Seen
from ganbench.results.store import (
    CANCEL_FILE,
    CHECKPOINT_FOLDER,
    LOCK_FILE,
    PROGRESS_FILE,
    SPEC_FILE,
    RunStore,
    is_run_id,
)
from ganbench.storage.bucket import Bucket, Entry, snapshot
from ganbench.storage.lease import lease_numbers, read_held
from ganbench.storage.locks import is_held
from ganbench.storage.reading import read_file
from ganbench.storage.writing import cannot_write, make_folder, rename_aside, write_file


class MirrorStore(RunStore):
    """The runs of a bucket, in their mirror.

    Args:
        root: the mirror.
        bucket: what it mirrors.
        owner: of leases that are taken for it.
    """

    def __init__(self, root: Path, bucket: Bucket, owner: str) -> None:
        super().__init__(root)
        self.bucket = bucket
        self.owner = owner
        self.now: Callable[[], float] = time.time
        """Unix time, by which leases run out."""
        self._stamps: dict[str, int] = {}
        self.held: set[str] = set()
        """Ids of runs whose lease this process holds: here they are newer than there."""

    def refresh(self) -> None:
        """Bring what tables and states need of all runs.

        Raises:
            GanbenchError: the bucket cannot be read, or the mirror not be written to.
        """
        there = _by_run(self.bucket.listing())
        here = {path.parent.name for path in self.root.glob(f"*/{SEEN_FILE}")}
        for run_id in there.keys() | here:
            if not self._is_busy(run_id):
                self._forget_removed(run_id, there.get(run_id, {}))
        self._fetch({one: there[one] for one in there if not self._is_busy(one)}, Part.SUMMARY)

    def fetch(self, run_ids: Iterable[str], *parts: Part) -> None:
        """Bring further parts of some runs.

        Raises:
            GanbenchError: as `refresh`.
        """
        wanted = set(run_ids)
        if not wanted:
            return
        there = _by_run(self.bucket.listing(*(wanted if len(wanted) == 1 else ())))
        self._fetch({one: there[one] for one in wanted & there.keys()}, *parts)

    def push(self, run_id: str, *names: str) -> None:
        """Put files of a run there; for the lease's holder.

        Raises:
            GanbenchError: the bucket cannot be written to.
        """
        for name in names:
            self.bucket.put(self.folder(run_id) / name, f"{run_id}/{name}")

    def push_state(self, run_id: str) -> None:
        """Put there how far a run is, and its last checkpoint with all that belongs to it.

        Nothing is put twice. For the lease's holder.

        Raises:
            GanbenchError: the bucket cannot be written to.
        """
        folder = self.folder(run_id)
        for name in (SPEC_FILE, PROGRESS_FILE):
            self._push_if_new(run_id, name, folder / name)
        checkpoints = (folder / CHECKPOINT_FOLDER).glob("*.safetensors")
        for path in sorted(checkpoints, key=_changed)[-1:]:
            with snapshot(path) as state:
                if state is not None:
                    name = path.relative_to(folder).as_posix()
                    self._push_if_new(run_id, name, state, before=Part.PAGE)

    def hand_in(self, run_id: str) -> bool:
        """Put all of a run there that others need, and its record, if it has one, last.

        For the lease's holder.

        Returns:
            Whether another record was there before: it is the one here from now on.

        Raises:
            GanbenchError: the bucket cannot be used, or the mirror not be written to.
        """
        folder = self.folder(run_id)
        there = self._there(run_id)
        if RECORD_FILE in there:
            return self._accept(run_id, there[RECORD_FILE])
        names = sorted(_files(folder), key=lambda one: part_of(one) is Part.STATE)
        self.push(run_id, *(one for one in names if one not in (RECORD_FILE, CANCEL_FILE)))
        if RECORD_FILE in names:
            # Tidied away here, since the run has ended.
            gone = [one for one in there if one not in names and part_of(one) is Part.STATE]
            self.bucket.remove(f"{run_id}/{name}" for name in (*gone, CANCEL_FILE))
            self.bucket.create(f"{run_id}/{RECORD_FILE}", read_file(folder / RECORD_FILE))
        there = self._there(run_id)
        self._seen(run_id).add({name: there[name].token for name in names if name in there})
        return RECORD_FILE in there and self._accept(run_id, there[RECORD_FILE])

    def is_cancelled_there(self, run_id: str) -> bool:
        """Whether somebody has asked for the end of a run, on another machine.

        Raises:
            GanbenchError: the bucket cannot be read.
        """
        return self.bucket.read(f"{run_id}/{CANCEL_FILE}") is not None

    def receive(self, run_id: str, *, state: bool) -> None:
        """Bring what there is of a run whose lease has just been taken.

        Args:
            run_id: of the run.
            state: whether the bucket's checkpoints are newer than those that lie here.

        Raises:
            GanbenchError: as `refresh`.
        """
        there = self._there(run_id)
        if RECORD_FILE in there:
            self._accept(run_id, there[RECORD_FILE])
        elif state:
            newer = [name for name in there if name.startswith(f"{CHECKPOINT_FOLDER}/")]
            if newer:
                for path in (self.folder(run_id) / CHECKPOINT_FOLDER).glob("*.safetensors"):
                    path.unlink(missing_ok=True)
            self._fetch({run_id: there}, Part.STATE, Part.PAGE)

    def unknown(self) -> list[str]:
        """Ids of runs that have a record here of which the bucket has not heard, by this mirror."""
        found = (path.parent.name for path in self.root.glob(f"*/{RECORD_FILE}"))
        return sorted(
            one for one in found if is_run_id(one) and RECORD_FILE not in self._seen(one).read()
        )

    def leased(self, run_id: str, *, elsewhere: bool = False) -> bool:
        """Whether a lease on a run that has not run out was there when states were brought last.

        Args:
            run_id: of the run.
            elsewhere: whether only those of other mirrors count.
        """
        paths = {max(lease_numbers([one.name])): one for one in _leases(self.folder(run_id))}
        if not paths:
            return False
        with contextlib.suppress(OSError):
            held = read_held(read_file(paths[max(paths)]))
            if held and held.is_current(self.now()):
                return not elsewhere or held.owner != self.owner
        return False

    def discard(self, run_id: str, *, start_over: bool = False) -> None:
        """As in any runs folder, and in the bucket; what is gone on from there is brought.

        For the lease's holder.

        Raises:
            GanbenchError: the bucket cannot be used.
        """
        super().discard(run_id, start_over=start_over)
        there = self._there(run_id)
        gone = [name for name in there if name == RECORD_FILE]
        if start_over:
            gone += [name for name in there if name.startswith(f"{CHECKPOINT_FOLDER}/")]
        self.bucket.remove(f"{run_id}/{name}" for name in gone)
        self._seen(run_id).drop(gone)
        if RECORD_FILE in there and not start_over:  # with a record goes all that belongs to it
            self.receive(run_id, state=True)

    def cancel(self, run_id: str) -> Request:
        """As in any runs folder; whoever holds the lease hears of it when it is renewed.

        Raises:
            GanbenchError: the bucket cannot be used.
        """
        request = super().cancel(run_id)
        self.push(run_id, CANCEL_FILE)
        there = self._there(run_id)
        self._seen(run_id).add({one: there[one].token for one in (CANCEL_FILE,) if one in there})
        return request

    def go_on(self, run_id: str) -> None:
        """As in any runs folder, and in the bucket.

        Raises:
            GanbenchError: the bucket cannot be used.
        """
        if (self.folder(run_id) / CANCEL_FILE).exists():
            self.bucket.remove([f"{run_id}/{CANCEL_FILE}"])
            self._seen(run_id).drop([CANCEL_FILE])
        super().go_on(run_id)

    def _push_if_new(self, run_id: str, name: str, file: Path, before: Part | None = None) -> None:
        """Put a file there if it has changed since; those of a part before it.

        A checkpoint needs the history of its past: one that is longer will do.
        """
        key, stamp = f"{run_id}/{name}", _changed(file)
        if stamp != self._stamps.get(key, 0):
            self.push(
                run_id, *(one for one in _files(self.folder(run_id)) if part_of(one) is before)
            )
            self.bucket.put(file, key)
            self._stamps[key] = stamp

    def _there(self, run_id: str) -> dict[str, Entry]:
        """What the bucket has of a run, by name."""
        return _by_run(self.bucket.listing(run_id)).get(run_id, {})

    def _accept(self, run_id: str, entry: Entry) -> bool:
        """Have the record of the bucket here; whether that was another one."""
        record = self.folder(run_id) / RECORD_FILE
        content = self.bucket.read(f"{run_id}/{RECORD_FILE}")
        if content is None:  # somebody has just discarded it
            return False
        make_folder(record.parent)
        is_another = not record.exists() or read_file(record) != content
        with _written(record):
            if is_another and record.exists():
                rename_aside(record, "replaced")
            if is_another:
                write_file(record, content, durable=True)
        self._seen(run_id).add({RECORD_FILE: entry.token})
        return is_another

    def _fetch(self, there: Mapping[str, Mapping[str, Entry]], *parts: Part) -> None:
        """Bring those files of some runs that are not as they were seen last."""
        wanted: dict[str, Entry] = {}
        for run_id, names in there.items():
            seen, folder = self._seen(run_id).read(), self.folder(run_id)
            for name in sorted(names, key=lambda one: (one == RECORD_FILE, one)):
                is_here = seen.get(name) == names[name].token and (folder / name).exists()
                if part_of(name) in parts and not is_here:
                    wanted[f"{run_id}/{name}"] = names[name]
        with _written(self.root):
            fetched = self.bucket.fetch(wanted, self.root)
        tokens: dict[str, dict[str, str]] = {}
        for key in fetched:
            run_id, _, name = key.partition("/")
            tokens.setdefault(run_id, {})[name] = wanted[key].token
        for run_id, found in tokens.items():
            self._seen(run_id).add(found)

    def _forget_removed(self, run_id: str, there: Mapping[str, Entry]) -> None:
        """Do away with what somebody has removed from the bucket since it was brought."""
        gone = [one for one in self._seen(run_id).read() if one not in there]
        for name in gone:
            path = self.folder(run_id) / name
            if name == RECORD_FILE:
                with contextlib.suppress(FileNotFoundError):
                    rename_aside(path, "replaced")
            elif part_of(name) is Part.SUMMARY and name != SPEC_FILE:
                path.unlink(missing_ok=True)
        self._seen(run_id).drop(gone)

    def _is_busy(self, run_id: str) -> bool:
        """Whether a run is worked on here, so that its files are newer than those there."""
        return run_id in self.held or is_held(self.folder(run_id) / LOCK_FILE)

    def _seen(self, run_id: str) -> Seen:
        return Seen(self.folder(run_id))


def _by_run(listing: Mapping[str, Entry]) -> dict[str, dict[str, Entry]]:
    """Run id -> name in its folder -> object."""
    found: dict[str, dict[str, Entry]] = {}
    for key, entry in listing.items():
        run_id, _, name = key.partition("/")
        if name and is_run_id(run_id):
            found.setdefault(run_id, {})[name] = entry
    return found


def _files(folder: Path) -> list[str]:
    """Names of a run's files that others may need, relative to its folder."""
    return sorted(
        name
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
        if part_of(name := path.relative_to(folder).as_posix())
    )


def _changed(path: Path) -> int:
    """When a file was changed last, in nanoseconds; 0 if there is none."""
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_mtime_ns
    return 0


def _leases(folder: Path) -> list[Path]:
    return [one for one in folder.glob("lease-*.json") if lease_numbers([one.name])]


@contextlib.contextmanager
def _written(folder: Path) -> Iterator[None]:
    """Tell of a disk that is full, or of a folder that is not to be written to."""
    try:
        yield
    except OSError as error:
        raise cannot_write(folder, error) from None
