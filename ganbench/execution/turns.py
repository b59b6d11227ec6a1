"""Who may work on a run: in a folder whoever holds its lock, in a bucket whoever holds its lease.

Leases are the command's, and its workers know nothing of them: it takes one before it starts a run,
renews it and puts the run's state into the bucket while it lasts, and hands the run in at its end.
Never imports torch.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from ganbench.api.errors import GanbenchError, one_line
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.requests import ask
from ganbench.results.store import CANCEL_FILE, RunStore
from ganbench.storage.lease import Lease

LEASE_SECONDS = 60.0
"""After which another machine may go on with the run of one that is gone."""
RENEW_SECONDS = 20.0
"""Between two renewals, and between two looks at what is to be put into the bucket."""
LOOK_SECONDS = 10.0
"""Between two looks at what others do in a bucket."""


class Claims:
    """Claims on the runs of a folder: anybody may try, and the lock that a worker takes decides."""

    patience = 0.5
    """Seconds between two looks at a run that somebody else has."""

    def take(self, run_id: str) -> bool:
        """Whether this command may start a run, of which all that is known is then here.

        Raises:
            GanbenchError: that cannot be told.
        """
        return True

    def lost(self, run_id: str) -> bool:
        """Whether somebody else has gone on with a run, of which no process is left here."""
        return False

    def end(self, run_id: str) -> bool:
        """Hand a run in that has ended, or that is not gone on with here.

        Returns:
            Whether its record is another's now, who was first.

        Raises:
            GanbenchError: it cannot be handed in; the same command does so later.
        """
        return False


class BucketClaims(Claims):
    """Claims on the runs of a bucket, for the time of a block.

    Args:
        store: the runs in their mirror.
        remark: takes lines of talk.
    """

    def __init__(self, store: MirrorStore, remark: Callable[[str], None]) -> None:
        self._store = store
        self._remark = remark
        self.patience = LOOK_SECONDS
        self._refreshed = -self.patience
        self._held: dict[str, Lease] = {}
        self._lost: set[str] = set()
        self._can_create = False
        self._leases = threading.Lock()
        self._files = threading.Lock()
        self._over = threading.Event()
        # Two, since a lease must not run out while a large checkpoint is on its way.
        self._threads = [
            threading.Thread(target=self._go_on, args=(act,), daemon=True)
            for act in (self.renew, self.push)
        ]

    def __enter__(self) -> BucketClaims:
        for run_id in self._store.unknown():  # of a command that was killed before it came to that
            if self.take(run_id):
                self.end(run_id)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for run_id in list(self._held):
            try:
                self.end(run_id)
            except GanbenchError as error:
                self._remark(f"warning: {run_id} is not handed in: {error}")
        self._over.set()
        for thread in self._threads:
            thread.join()

    def take(self, run_id: str) -> bool:
        """Take the run's lease; bring its record, and its state if somebody else had it last."""
        if run_id in self._held:
            return True
        self._look_around()
        if self._store.leased(run_id, elsewhere=True):
            return False
        store = self._store
        lease = Lease(store.bucket, run_id, store.owner, LEASE_SECONDS, store.now)
        if not lease.advance():
            return False
        with self._leases:
            self._held[run_id] = lease
            store.held.add(run_id)
        try:
            store.receive(run_id, state=lease.previous != store.owner)
        except GanbenchError:  # what lies here may be older, and must not be handed in
            self._forget(run_id)
            raise
        return True

    def lost(self, run_id: str) -> bool:
        """Whether its lease was taken over; it is forgotten then."""
        with self._leases:
            if run_id not in self._lost:
                return False
            self._lost.discard(run_id)
        self._forget(run_id)
        (self._store.folder(run_id) / CANCEL_FILE).unlink(missing_ok=True)
        return True

    def end(self, run_id: str) -> bool:
        """Put the run's files into the bucket, its record last, and give the lease back."""
        if run_id not in self._held or run_id in self._lost:
            return False
        with self._files:
            is_anothers = self._store.hand_in(run_id)
        with self._leases:
            self._held.pop(run_id).release()
            self._store.held.discard(run_id)
        return is_anothers

    def renew(self) -> None:
        """Renew all leases; have the worker of one that is lost stop, as if it was cancelled."""
        for run_id in list(self._held):
            with self._leases:
                lease = self._held.get(run_id)
                if lease is None or run_id in self._lost:
                    continue
                try:
                    is_ours = lease.advance()
                except GanbenchError:  # if the next time is in time, nothing is lost
                    is_ours = self._store.now() + RENEW_SECONDS < lease.until
                if not is_ours:
                    self._lose(run_id)

    def push(self) -> None:
        """Put into the bucket how far runs are, and their last checkpoints; look for requests to
        cancel them.

        Raises:
            OSError: files of a run here cannot be used; those of all others are put there.
        """
        failure: OSError | None = None
        for run_id in list(self._held):
            try:
                with contextlib.suppress(GanbenchError), self._files:
                    if run_id in self._held and run_id not in self._lost:
                        self._store.push_state(run_id)
                        if self._store.is_cancelled_there(run_id):
                            ask(self._store.folder(run_id) / CANCEL_FILE)
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def _lose(self, run_id: str) -> None:
        self._lost.add(run_id)
        self._store.held.discard(run_id)
        self._remark(f"{run_id} is put off: its lease has run out here, or another machine has it")
        with contextlib.suppress(GanbenchError):
            ask(self._store.folder(run_id) / CANCEL_FILE)

    def _forget(self, run_id: str) -> None:
        with self._leases:
            self._held.pop(run_id, None)
            self._store.held.discard(run_id)

    def _look_around(self) -> None:
        """See what others have done and hold, unless that was seen just now."""
        if not self._can_create:
            self._store.bucket.require_create()
            self._can_create = True
        if time.monotonic() - self._refreshed >= self.patience:
            self._store.refresh()
            self._refreshed = time.monotonic()

    def _go_on(self, act: Callable[[], None]) -> None:
        """Do it again and again, whatever comes of it: without it leases run out."""
        is_told = False
        while not self._over.wait(RENEW_SECONDS):
            try:
                act()
            except Exception as error:  # nobody would see the thread end
                if not is_told:
                    self._remark(
                        f"warning: the bucket may not know how far runs are: {one_line(error)}; "
                        "it is told again and again"
                    )
                is_told = True


@contextlib.contextmanager
def claims_on(store: RunStore, remark: Callable[[str], None]) -> Iterator[Claims]:
    """The claims of a command on runs, for the time of a block; at its end all are given back.

    Raises:
        GanbenchError: a bucket cannot be used.
    """
    if not isinstance(store, MirrorStore):
        yield Claims()
        return
    remark(f"runs are mirrored in {store.root}")
    with BucketClaims(store, remark) as claims:
        yield claims
