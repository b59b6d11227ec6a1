"""Whose turn it is, how often a run is tried, what is written for the dead: for every executor.

The executor is a script: jobs end as a test says. No process is started but those that hold locks.
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ganbench.api.errors import GanbenchError, OtherCode
from ganbench.api.executors import Ending, JobHandle
from ganbench.api.version import SCHEMA_VERSION
from ganbench.execution.conditions import Conditions
from ganbench.execution.job import BUSY, OTHER_CODE, PREEMPTED, read_job
from ganbench.execution.supervisor import Supervisor
from ganbench.execution.turns import Claims
from ganbench.planning.runspec import RunSpec
from ganbench.results.record import Record, Status
from ganbench.results.recording import make_failure
from ganbench.results.seal import canonical_json
from ganbench.results.store import LOG_FILE, Finished, RunStore

from ..results.synthetic import curve, record, spec

SPECS = [spec("vanilla", "ring8", seed) for seed in range(6)]
IDS = [one.run_id for one in SPECS]
KILLED = Ending(signal=signal.SIGKILL)
DONE = Ending(exit_code=0)
Act = Callable[[JobHandle], Ending]


class Scripted:
    """An executor whose jobs end at once, as a test says."""

    def __init__(self, act: Act, slots: int = 1) -> None:
        self.slots = slots
        self.started: list[str] = []
        self._act = act

    def start(self, job: JobHandle) -> Future[Ending]:
        self.started.append(job.name)
        future: Future[Ending] = Future()
        future.set_result(self._act(job))
        return future

    def stop(self, grace: float) -> None:
        raise AssertionError("whoever has opened it stops it")


def leave_record(job: JobHandle, status: Status = "ok") -> Ending:
    """What a worker does that comes to its end."""
    one = spec_of(job)
    made = record(one, curve("ring8", 2, one.seed))
    if status != "ok":
        made |= {"status": status, "failure": make_failure("as planned")}
    assert RunStore(job.folder.parent).write(made)
    return DONE


def spec_of(job: JobHandle) -> RunSpec:
    return next(one for one in SPECS if one.run_id == job.name)


def newer(folder: Path) -> None:
    """A record of a later ganbench."""
    one = next(one for one in SPECS if one.run_id == folder.name)
    body = canonical_json({**record(one, [0.5]), "schema": SCHEMA_VERSION + 1})
    digest = hashlib.sha256(body).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.json").write_bytes(body[:-1] + f',"sha256":"{digest}"}}\n'.encode())


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


def supervise(store: RunStore, executor: Any, specs: list[RunSpec], **more: Any) -> dict[str, str]:
    """Run id -> status, in the order in which the runs ended."""
    warn = more.pop("warn", pytest.fail)
    on_start = more.pop("on_start", lambda spec: None)
    one = Supervisor(
        store,
        executor,
        Conditions(**more),
        device="cpu",
        on_start=on_start,
        warn=warn,
    )
    return {spec.run_id: record["status"] for spec, record in one.records(specs)}


def test_every_run_gets_its_record_in_order(store: RunStore) -> None:
    executor, begun = Scripted(leave_record), list[str]()
    found = supervise(store, executor, SPECS, on_start=lambda spec: begun.append(spec.run_id))
    assert found == dict.fromkeys(IDS, "ok")
    assert executor.started == begun == IDS
    assert not list(store.root.glob("*/job.json"))


def test_the_job_says_how_the_run_is_run(store: RunStore) -> None:
    def act(handle: JobHandle) -> Ending:
        job = read_job(handle.folder)
        assert (job.specs, job.threads, job.checkpoint_seconds) == ((SPECS[0],), 1, 7.0)
        assert handle.command[1:] == ["-m", "ganbench", "work", str(store.folder(IDS[0]))]
        assert handle.folder.is_absolute()
        return leave_record(handle)

    assert supervise(store, Scripted(act), SPECS[:1], checkpoint_seconds=7.0) == {IDS[0]: "ok"}


class Picky(Claims):
    """Claims that grant the first run once the second one has ended, and are asked at once."""

    patience = 0.0

    def __init__(self) -> None:
        self.ended: list[str] = []

    def take(self, run_id: str) -> bool:
        return run_id != IDS[0] or IDS[1] in self.ended

    def end(self, run_id: str) -> bool:
        self.ended.append(run_id)
        return False


def test_who_is_put_off_again_and_again_keeps_nobody_waiting(store: RunStore) -> None:
    claims, executor = Picky(), Scripted(leave_record, slots=2)
    one = Supervisor(store, executor, Conditions(), device="cpu", claims=claims)
    assert [spec.run_id for spec, _ in one.records(SPECS[:2])] == [IDS[1], IDS[0]]
    assert claims.ended == executor.started == [IDS[1], IDS[0]]


@pytest.mark.parametrize("content", [b"", b'{"plugins": "evil"}', b"\xff" * 100])
def test_a_job_that_lies_there_is_not_read(store: RunStore, content: bytes) -> None:
    (folder := store.folder(IDS[0])).mkdir(parents=True)
    (folder / "job.json").write_bytes(content)

    def act(handle: JobHandle) -> Ending:
        assert read_job(handle.folder).specs == (SPECS[0],)
        return leave_record(handle)

    assert supervise(store, Scripted(act), SPECS[:1]) == {IDS[0]: "ok"}


@pytest.mark.parametrize("death", [KILLED, Ending(), Ending(exit_code=PREEMPTED)])
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_who_vanishes_is_tried_again(store: RunStore, death: Ending, retries: int) -> None:
    executor = Scripted(lambda job: death)
    begun: list[RunSpec] = []
    (status,) = supervise(
        store, executor, SPECS[:1], retries=retries, on_start=begun.append
    ).values()
    assert len(executor.started) == 1 + retries
    assert len(begun) == 1
    assert status == ("error" if death.exit_code else "killed")


def test_who_vanishes_once_goes_on(store: RunStore) -> None:
    endings = iter([lambda job: KILLED, leave_record])
    executor = Scripted(lambda job: next(endings)(job))
    assert supervise(store, executor, SPECS[:1]) == {IDS[0]: "ok"}


def test_who_leaves_by_itself_is_not(store: RunStore) -> None:
    executor = Scripted(lambda job: Ending(exit_code=3))
    assert supervise(store, executor, SPECS[:1], retries=5) == {IDS[0]: "error"}
    assert len(executor.started) == 1


def test_truth_is_the_run_folder(store: RunStore) -> None:
    """Whatever an executor says: a run that has its record has ended."""

    def act(job: JobHandle) -> Ending:
        leave_record(job)
        return KILLED

    executor = Scripted(act)
    assert supervise(store, executor, SPECS[:1]) == {IDS[0]: "ok"}
    assert len(executor.started) == 1


def test_a_folder_that_the_run_has_removed_gets_its_record(store: RunStore) -> None:
    def act(job: JobHandle) -> Ending:
        for file in job.folder.iterdir():
            file.unlink()
        job.folder.rmdir()
        return Ending(exit_code=3)

    assert supervise(store, Scripted(act), SPECS[:1]) == {IDS[0]: "error"}


def test_waiting_for_a_busy_run_is_no_try(store: RunStore, monkeypatch: Any) -> None:
    """The others come first, and it may be busy more often than it may be tried."""
    monkeypatch.setattr(Claims, "patience", 0.0)
    turns = Counter[str]()

    def act(job: JobHandle) -> Ending:
        turns[job.name] += 1
        if job.name == IDS[0] and turns[job.name] <= 4:
            return Ending(exit_code=BUSY)
        return leave_record(job)

    executor = Scripted(act)
    found = supervise(store, executor, SPECS[:3], retries=1)
    assert list(found) == [IDS[1], IDS[2], IDS[0]]
    assert executor.started[:3] == IDS[:3]
    assert turns[IDS[0]] == 5


HOLD = """
import pathlib, sys
from ganbench.storage.locks import take_fence
folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True)
fence = take_fence(folder / "lock")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(store: RunStore) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, at work on the first run until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(store.folder(IDS[0]))]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as other:  # type: ignore[call-overload]
        assert other.stdout.readline() == b"held\n"
        yield other
        other.kill()


