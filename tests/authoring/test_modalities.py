"""Packages that `ganbench new` writes for each kind of data: checked, and run."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from click.testing import CliRunner

from ganbench.api.data import MODALITY_NAMES
from ganbench.authoring import check, new
from ganbench.authoring.scaffold import TEMPLATES, run_command
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE
from ganbench.cli.verbs import plan

Cli = Callable[..., "CompletedProcess[str]"]

SUITE = """
name = "all"
description = "What was written, on what was written."
seeds = "0"
variants = ["my-model+my-loss+my-technique"]
"""
TASK = """
[[tasks]]
name = "{0}"
dataset = "my-dataset-{0}"
budget = "2steps"
fakes = 100
evaluations = 1
scores = ["my-score[extractor=my-extractor]"]
"""
OFFERED = [
    (kind, modality) for kind, template in TEMPLATES.items() for modality in template.modalities
]


def put(site: Path, kind: str, name: str, modality: str | None = None) -> None:
    """Write a package, and lay it into `site` as pip would install it."""
    package = new(kind, name, modality=modality, into=site / "written" / name)
    shutil.copytree(package / "src", site, dirs_exist_ok=True)
    (module,) = (one.name for one in (package / "src").iterdir())
    about = site / f"ganbench_{name.replace('-', '_')}-0.1.0.dist-info"
    about.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: ganbench-{name}\nVersion: 0.1.0\n"
    (about / "METADATA").write_text(metadata)
    (about / "entry_points.txt").write_text(f"[ganbench.plugins]\n{name} = {module}\n")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that is offered, each under its kind and its data, and the usual ones."""
    folder = tmp_path_factory.mktemp("site")
    for kind, modality in OFFERED:
        put(folder, kind, f"my-{kind}-{modality}", modality)
    for kind in TEMPLATES:
        put(folder, kind, f"my-{kind}")
    return folder


@pytest.fixture(scope="module")
def _installed(site: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.setenv("PYTHONPATH", str(site))
        installed_catalogue.cache_clear()
        yield
    installed_catalogue.cache_clear()


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("kind", "modality"),
    [
        pytest.param(
            *one,
            marks=() if one[0] in ("dataset", "extractor") else pytest.mark.slow,
            id="-".join(one),
        )
        for one in OFFERED
    ],
)
def test_it_passes_its_checks(kind: str, modality: str) -> None:
    results = check(f"my-{kind}-{modality}", kind)
    assert len(results) > 5
    assert [one for one in results if one.status not in ("passed", "skipped")] == []
    skipped = {one.id: one.reason for one in results if one.status == "skipped"}
    assert skipped.keys() <= {"cuda"}, skipped


@pytest.mark.whole
def test_what_was_written_runs_on_all_data_that_was_written(
    site: Path, ganbench_cli: Cli, tmp_path: Path
) -> None:
    """Model, loss, technique, score and extractor, on the data set of every kind of data."""
    tasks = "".join(map(TASK.format, MODALITY_NAMES))
    (tmp_path / "all.toml").write_text(SUITE + tasks)
    done = ganbench_cli("run", "--suite", "all.toml", "--jobs", "1", plugins=[site])
    assert done.returncode == 0, done.stderr
    records = [json.loads(one.read_text()) for one in tmp_path.glob("runs/*/record.json")]
    assert {one["spec"]["task"]["name"] for one in records} == {*MODALITY_NAMES}
    for record in records:
        assert record["status"] == "ok"
        ((key, value),) = record["points"][-1]["scores"].items()
        assert key.startswith("my-score/my-extractor@")
        assert value > 0


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(("kind", "modality"), OFFERED)
def test_the_command_that_tries_it_can_be_planned(
    kind: str, modality: str, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"my-{kind}-{modality}"
    if modality == "audio" and kind != "dataset":
        pytest.importorskip("espeakng_loader", reason="the task's sounds are made by it")
    monkeypatch.chdir(site / "written" / name)
    program, verb, *arguments = shlex.split(run_command(kind, name, modality))
    assert (program, verb) == ("ganbench", "run")
    planned = CliRunner().invoke(plan.command, [*arguments, "--json"], obj=NO_CHOICE)
    assert planned.exit_code == 0, planned.output
    assert json.loads(planned.stdout)["runs"]
