"""What the Slurm executor makes of what Slurm and its jobs say, step by step and without Slurm."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from ganbench.api.errors import GanbenchError, PluginNotUsable, UsageError
from ganbench.api.executors import Ending, Limits, Resources
from ganbench.execution.conditions import Conditions
from ganbench.execution.executors import slurm as module
from ganbench.execution.executors import slurm_commands as commands
from ganbench.execution.executors.order import Refusal
from ganbench.execution.executors.slurm import LOOKS, SlurmExecutor
from ganbench.execution.executors.slurm_commands import COMMANDS, Reported
from ganbench.execution.executors.slurm_task import Batch, Told, output_file, told_file
from ganbench.execution.job import PREEMPTED

RESOURCES = Conditions().resources("cpu", 1)


class Queue:
    """In the place of Slurm's commands: what it says is what the test has put there."""

    def __init__(self, *_: object) -> None:
        self.arrays: list[Batch] = []
        self.listed: set[str] | None = set()
        self.reported: dict[str, Reported] = {}
        self.refusal: str | None = None
        self.sent: list[str] = []

    def submit(self, spool: Path, file: str, count: int) -> list[str]:
        if self.refusal:
            raise GanbenchError(self.refusal)
        self.arrays.append(msgspec.json.decode((spool / file).read_bytes(), type=Batch))
        names = [f"{len(self.arrays)}_{index}" for index in range(count)]
        self.listed = {*(self.listed or ()), *names}
        return names

    def names(self) -> set[str] | None:
        return {"ganbench-at-work"}

    def unfinished(self) -> set[str] | None:
        return self.listed

    def finals(self, elements: Iterable[str]) -> dict[str, Reported]:
        return {one: self.reported[one] for one in elements if one in self.reported}

    def signal(self, name: str, *options: str) -> None:
        self.sent.append(name)

    def cancel(self, *options: str) -> None:
        self.sent.append("cancel")


class Steps:
    """An executor whose keeper does one step when it is told to."""

    def __init__(self, runs: Path) -> None:
        self.executor = SlurmExecutor(RESOURCES)
        queue = self.executor._slurm
        assert isinstance(queue, Queue)
        self.queue = queue
        self._runs = runs

    def start(self, *names: str) -> list[Future[Ending]]:
        endings = []
        for name in names:
            (self._runs / name).mkdir(parents=True)
            job = SimpleNamespace(folder=self._runs / name)
            endings.append(self.executor.start(job))  # type: ignore[arg-type]
        self.executor._submit()
        return endings

    @property
    def spool(self) -> Path:
        return self.executor._spool

    def tell(self, name: str, ending: Ending | None, refusal: Refusal | None = None) -> None:
        told_file(self.spool, name).write_bytes(msgspec.json.encode(Told(ending, refusal)))

    def listen(self) -> None:
        self.executor._listen()

    def ask(self, times: int = LOOKS) -> None:
        for _ in range(times):
            self.executor._ask()

    def gone(self, name: str, state: str | None = None, code: int | None = None) -> None:
        assert self.queue.listed is not None
        self.queue.listed.discard(name)
        if state:
            self.queue.reported[name] = Reported(state, code)


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(module, "Slurm", Queue)
    monkeypatch.setattr(SlurmExecutor, "_keep", lambda self: None)
    return Steps(tmp_path / "runs")


def test_what_is_started_together_is_one_array(steps: Steps, tmp_path: Path) -> None:
    steps.start("a", "b", "c")
    steps.start("d")
    runs = tmp_path / "runs"
    folders = [array.folders for array in steps.queue.arrays]
    assert folders == [[str(runs / name) for name in "abc"], [str(runs / "d")]]
    assert steps.queue.arrays[0].order.limits == RESOURCES.limits


def test_a_job_that_tells_its_end_is_believed_at_once(steps: Steps) -> None:
    first, second = steps.start("a", "b")
    steps.tell("1_1", Ending(exit_code=3))
    steps.listen()
    assert second.result(0) == Ending(exit_code=3)
    assert not first.done()
    assert not told_file(steps.spool, "1_1").exists()


@pytest.mark.parametrize("first", [Ending(exit_code=PREEMPTED), Ending(signal=9), Ending()])
def test_who_was_made_to_leave_may_be_put_back_into_the_queue(steps: Steps, first: Ending) -> None:
    """By Slurm, for a job of more importance: what counts is the end of its last try."""
    (ending,) = steps.start("a")
    steps.tell("1_0", first)
    steps.listen()
    steps.ask()
    assert not ending.done()
    steps.tell("1_0", Ending(exit_code=0))  # it has been run again
    steps.listen()
    assert ending.result(0) == Ending(exit_code=0)
    (ending,) = steps.start("b")
    steps.tell("2_0", first)
    steps.gone("2_0")
    steps.ask(1)
    assert ending.result(0) == first


def test_a_lost_node_is_no_end_while_slurm_has_the_job(steps: Steps) -> None:
    (ending,) = steps.start("a")
    steps.queue.reported["1_0"] = Reported("NODE_FAIL", None)
    steps.ask(10)
    assert not ending.done()
    steps.gone("1_0")
    steps.ask()
    assert ending.result(0) == Ending()


def test_a_job_is_given_up_when_it_is_missing_for_the_second_time(steps: Steps) -> None:
    """Its file may be late, on a file system that nodes share; a list may have been too early."""
    late, back, lost = steps.start("a", "b", "c")
    for name in ("1_0", "1_1", "1_2"):
        steps.gone(name)
    steps.ask(1)
    assert not any(one.done() for one in (late, back, lost))
    steps.tell("1_0", Ending(exit_code=0))
    steps.queue.listed = {"1_1"}
    steps.ask(1)
    assert late.result(0) == Ending(exit_code=0)
    assert lost.result(0) == Ending()
    assert not back.done()