def test_no_job_is_started_on_what_another_process_does(
    store: RunStore, held: subprocess.Popen[bytes]
) -> None:
    def act(job: JobHandle) -> Ending:
        if job.name == IDS[1]:  # meanwhile the first one is left unfinished
            held.kill()
            held.wait()
        return leave_record(job)

    executor = Scripted(act)
    assert list(supervise(store, executor, SPECS[:2])) == [IDS[1], IDS[0]]
    assert executor.started == [IDS[1], IDS[0]]


def test_what_another_process_ends_is_taken_from_it(
    store: RunStore, held: subprocess.Popen[bytes]
) -> None:
    def act(job: JobHandle) -> Ending:
        store.write(record(SPECS[0], curve("ring8", 2, 0)))  # as the other one would
        return leave_record(job)

    executor = Scripted(act)
    assert supervise(store, executor, SPECS[:2]) == {IDS[1]: "ok", IDS[0]: "ok"}
    assert executor.started == [IDS[1]]
    assert held.poll() is None


def test_the_dead_are_not_buried_by_two(store: RunStore, monkeypatch: Any) -> None:
    """Another process has gone on with a run whose worker here has died."""
    monkeypatch.setattr(Claims, "patience", 0.0)
    others: list[subprocess.Popen[bytes]] = []

    class Late(RunStore):
        """The other process writes its record between the second look and the third."""

        looks = 0

        def finished(self, run_ids: Iterable[str]) -> Finished:
            self.looks += 1
            if self.looks == 3:
                self.write(record(SPECS[0], curve("ring8", 2, 0)))
            return super().finished(run_ids)

    def act(job: JobHandle) -> Ending:
        hold = HOLD.replace("folder.mkdir(parents=True)", "pass")
        command = [sys.executable, "-c", hold, str(job.folder)]
        other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        others.append(other)
        return Ending(exit_code=1)

    executor = Scripted(act)
    assert supervise(Late(store.root), executor, SPECS[:1]) == {IDS[0]: "ok"}
    assert len(executor.started) == len(others) == 1
    others[0].communicate()


