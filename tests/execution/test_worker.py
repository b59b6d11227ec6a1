"""`ganbench work FOLDER`: the job of a folder, done by a process that anybody has started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganbench.catalogue.catalogue import Catalogue, installed_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE, PluginChoice, PluginFile
from ganbench.execution.job import BUSY, OTHER_CODE, PREEMPTED, Job
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import LOCK_FILE, RunStore
from ganbench.storage.locks import take_fence

from ..steering import until

pytestmark = pytest.mark.whole

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

LOSS = """
from ganbench import LossSpec, Optimiser, Training, hookimpl

def build():
    return Plain()

class Plain:
    def discriminator_loss(self, step):
        return step.fake_logits.mean() - step.real_logits.mean()

    def generator_loss(self, step):
        return -step.fake_logits.mean()

@hookimpl
def ganbench_losses():
    adam = Optimiser(lr=1e-3)
    training = Training(generator=adam, discriminator=adam)
    return [LossSpec(name="plain", description="plain", build=build, training=training)]
"""


def make_job(
    runs: Path,
    variant: str = "vanilla",
    steps: int = 20,
    plugins: PluginChoice = NO_CHOICE,
    catalogue: Catalogue | None = None,
    threads: int = 1,
) -> Job:
    budget = Budget("steps", steps)
    chosen = Selection(
        variants=[variant], tasks=["ring8"], seeds=[0], budget=budget, threads=threads
    )
    spec = make_plan(chosen, catalogue or installed_catalogue(plugins)).runs[0]
    folder = RunStore(runs).create(spec.run_id, spec.to_json())
    job = Job(specs=(spec,), folder=folder, device="cpu", plugins=plugins)
    job.write()
    return job


def test_it_leaves_a_record_once(ganbench_cli: Cli, tmp_path: Path) -> None:
    job = make_job(tmp_path / "runs")
    done = ganbench_cli("work", str(job.folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert (record["status"], record["used"]["steps"]) == ("ok", 20)
    assert record["environment"]["threads"] == 1
    assert not (job.folder / "job.json").exists()
    before = (job.folder / "record.json").read_bytes()
    again = ganbench_cli("work", f"runs/{job.name}")
    assert again.returncode == 0
    assert "has ended before" in again.stderr
    assert (job.folder / "record.json").read_bytes() == before


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("bound", ["1", "2"])
def test_threads_are_those_of_the_spec_whatever_the_environment_says(
    ganbench_cli: Cli, tmp_path: Path, threads: int, bound: str
) -> None:
    job = make_job(tmp_path / "runs", threads=threads, steps=2)
    assert ganbench_cli("work", str(job.folder), OMP_NUM_THREADS=bound).returncode == 0
    (record,) = RunStore(tmp_path / "runs").read_all().records
    assert record["environment"]["threads"] == record["spec"].get("threads", 1) == threads


def test_a_job_left_by_the_run_of_somebody_else_is_over(ganbench_cli: Cli, tmp_path: Path) -> None:
    """A scheduler that starts a job twice does no harm."""
    job = make_job(tmp_path / "runs")
    assert ganbench_cli("work", str(job.folder)).returncode == 0
    before = (job.folder / "record.json").read_bytes()
    job.write()
    assert ganbench_cli("work", str(job.folder)).returncode == 0
    assert (job.folder / "record.json").read_bytes() == before
    assert not (job.folder / "job.json").exists()


def test_asked_to_stop_it_keeps_its_state_and_goes_on(ganbench_cli: Cli, tmp_path: Path) -> None:
    job = make_job(tmp_path / "runs", steps=10**6)
    store = RunStore(tmp_path / "runs")

    def step() -> int:
        return int((store.read_progress(job.name) or {}).get("step", 0))

    process = subprocess.Popen(job.command, cwd=tmp_path)
    until(step, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == PREEMPTED
    assert (job.folder / "checkpoint" / "latest.safetensors").exists()
    assert (job.folder / "job.json").exists()
    assert "asked to stop at step" in (job.folder / "log.txt").read_text()
    stopped = step()
    again = subprocess.Popen(job.command, cwd=tmp_path)
    until(lambda: step() > stopped, again)
    again.send_signal(signal.SIGINT)  # as of a person
    assert again.wait() == PREEMPTED


def test_a_run_that_another_process_has_is_left_to_it(ganbench_cli: Cli, tmp_path: Path) -> None:
    job = make_job(tmp_path / "runs")
    with take_fence(job.folder / LOCK_FILE) or pytest.fail("it is free"):
        done = ganbench_cli("work", str(job.folder))
    assert done.returncode == BUSY
    assert f"another process is at work on {job.name}" in done.stderr


def test_bytes_of_plugin_files_travel_with_the_job(ganbench_cli: Cli, tmp_path: Path) -> None:
    """To a machine that has no such file, in a folder of another name."""
    file = tmp_path / "my_loss.py"
    file.write_text(LOSS)
    plugins = PluginChoice(files=(PluginFile.read(file),))
    job = make_job(tmp_path / "runs", "mlp+plain", plugins=plugins)
    file.unlink()
    shutil.move(tmp_path / "runs", tmp_path / "elsewhere")
    done = ganbench_cli("work", f"elsewhere/{job.name}")
    assert done.returncode == 0, (tmp_path / "elsewhere" / job.name / "log.txt").read_text()
    (record,) = RunStore(tmp_path / "elsewhere").read_all().records
    assert record["status"] == "ok"


def test_other_code_under_the_same_name_is_refused(
    ganbench_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed plugin that was edited since the run was planned: both are named."""
    installed = install(tmp_path / "installed", LOSS)
    plan = [sys.executable, "-c", PLAN, str(tmp_path / "runs")]
    path = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    folder = subprocess.run(
        plan, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True
    ).stdout.strip()
    (installed / "ganbench_plain.py").write_text(
        LOSS.replace("real_logits.mean", "real_logits.sum")
    )
    done = ganbench_cli("work", folder, plugins=[installed])
    assert done.returncode == OTHER_CODE
    for where in (done.stderr, (Path(folder) / "log.txt").read_text()):
        assert "the loss 'plain' of this run is that of ganbench-plain 1.0 (source sha256:" in where
        assert "here it is that of ganbench-plain 1.0 (source sha256:" in where
    assert not (Path(folder) / "record.json").exists()
    missing = ganbench_cli("work", folder)
    assert missing.returncode == OTHER_CODE
    assert "the loss 'plain' of this run is that of ganbench-plain 1.0" in missing.stderr
    assert "pip install ganbench-plain==1.0" in missing.stderr


