"""A job as a file: it comes back as it was, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ganbench.api.errors import GanbenchError, InvalidResults, UsageError
from ganbench.api.version import __version__
from ganbench.catalogue.plugin_files import PluginChoice, PluginFile
from ganbench.execution.job import Job, read_job
from ganbench.planning.budget import Budget
from ganbench.results.store import JOB_FILE

from ..results.synthetic import spec

SPEC = spec("wgan-gp[lr=2e-4]", "digits", 3, parameters={"lr": 2e-4, "n": 5, "on": True, "s": "a"})
FILE = PluginFile("/home/ada/my_gan.py", "# \N{GREEK SMALL LETTER ALPHA}\n".encode() + b"\xff\x00")


def job(folder: Path, **more: Any) -> Job:
    folder = folder / SPEC.run_id
    folder.mkdir(exist_ok=True)
    return Job(**{"specs": (SPEC,), "folder": folder, "device": "cpu", **more})


def spoil(job: Job, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the content of a job's file."""
    path = job.folder / JOB_FILE
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content))


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    one = job(
        tmp_path,
        device="cuda",
        checkpoint_seconds=0.25,
        plugins=PluginChoice(("a", "b"), (FILE,)),
        commit="abc-dirty",
    )
    one.write()
    assert read_job(one.folder) == one
    assert read_job(one.folder).specs[0].run_id == SPEC.run_id
    assert json.loads((one.folder / JOB_FILE).read_bytes())["specs"] == [SPEC.to_json()]
    assert [path.name for path in one.folder.iterdir()] == [JOB_FILE]


def test_integers_stay_integers(tmp_path: Path) -> None:
    """A run's id tells 20 steps from 20.0 steps."""
    for budget in (Budget("steps", 20), Budget("steps", 20.0)):
        whole = replace(SPEC, task=replace(SPEC.task, budget=budget))
        folder = tmp_path / whole.run_id
        folder.mkdir()
        Job(specs=(whole,), folder=folder, device="cpu").write()
        assert read_job(folder).specs == (whole,)


def test_the_last_one_written_counts(tmp_path: Path) -> None:
    job(tmp_path, commit="abc").write()
    job(tmp_path, commit="def").write()
    assert read_job(tmp_path / SPEC.run_id).commit == "def"


def test_it_tells_executors_the_threads_of_its_run(tmp_path: Path) -> None:
    assert job(tmp_path).threads == 1
    assert job(tmp_path, specs=(replace(SPEC, threads=3),)).threads == 3


def test_a_folder_without_one_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(?s)there is no job in .*`ganbench run` leaves") as told:
        read_job(tmp_path)
    assert told.value.exit_code == 2
    (tmp_path / JOB_FILE).mkdir()
    with pytest.raises(InvalidResults, match="cannot be read: Is a directory"):
        read_job(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda it: it.update(device="tpu"), "damaged: Invalid enum value 'tpu' - at `$.device`"),
        (lambda it: it.update(checkpoint_seconds=0), "damaged: Expected `float` > 0"),
        (lambda it: it.update(checkpoint_seconds="2"), r"damaged: Expected `float`, got `str`"),
        (lambda it: it.pop("plugins"), "damaged: Object missing required field `plugins`"),
        (lambda it: it.update(engine="warp"), "damaged: .* unknown field `engine`"),
        (lambda it: it.update(specs=[]), "damaged: Expected `array` of length >= 1"),
        (lambda it: it["specs"][0].pop("seed"), "damaged: spec.seed is missing"),
        (lambda it: it["specs"][0].update(seed=True), "damaged: spec.seed is True, not an integer"),
        (lambda it: it["specs"][0].update(threads=0), "damaged: spec.threads is not positive"),
        (lambda it: it["specs"][0].update(more=1), "damaged: .*unexpected keyword argument 'more'"),
        (lambda it: it["plugins"].update(files=[{"path": "x"}]), "damaged: .*field `source`"),
        (
            lambda it: it["plugins"].update(files=[{"path": "x", "source": "?"}]),
            "damaged: Invalid base64",
        ),
    ],
)
def test_what_is_damaged_is_named(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    one = job(tmp_path)
    one.write()
    spoil(one, change)
    with pytest.raises(InvalidResults, match=message.replace("$", r"\$")) as told:
        read_job(one.folder)
    assert str(one.folder / JOB_FILE) in told.value.message
    assert told.value.hint == "start the run with `ganbench run`, which writes its job anew"


@pytest.mark.parametrize("change", [{"seed": 4}, {"parameters": {}}, {"suite": "x", "seed": 0}])
def test_a_changed_spec_is_another_run(tmp_path: Path, change: dict[str, Any]) -> None:
    one = job(tmp_path)
    one.write()
    spoil(one, lambda it: it["specs"][0].update(change))
    with pytest.raises(InvalidResults, match=f"is the job of the run .*folder {SPEC.run_id}"):
        read_job(one.folder)


def test_the_job_of_another_folder_is_refused(tmp_path: Path) -> None:
    one = job(tmp_path)
    one.write()
    (tmp_path / "copied").mkdir()
    (one.folder / JOB_FILE).rename(tmp_path / "copied" / JOB_FILE)
    with pytest.raises(InvalidResults, match=f"job of the run {SPEC.run_id}, and lies in .*copied"):
        read_job(tmp_path / "copied")


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("ganbench", "99.1", "ganbench 99.1 (protocol"),
        ("protocol", 7, f"ganbench {__version__} (protocol 7)"),
        ("format", 2, f"ganbench {__version__}"),
    ],
)
def test_the_job_of_another_ganbench_is_refused_with_both_named(
    tmp_path: Path, key: str, value: object, shown: str
) -> None:
    """Before the rest of it is looked at, which may be as it likes."""
    one = job(tmp_path)
    one.write()
    spoil(one, lambda it: it.update({key: value, "engine": "warp", "specs": 3}))
    with pytest.raises(InvalidResults) as told:
        read_job(one.folder)
    assert shown in told.value.message
    assert f"here is ganbench {__version__} (protocol" in told.value.message
    assert told.value.hint == "install the same ganbench in both places"


def test_several_runs_are_kept(tmp_path: Path) -> None:
    specs = (SPEC, spec("vanilla"))
    one = job(tmp_path, specs=specs)
    one.write()
    assert read_job(one.folder).specs == specs


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_no_file_does_harm(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes cut out, changed or put in: a job of this run, or a clear error."""
    one = job(tmp_path, plugins=PluginChoice(files=(FILE,)))
    one.write()
    path = one.folder / JOB_FILE
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, min(len(content), start + 20)))
    path.write_bytes(content[:start] + data.draw(st.binary(max_size=8)) + content[stop:])
    with contextlib.suppress(GanbenchError):
        assert read_job(one.folder).specs[0].run_id == SPEC.run_id


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    one = job(tmp_path)
    (one.folder / JOB_FILE).mkdir()
    with pytest.raises(GanbenchError, match=r"cannot write .*job.json: Is a directory"):
        one.write()