@pytest.mark.parametrize("slots", [1, 2])
def test_after_a_failure_nothing_more_is_started(store: RunStore, slots: int) -> None:
    """What is under way goes on to its end."""
    told = threading.Event()
    pool = ThreadPoolExecutor(4)

    class Slow(Scripted):
        def start(self, job: JobHandle) -> Future[Ending]:
            self.started.append(job.name)
            return pool.submit(self._act, job)

    def act(job: JobHandle) -> Ending:
        if job.name == IDS[0]:
            return leave_record(job, "error")
        told.wait()
        return leave_record(job)

    executor = Slow(act, slots)
    one = Supervisor(store, executor, Conditions(fail_fast=True), device="cpu")
    found = {}
    for run, ended in one.records(SPECS):
        found[run.run_id] = ended["status"]
        told.set()
    assert executor.started == IDS[:slots]
    assert found == {IDS[0]: "error", **dict.fromkeys(IDS[1:slots], "ok")}
    pool.shutdown()


def test_after_a_failure_who_was_busy_is_not_started(store: RunStore, monkeypatch: Any) -> None:
    monkeypatch.setattr(Claims, "patience", 0.0)

    def act(job: JobHandle) -> Ending:
        if job.name == IDS[0]:
            return Ending(exit_code=BUSY)
        return leave_record(job, "error")

    executor = Scripted(act)
    assert supervise(store, executor, SPECS, fail_fast=True) == {IDS[1]: "error"}
    assert executor.started == IDS[:2]