def test_code_that_changes_ends_the_plan_and_costs_no_run(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    """A plugin that is edited while a long plan runs: here it edits itself, once."""
    edits = """
def build():
    from pathlib import Path
    own = Path(__file__)
    if not own.read_text().endswith("# edited"):
        own.write_text(own.read_text() + "# edited")
"""
    installed = install(tmp_path / "installed", LOSS.replace("\ndef build():\n", edits))
    ask = ["run", "mlp+plain", "--task", "ring8", "--seeds", "0-2", "--budget", "2steps"]
    done = ganbench_cli(*ask, "--jobs", "1", plugins=[installed])
    assert done.returncode == 3, done.stderr
    assert "the code is no longer that of the plan: the loss 'plain' of this run" in done.stderr
    assert "type the same command again" in done.stderr
    assert [one["status"] for one in RunStore(tmp_path / "runs").read_all().records] == ["ok"]
    again = ganbench_cli(*ask, "--jobs", "1", plugins=[installed])
    assert again.returncode == 0, again.stderr
    assert [one["status"] for one in RunStore(tmp_path / "runs").read_all().records] == ["ok"] * 4


def install(folder: Path, source: str) -> Path:
    """A folder with an installed distribution of one plugin, `ganbench-plain`."""
    info = folder / "ganbench_plain-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: ganbench-plain\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ganbench.plugins]\nplain = ganbench_plain\n")
    (folder / "ganbench_plain.py").write_text(source)
    return folder


PLAN = """
import sys
from pathlib import Path
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.execution.job import Job
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.results.store import RunStore

chosen = Selection(variants=["mlp+plain"], tasks=["ring8"], seeds=[0], budget=Budget("steps", 20))
spec = make_plan(chosen, installed_catalogue()).runs[0]
folder = RunStore(Path(sys.argv[1])).create(spec.run_id, spec.to_json())
Job(specs=(spec,), folder=folder, device="cpu").write()
print(folder)
"""


def test_a_damaged_job_is_refused_and_nothing_is_run(ganbench_cli: Cli, tmp_path: Path) -> None:
    job = make_job(tmp_path / "runs")
    content = json.loads((job.folder / "job.json").read_bytes())
    for change, said in (
        ({"ganbench": "99.0"}, "job of ganbench 99.0"),
        ({"device": 3}, "is damaged: Expected `str`"),
    ):
        (job.folder / "job.json").write_text(json.dumps({**content, **change}))
        done = ganbench_cli("work", str(job.folder))
        assert done.returncode == 4
        assert said in done.stderr
        assert "Traceback" not in done.stderr
        assert said in (job.folder / "log.txt").read_text()
    assert not (job.folder / "record.json").exists()


def test_it_is_hidden_and_documented(ganbench_cli: Cli) -> None:
    assert " work" not in ganbench_cli("--help").stdout
    told = ganbench_cli("work", "--help").stdout
    assert f"{BUSY}: another process" in " ".join(told.split())
    assert f"{OTHER_CODE}: a plugin here is not" in " ".join(told.split())
    assert f"{PREEMPTED}: it was asked to stop" in " ".join(told.split())


def test_a_folder_without_a_job_stays_as_it_is(ganbench_cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    done: Any = ganbench_cli("work", "photos")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no job in" in done.stderr
    assert list((tmp_path / "photos").iterdir()) == []