def test_when_slurm_does_not_answer_nothing_is_concluded(steps: Steps) -> None:
    (ending,) = steps.start("a")
    steps.queue.listed = None
    steps.ask(10)
    assert not ending.done()


@pytest.mark.parametrize(("state", "limit"), [("TIMEOUT", "time"), ("OUT_OF_MEMORY", "memory")])
def test_limits_of_slurm(steps: Steps, state: str, limit: str) -> None:
    (ending,) = steps.start("a")
    steps.gone("1_0", state, 0)
    steps.ask()
    breach = ending.result(0).breach
    assert breach is not None
    assert breach.limit == limit


@pytest.mark.parametrize(("state", "limit"), [("TIMEOUT", "time"), ("OUT_OF_MEMORY", "memory")])
@pytest.mark.parametrize("told", [Ending(signal=9), Ending(exit_code=PREEMPTED)])
def test_a_job_does_not_know_for_what_slurm_has_ended_it(
    steps: Steps, state: str, limit: str, told: Ending
) -> None:
    """For memory the kernel ends a worker, and who looks after it tells of a signal."""
    (ending,) = steps.start("a")
    steps.tell("1_0", told)
    steps.listen()
    steps.gone("1_0", state, 0)
    steps.ask(1)
    assert replace(ending.result(0), breach=None) == told
    breach = ending.result(0).breach
    assert breach is not None
    assert breach.limit == limit


def test_a_job_that_could_not_begin_leaves_what_it_said_in_the_log(
    steps: Steps, tmp_path: Path
) -> None:
    (ending,) = steps.start("a")
    output_file(steps.spool, "1_0").write_text("python: command not found\n")
    steps.gone("1_0", "FAILED", 127)
    steps.ask()
    assert ending.result(0) == Ending(exit_code=127)
    assert (tmp_path / "runs" / "a" / "log.txt").read_text() == "python: command not found\n"


def test_refusals_are_raised(steps: Steps) -> None:
    (ending,) = steps.start("a")
    steps.tell("1_0", None, Refusal("the node n has torch 1 (here: 2)", "install it"))
    steps.listen()
    with pytest.raises(GanbenchError, match="the node n has torch 1"):
        ending.result(0)
    steps.queue.refusal = "invalid partition"
    (ending,) = steps.start("b")
    with pytest.raises(GanbenchError, match="invalid partition"):
        ending.result(0)


def test_who_does_not_leave_is_killed(steps: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KILL_SECONDS", 0.0)
    endings = steps.start("a", "b")
    steps.executor.stop(0.0)
    assert steps.queue.sent == ["cancel", "TERM", "KILL", "cancel"]
    steps.spool.mkdir(parents=True)
    steps.tell("1_1", Ending())  # its fork server was killed, and then who looks after the job
    for name in ("1_0", "1_1"):
        steps.gone(name)
    steps.ask()
    assert [one.result(0) for one in endings] == [Ending(signal=signal.SIGKILL)] * 2


@pytest.mark.whole
def test_what_killed_commands_have_left_is_removed(steps: Steps, tmp_path: Path) -> None:
    left = tmp_path / "runs" / ".slurm"
    for name in ("ganbench-gone", "ganbench-at-work", "ganbench-new"):
        (left / name).mkdir(parents=True)
        if name != "ganbench-new":
            os.utime(left / name, (0, 0))
    steps.start("a")
    found = {one.name for one in left.iterdir()}
    assert found == {"ganbench-at-work", "ganbench-new", steps.spool.name}
    shutil.rmtree(steps.spool)  # by another command, since no job of this one was in the queue
    steps.start("b")
    assert steps.queue.arrays[-1].folders == [str(tmp_path / "runs" / "b")]
    steps.executor.stop(0.0)
    assert not steps.spool.exists()


@pytest.fixture
def sbatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands of Slurm that only note what they are given; the notes of `sbatch`."""
    noted = tmp_path / "noted"
    for name in COMMANDS:
        command = tmp_path / "bin" / name
        command.parent.mkdir(exist_ok=True)
        command.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {shlex.quote(str(noted))}\necho 7\n')
        command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return noted


def test_jobs_keep_their_name_and_have_memory_beside_the_workers(
    sbatch: Path, tmp_path: Path
) -> None:
    """By the name Slurm is asked about them; where our limit comes first, the record says so."""
    limits = Limits(seconds=600, host_bytes=2**31, output_bytes=1)
    resources = Resources(device="cpu", jobs=1, limits=limits)
    slurm = commands.Slurm("ganbench-x", resources, "", "--account=lab -J mine")
    assert slurm.submit(tmp_path, "batch-1", 1) == ["7_0"]
    given = sbatch.read_text().splitlines()
    assert given.index("--job-name=ganbench-x") > given.index("mine") > given.index("-J")
    assert "--mem=3072M" in given


@pytest.mark.parametrize("options", ["-M other", "-Mother", "--clusters=other"])
def test_jobs_of_another_cluster_would_not_be_seen(sbatch: Path, options: str) -> None:
    with pytest.raises(UsageError, match=f"options='{options}' has them go to another one"):
        commands.Slurm("x", RESOURCES, "", options)


def test_nor_those_that_a_variable_sends_there(
    sbatch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SBATCH_CLUSTERS", "other")
    with pytest.raises(UsageError, match="SBATCH_CLUSTERS has them go to another one"):
        commands.Slurm("x", RESOURCES, "", "--account=lab")


def test_without_slurm_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "PATH": str(tmp_path)})
    with pytest.raises(PluginNotUsable, match="needs the command sbatch"):
        SlurmExecutor(RESOURCES)