@pytest.mark.parametrize("said", ["the loss is another", ""])
def test_a_worker_with_other_code_ends_the_plan_and_no_run(store: RunStore, said: str) -> None:
    """What all others would meet with too: they keep their turn for the next plan."""

    def act(job: JobHandle) -> Ending:
        if job.name == IDS[1]:
            (job.folder / LOG_FILE).write_text(f"error: {said}\n" if said else "")
            return Ending(exit_code=OTHER_CODE)
        return leave_record(job)

    executor, told = Scripted(act, slots=3), list[str]()
    supervisor = Supervisor(store, executor, Conditions(), device="cpu", warn=pytest.fail)
    with pytest.raises(OtherCode, match=f"no longer that of the plan: {said}"):
        told.extend(run.run_id for run, _ in supervisor.records(SPECS))
    started = set(executor.started)
    assert IDS[1] in started
    assert started < set(IDS)
    assert set(told) == started - {IDS[1]}
    assert not (store.folder(IDS[1]) / "record.json").exists()


def test_a_record_that_cannot_be_read_here_ends_a_run(store: RunStore) -> None:
    """It is warned of once; the plan goes on, and nothing is trained or written for it."""

    def act(job: JobHandle) -> Ending:
        if job.name == IDS[0]:
            newer(store.folder(IDS[0]))
            newer(store.folder(IDS[1]))
            return DONE
        return leave_record(job)

    said: list[str] = []
    executor = Scripted(act)
    assert supervise(store, executor, SPECS[:3], warn=said.append) == {IDS[2]: "ok"}
    assert executor.started == [IDS[0], IDS[2]]
    assert [run_id in line for run_id, line in zip(IDS[:2], said, strict=True)] == [True, True]
    assert all("update ganbench" in line for line in said)


def failed(one: RunSpec) -> Record:
    """A record that `--retry-failed` replaces."""
    return {**record(one, [0.5]), "status": "error", "failure": make_failure("no space left")}


def retry(store: RunStore, executor: Scripted, **judged: Record | None) -> dict[str, str]:
    one = Supervisor(store, executor, Conditions(), device="cpu", judged=judged)
    return {spec.run_id: record["status"] for spec, record in one.records(SPECS[:1])}


def replaced(store: RunStore) -> list[str]:
    return [one.name for one in store.root.glob("*/record.json.replaced-*")]


def test_a_record_that_was_judged_makes_way_when_it_is_its_turn(store: RunStore) -> None:
    store.write(failed(SPECS[0]))
    executor = Scripted(leave_record)
    assert retry(store, executor, **{IDS[0]: failed(SPECS[0])}) == {IDS[0]: "ok"}
    assert executor.started == IDS[:1]
    assert replaced(store) == ["record.json.replaced-1"]


def test_a_record_that_cannot_be_read_makes_way_too(store: RunStore) -> None:
    newer(store.folder(IDS[0]))
    assert retry(store, Scripted(leave_record), **{IDS[0]: None}) == {IDS[0]: "ok"}
    assert replaced(store) == ["record.json.replaced-1"]


@pytest.mark.parametrize("judged", [failed(SPECS[0]), None])
def test_what_another_command_has_put_in_its_place_stays(
    store: RunStore, judged: Record | None
) -> None:
    store.write(record(SPECS[0], [0.25]))
    executor = Scripted(leave_record)
    assert retry(store, executor, **{IDS[0]: judged}) == {IDS[0]: "ok"}
    assert executor.started == replaced(store) == []


