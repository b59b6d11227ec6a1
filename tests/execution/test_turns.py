"""Two commands on two mirrors of one bucket: whose turn it is, and what becomes of who is lost.

Jobs are scripts, and clocks are the test's; threads that renew and push are called by hand.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ganbench.api.errors import GanbenchError
from ganbench.api.executors import Ending, JobHandle
from ganbench.execution import turns as module
from ganbench.execution.conditions import Conditions
from ganbench.execution.job import PREEMPTED
from ganbench.execution.supervisor import Supervisor
from ganbench.execution.turns import BucketClaims, Claims, claims_on
from ganbench.planning.runspec import RunSpec
from ganbench.results.mirror_store import MirrorStore
from ganbench.results.record import Record
from ganbench.results.states import states
from ganbench.results.store import RunStore
from ganbench.storage.bucket import Bucket
from ganbench.storage.lease import SKEW_SECONDS

from ..results.synthetic import curve, record, spec

SPECS = [spec("vanilla", "ring8", seed) for seed in range(6)]
IDS = [one.run_id for one in SPECS]
FIRST = IDS[0]
OVER = module.LEASE_SECONDS + SKEW_SECONDS + 1
DONE, STOPPED = Ending(exit_code=0), Ending(exit_code=PREEMPTED)


class Machine:
    """A machine with its mirror of a bucket.

    Args:
        folder: of the mirror.
        bucket: what it mirrors.
        clock: Unix time, in a list of one, which all machines share.
    """

    def __init__(self, folder: Path, bucket: Bucket, clock: list[float]) -> None:
        self.store = MirrorStore(folder, bucket, secrets.token_hex(4))
        self.store.root.mkdir()
        self.store.now = lambda: clock[0]
        self.clock = clock
        self.said: list[str] = []

    def claims(self) -> BucketClaims:
        return BucketClaims(self.store, self.said.append)

    def run(
        self, act: Callable[[JobHandle], Ending], specs: list[RunSpec] = SPECS, slots: int = 1
    ) -> dict[str, Record]:
        """Do a plan, with jobs that a test has written; its records."""
        with self.claims() as claims:
            return self.supervise(claims, act, specs, slots)

    def supervise(
        self,
        claims: Claims,
        act: Callable[[JobHandle], Ending],
        specs: list[RunSpec] = SPECS,
        slots: int = 1,
        judged: dict[str, Record | None] | None = None,
    ) -> dict[str, Record]:
        supervisor = Supervisor(
            self.store,
            Scripted(act, slots),
            Conditions(),
            device="cpu",
            claims=claims,
            judged=judged,
        )
        return {spec.run_id: record for spec, record in supervisor.records(specs)}

    def leave(self, job: JobHandle, end: float | None = None) -> Ending:
        """What a worker does that comes to its end."""
        one = next(one for one in SPECS if one.run_id == job.name)
        ends = curve("ring8", 2, one.seed) if end is None else [end]
        assert RunStore(self.store.root).write(record(one, ends))
        return DONE

    def keep(self, run_id: str, state: bytes) -> None:
        """What a worker does that writes a checkpoint."""
        folder = self.store.folder(run_id) / "checkpoint"
        folder.mkdir(exist_ok=True)
        (folder / "latest.safetensors").write_bytes(state)
        (folder.parent / "history.jsonl").write_text(f"{state.decode().split()[-1]} rows")

    def kept(self, run_id: str) -> bytes:
        return (self.store.folder(run_id) / "checkpoint" / "latest.safetensors").read_bytes()


class Scripted:
    """An executor whose jobs end as a test says."""

    def __init__(self, act: Callable[[JobHandle], Ending], slots: int) -> None:
        self.slots = slots
        self._act = act

    def start(self, job: JobHandle) -> Future[Ending]:
        future: Future[Ending] = Future()
        future.set_result(self._act(job))
        return future

    def stop(self, grace: float) -> None:
        raise AssertionError


GO_ON = BucketClaims._go_on


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits, and what is done every now and then the test does."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(BucketClaims, "_go_on", lambda self, act: None)


@pytest.fixture
def machines(store_url: str, tmp_path: Path) -> tuple[Machine, Machine]:
    bucket, clock = Bucket(store_url), [1e9]
    return Machine(tmp_path / "one", bucket, clock), Machine(tmp_path / "other", bucket, clock)


def files(machine: Machine, run_id: str) -> set[str]:
    return {key.partition("/")[2] for key in machine.store.bucket.listing(run_id)}


def test_a_folder_needs_no_leases(tmp_path: Path) -> None:
    with claims_on(RunStore(tmp_path), pytest.fail) as claims:
        assert type(claims) is Claims
        assert claims.take(FIRST)
        assert not claims.lost(FIRST)
        assert not claims.end(FIRST)
    assert not list(tmp_path.iterdir())


def test_a_mirror_is_told_of(machines: tuple[Machine, Machine]) -> None:
    one, _ = machines
    with claims_on(one.store, one.said.append) as claims:
        assert type(claims) is BucketClaims
    assert one.said == [f"runs are mirrored in {one.store.root}"]


def test_runs_are_handed_in(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    records = one.run(one.leave)
    assert list(records) == IDS
    assert {found["run_id"]: found for found in other.store.read_all().records} == records
    assert not one.store.held
    assert other.run(lambda job: pytest.fail("it has ended")) == records  # type: ignore[return-value]


def test_two_share_a_plan_and_do_no_run_twice(machines: tuple[Machine, Machine]) -> None:
    """Both at the same time, in threads: at no time are two at one run."""
    at_work: dict[str, int] = dict.fromkeys(IDS, 0)
    started: list[str] = []

    def act(machine: Machine) -> Callable[[JobHandle], Ending]:
        def work(job: JobHandle) -> Ending:
            at_work[job.name] += 1
            assert at_work[job.name] == 1
            started.append(job.name)
            ending = machine.leave(job)
            at_work[job.name] -= 1
            return ending

        return work

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(machine.run, act(machine), SPECS, 2) for machine in machines]
        first, second = (future.result() for future in both)
    assert first == second
    assert sorted(first) == sorted(IDS)
    assert sorted(started) == sorted(IDS)
    assert not [*machines[0].said, *machines[1].said]


def test_who_comes_second_waits_for_the_first(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    with one.claims() as claims, other.claims() as others:
        assert claims.take(FIRST)
        assert not others.take(FIRST)
        assert claims.take(FIRST)
        one.clock[0] += OVER - 10
        claims.renew()
        one.clock[0] += OVER - 10
        assert not others.take(FIRST)
        claims.end(FIRST)
        assert others.take(FIRST)


def test_after_a_killed_command_another_machine_goes_on_from_its_checkpoint(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    dead = one.claims()  # never left
    assert dead.take(FIRST)
    one.store.create(FIRST, SPECS[0].to_json())
    one.keep(FIRST, b"step 7")
    dead.push()
    one.keep(FIRST, b"step 9")  # and then it is killed

    with other.claims() as claims:
        assert not claims.take(FIRST)
        (state,) = states(other.store)[0]
        assert state["status"] == "running"
        one.clock[0] += OVER
        assert states(other.store)[0][0]["status"] == "unfinished"
        assert claims.take(FIRST)
        assert other.kept(FIRST) == b"step 7"
        assert (other.store.folder(FIRST) / "history.jsonl").read_text() == "7 rows"


def test_the_same_machine_goes_on_at_once_and_from_its_own_state(
    machines: tuple[Machine, Machine],
) -> None:
    one, _ = machines
    dead = one.claims()
    assert dead.take(FIRST)
    one.store.create(FIRST, SPECS[0].to_json())
    one.keep(FIRST, b"step 7")
    dead.push()
    one.keep(FIRST, b"step 9")
    with one.claims() as claims:
        assert claims.take(FIRST)
        assert one.kept(FIRST) == b"step 9"


def test_a_checkpoint_is_put_once(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    put: list[str] = []
    real = one.store.bucket.put
    monkeypatch.setattr(one.store.bucket, "put", lambda f, key: put.append(key) or real(f, key))
    with_history = ["history.jsonl", "latest.safetensors"]
    with one.claims() as claims:
        assert claims.take(FIRST)
        one.store.create(FIRST, SPECS[0].to_json())
        one.keep(FIRST, b"step 7")
        claims.push()
        claims.push()
        one.keep(FIRST, b"step 11")
        claims.push()
        assert [key.rpartition("/")[2] for key in put] == [
            *("spec.json", *with_history, *with_history)
        ]


def test_who_was_taken_over_stops_and_takes_the_others_record(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    theirs: dict[str, Record] = {}
    started = []

    with one.claims() as claims:

        def sleep(job: JobHandle) -> Ending:
            started.append(job.name)
            one.clock[0] += OVER
            theirs.update(other.run(other.leave, SPECS[:1]))
            claims.renew()
            assert one.store.cancelled(FIRST)  # so that its worker stops
            claims.push()
            assert "checkpoint/latest.safetensors" not in files(one, FIRST)
            return STOPPED

        one.store.create(FIRST, SPECS[0].to_json())
        one.keep(FIRST, b"old")
        assert one.supervise(claims, sleep, SPECS[:1]) == theirs
    assert started == [FIRST]
    assert not one.store.cancelled(FIRST)
    assert one.said == [
        f"{FIRST} is put off: its lease has run out here, or another machine has it"
    ]


def test_who_was_taken_over_waits_while_the_other_is_at_work(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    with one.claims() as claims, other.claims() as others:
        assert claims.take(FIRST)
        one.clock[0] += OVER
        assert others.take(FIRST)
        claims.renew()
        assert claims.lost(FIRST)
        assert not claims.lost(FIRST)
        assert not claims.take(FIRST)
        claims.end(FIRST)
        assert others.take(FIRST)
        others.renew()
        assert not others.lost(FIRST)


def test_a_lease_that_cannot_be_renewed_is_lost_when_it_has_run_out(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines

    def down(below: str = "") -> dict[str, object]:
        raise GanbenchError("reset by peer")

    with one.claims() as claims:
        assert claims.take(FIRST)
        one.store.create(FIRST, SPECS[0].to_json())
        with monkeypatch.context() as patch:
            patch.setattr(one.store.bucket, "listing", down)
            claims.renew()
            assert not claims.lost(FIRST)
            one.clock[0] += module.LEASE_SECONDS - module.RENEW_SECONDS
            claims.renew()  # the next one would be too late
            assert claims.lost(FIRST)


def test_a_state_that_could_not_be_brought_is_not_replaced_by_an_older_one(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machines
    for machine, state in ((one, b"step 9"), (other, b"step 2")):
        machine.store.create(FIRST, SPECS[0].to_json())
        machine.keep(FIRST, state)
    with one.claims() as claims:
        assert claims.take(FIRST)

    def down(wanted: object, folder: Path) -> list[str]:
        raise GanbenchError("reset by peer")

    with other.claims() as others:
        others._look_around()
        with monkeypatch.context() as patch:
            patch.setattr(other.store.bucket, "fetch", down)
            patch.setattr(others, "_look_around", lambda: None)
            with pytest.raises(GanbenchError, match="reset by peer"):
                others.take(FIRST)
    assert other.store.bucket.read(f"{FIRST}/checkpoint/latest.safetensors") == b"step 9"


def test_of_two_records_the_first_one_counts(machines: tuple[Machine, Machine]) -> None:
    """Another machine has come to the end of the same run, between two renewals."""
    one, other = machines

    def race(job: JobHandle) -> Ending:
        one.leave(job, 0.5)
        one.clock[0] += OVER
        with other.claims() as others:
            assert others.take(job.name)
            other.leave(job, 0.25)
        return DONE

    (found,) = one.run(race, SPECS[:1]).values()
    assert found == other.store.read(FIRST)
    assert found["points"][-1]["scores"][found["primary"] or ""] == 0.25
    assert (one.store.folder(FIRST) / "record.json.replaced-1").exists()


def test_what_a_killed_command_had_finished_is_handed_in_by_the_next(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    dead = one.claims()
    assert dead.take(FIRST)
    folder = one.store.create(FIRST, SPECS[0].to_json())
    assert RunStore(folder.parent).write(record(SPECS[0], [0.5]))
    assert not other.store.read_all().records
    with one.claims():
        pass
    assert other.store.read_all().records == [one.store.read(FIRST)]


def test_a_network_that_fails_costs_nothing(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = machines

    def down(*_: object) -> bool:
        raise GanbenchError("reset by peer")

    with monkeypatch.context() as patch:
        patch.setattr(one.store.bucket, "create", down)
        patch.setattr(one.store.bucket, "require_create", lambda: None)
        with pytest.raises(GanbenchError, match="reset by peer"):
            one.run(one.leave, SPECS[:1])
    with monkeypatch.context() as patch:
        patch.setattr(one.store.bucket, "put", down)
        with pytest.raises(GanbenchError, match="reset by peer"):
            one.run(one.leave, SPECS[:1])
    assert any("is not handed in" in line for line in one.said)
    assert other.store.read_all().records == []
    assert one.run(lambda job: pytest.fail("it has ended"), SPECS[:1])  # type: ignore[return-value]
    assert len(other.store.read_all().records) == 1


def test_a_command_that_is_stopped_hands_its_state_in(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    with contextlib.suppress(KeyboardInterrupt), one.claims() as claims:
        assert claims.take(FIRST)
        one.store.create(FIRST, SPECS[0].to_json())
        one.keep(FIRST, b"step 7")
        raise KeyboardInterrupt
    with other.claims() as others:
        assert others.take(FIRST)  # at once
        assert other.kept(FIRST) == b"step 7"


def test_a_run_is_cancelled_from_another_machine(machines: tuple[Machine, Machine]) -> None:
    one, other = machines

    def act(job: JobHandle) -> Ending:
        claims.push()
        other.store.cancel(FIRST)
        claims.push()
        assert one.store.cancelled(FIRST)
        one.keep(FIRST, b"step 7")
        return STOPPED

    with one.claims() as claims:
        assert one.supervise(claims, act, SPECS[:1]) == {}
    assert "checkpoint/latest.safetensors" in files(one, FIRST)
    assert states(other.store)[0][0]["status"] == "cancelled"
    one.store.go_on(FIRST)
    assert states(other.store)[0][0]["status"] == "unfinished"


def test_who_is_tried_again_keeps_its_lease(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    tries: list[str] = []

    def act(job: JobHandle) -> Ending:
        tries.append(job.name)
        with other.claims() as others:
            assert not others.take(FIRST)
        return one.leave(job) if len(tries) == 2 else Ending(signal=9)

    assert len(one.run(act, SPECS[:1])) == 1
    assert tries == [FIRST, FIRST]


def test_the_record_of_a_worker_that_left_none_is_handed_in(
    machines: tuple[Machine, Machine],
) -> None:
    one, other = machines
    (found,) = one.run(lambda job: Ending(exit_code=3), SPECS[:1]).values()
    assert found["status"] == "error"
    assert other.store.read(FIRST) == found


def test_who_tries_a_run_again_goes_on_from_the_state_there_and_who_is_slower_takes_its_record(
    machines: tuple[Machine, Machine],
) -> None:
    """Both have seen the record of an accident on a third machine, and are to try again."""
    one, other = machines
    third = Machine(one.store.root.with_name("third"), one.store.bucket, one.clock)
    with third.claims() as claims:
        assert claims.take(FIRST)
        third.store.create(FIRST, SPECS[0].to_json())
        third.keep(FIRST, b"step 7")
        third.supervise(claims, lambda job: Ending(exit_code=3), SPECS[:1])
    judged: dict[str, Record | None] = {FIRST: one.store.read_all().records[0]}
    assert {FIRST: other.store.read_all().records[0]} == judged

    def go_on(job: JobHandle) -> Ending:
        assert one.kept(FIRST) == b"step 7"
        assert (one.store.folder(FIRST) / "history.jsonl").read_text() == "7 rows"
        return one.leave(job, 0.25)

    with one.claims() as claims:
        new = one.supervise(claims, go_on, SPECS[:1], judged=judged)
    assert new[FIRST]["status"] == "ok"
    with other.claims() as claims:
        found = other.supervise(
            claims, lambda job: pytest.fail("it has ended"), SPECS[:1], judged=judged
        )
    assert found == new == {FIRST: third.store.read(FIRST)}


def test_what_is_done_every_now_and_then_goes_on_after_an_error_that_is_told_once(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.0)
    one, _ = machines
    claims, turns = one.claims(), list[int]()

    def act() -> None:
        turns.append(len(turns))
        if len(turns) == 3:
            claims._over.set()
        raise OSError("no space left on device")

    GO_ON(claims, act)
    assert len(turns) == 3
    (said,) = one.said
    assert "no space left on device" in said


def test_a_run_whose_files_cannot_be_read_keeps_no_other_from_the_bucket(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    pushed: list[str] = []

    def push_state(run_id: str) -> None:
        pushed.append(run_id)
        if run_id == FIRST:
            raise OSError("input/output error")

    with one.claims() as claims:
        for run_id in IDS[:3]:
            assert claims.take(run_id)
        monkeypatch.setattr(one.store, "push_state", push_state)
        with pytest.raises(OSError, match="input/output error"):
            claims.push()
    assert pushed == IDS[:3]