def test_a_record_does_not_make_way_while_another_process_works_there(
    store: RunStore, held: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one replaces it, and ends."""
    store.write(failed(SPECS[0]))
    put_off, looks = Supervisor._put_off, list[int]()

    def meanwhile(self: Supervisor, unit: Any) -> None:
        put_off(self, unit)
        looks.extend(1 for _ in unit)
        if unit and len(looks) == 1:
            assert replaced(store) == []
            store.discard(IDS[0])
            store.write(record(SPECS[0], [0.25]))
            held.kill()
            held.wait()

    monkeypatch.setattr(Supervisor, "_put_off", meanwhile)
    monkeypatch.setattr(Claims, "patience", 0.0)
    executor = Scripted(leave_record)
    assert retry(store, executor, **{IDS[0]: failed(SPECS[0])}) == {IDS[0]: "ok"}
    assert executor.started == []
    assert replaced(store) == ["record.json.replaced-1"]
    assert looks == [1]


def test_what_cannot_be_started_ends_the_plan(store: RunStore) -> None:
    def act(job: JobHandle) -> Ending:
        if job.name == IDS[1]:
            raise GanbenchError("the cluster has gone")
        return leave_record(job)

    with pytest.raises(GanbenchError, match="the cluster has gone"):
        supervise(store, Scripted(act), SPECS[:3])
    assert list(store.finished(IDS).records) == IDS[:1]


def test_a_long_plan_holds_no_more_than_its_slots(store: RunStore) -> None:
    """No thread, job or future for runs that wait: only those in the slots are there."""
    specs = [spec("vanilla", "ring8", seed) for seed in range(200)]
    by_id = {one.run_id: one for one in specs}
    lock, under_way, most, threads = threading.Lock(), set[str](), list[int](), list[int]()
    pool = ThreadPoolExecutor(3)

    def act(job: JobHandle) -> Ending:
        store.write(record(by_id[job.name], [0.5]))
        with lock:
            under_way.remove(job.name)
        return DONE

    class Pooled(Scripted):
        def start(self, job: JobHandle) -> Future[Ending]:
            with lock:
                under_way.add(job.name)
                most.append(len(under_way))
            threads.append(threading.active_count())
            self.started.append(job.name)
            return pool.submit(act, job)

    before = threading.active_count()
    executor = Pooled(act, slots=3)
    one = Supervisor(store, executor, Conditions(), device="cpu")
    assert len(list(one.records(specs))) == len(executor.started) == 200
    assert max(most) <= 3
    assert max(threads) <= before + 3
    pool.shutdown()


def test_cancelled_runs_are_neither_started_nor_tried_again(store: RunStore) -> None:
    """The first one is cancelled under way, the third while it waits."""

    def act(job: JobHandle) -> Ending:
        if job.name != IDS[0]:
            return leave_record(job)
        store.cancel(IDS[0])
        store.cancel(IDS[2])
        return Ending(exit_code=PREEMPTED)

    executor, heard = Scripted(act), list[str]()
    one = Supervisor(
        store,
        executor,
        Conditions(),
        device="cpu",
        on_cancel=lambda spec, request: heard.append(spec.run_id),
    )
    assert [spec.run_id for spec, _ in one.records(SPECS[:4])] == [IDS[1], IDS[3]]
    assert executor.started == [IDS[0], IDS[1], IDS[3]]
    assert one.cancelled == {IDS[0], IDS[2]}
    assert heard == [IDS[0], IDS[2]]
    assert set(store.read_all().unfinished) == {IDS[0]}


def test_a_run_that_ended_before_it_heard_of_it_has_its_record(store: RunStore) -> None:
    def act(job: JobHandle) -> Ending:
        store.cancel(job.name)
        return leave_record(job)

    assert supervise(store, Scripted(act), SPECS[:1]) == {IDS[0]: "ok"}
    assert store.cancelled(IDS[0]) is None


def test_a_plan_that_is_not_wanted_any_more_ends(store: RunStore) -> None:
    class Silent(Scripted):
        """Of its jobs nothing is ever heard."""

        def start(self, job: JobHandle) -> Future[Ending]:
            self.started.append(job.name)
            return Future()

    answers = iter([None, None, GanbenchError("not wanted")])

    def require_wanted() -> None:
        if error := next(answers):
            raise error

    one = Supervisor(
        store, Silent(leave_record), Conditions(), device="cpu", require_wanted=require_wanted
    )
    with pytest.raises(GanbenchError, match="not wanted"):
        list(one.records(SPECS[:1]))


STACKED = [replace(one, engine="stacked") for one in SPECS[:3]]


def end_some(job: JobHandle, ending: Ending, *ended: int) -> Ending:
    """Some seeds of a stack come to their end before its process does."""
    for one in read_job(job.folder).specs:
        if one.seed in ended:
            RunStore(job.folder.parent).write(record(one, curve("ring8", 2, one.seed)))
    return ending


def seeds_of(job: JobHandle) -> list[int]:
    return [one.seed for one in read_job(job.folder).specs]


def test_seeds_that_are_stacked_are_one_job(store: RunStore) -> None:
    jobs: list[list[int]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append(seeds_of(job))
        return end_some(job, DONE, 0, 1, 2)

    begun: list[int] = []
    found = supervise(store, Scripted(act), STACKED, on_start=lambda one: begun.append(one.seed))
    assert list(found.values()) == ["ok"] * 3
    assert jobs == [[0, 1, 2]]
    assert begun == [0, 1, 2]


def test_seeds_that_go_on_from_other_runs_do_so_one_by_one(store: RunStore) -> None:
    jobs: list[tuple[list[int], str | None]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append((seeds_of(job), read_job(job.folder).origin))
        return end_some(job, DONE, 0, 1, 2)

    origins = {one.run_id: f"smaller-{one.seed}" for one in STACKED}
    one = Supervisor(store, Scripted(act), Conditions(), device="cpu", origins=origins)
    assert len(list(one.records(STACKED))) == 3
    assert jobs == [([seed], f"smaller-{seed}") for seed in range(3)]


def test_who_is_left_of_a_stack_that_was_killed_goes_on_together(store: RunStore) -> None:
    jobs: list[list[int]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append(seeds_of(job))
        return end_some(job, KILLED, 0) if len(jobs) == 1 else end_some(job, DONE, 1, 2)

    assert list(supervise(store, Scripted(act), STACKED).values()) == ["ok"] * 3
    assert jobs == [[0, 1, 2], [1, 2]]


def test_a_seed_that_ends_the_process_costs_no_other(store: RunStore) -> None:
    """None of them has left a record: each is tried by itself."""
    jobs: list[list[int]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append(seeds := seeds_of(job))
        return Ending(exit_code=3) if 1 in seeds else end_some(job, DONE, 0, 1, 2)

    found = supervise(store, Scripted(act), STACKED)
    assert jobs == [[0, 1, 2], [0], [1], [2]]
    assert sorted(found.values()) == ["error", "ok", "ok"]


def test_after_a_failure_the_seeds_of_a_broken_stack_go_on_to_their_end(store: RunStore) -> None:
    """They were under way; the seeds of the next stack were not."""
    jobs: list[list[int]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append(seeds := seeds_of(job))
        return Ending(exit_code=3) if 0 in seeds else end_some(job, DONE, *seeds)

    later = [replace(one, variant="later") for one in STACKED]
    found = supervise(store, Scripted(act), [*STACKED, *later], fail_fast=True)
    assert jobs == [[0, 1, 2], [0], [1], [2]]
    assert list(found.values()) == ["error", "ok", "ok"]


def test_a_seed_of_a_stack_that_is_cancelled_leaves_the_others(store: RunStore) -> None:
    jobs: list[list[int]] = []

    def act(job: JobHandle) -> Ending:
        jobs.append(seeds_of(job))
        if len(jobs) > 1:
            return end_some(job, DONE, 0, 2)
        store.cancel(STACKED[1].run_id)
        return Ending(exit_code=PREEMPTED)

    found = supervise(store, Scripted(act), STACKED, retries=0)
    assert list(found.values()) == ["ok", "ok"]
    assert jobs == [[0, 1, 2], [0, 2]]
