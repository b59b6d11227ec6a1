"""After `ganbench prepare`, runs need no network and compute nothing of the real side again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import ganbench

Cli = Callable[..., "CompletedProcess[str]"]

PLUGIN = '''
"""Data that must be downloaded, and a witness of all that is computed for the cache or connects."""

import os
import socket
from pathlib import Path

from ganbench import Data, DataInfo, DatasetSpec, ExtractorSpec, MissingData, Parameter
from ganbench import cache, hookimpl
from ganbench.storage import tensorcache

INFO = DataInfo(name="remote", modality="image", shape=(1, 8, 8), classes=2)
LOG = Path(os.environ["PYTEST_WITNESS"])


def tell(line):
    with LOG.open("a") as log:
        log.write(line + "\\n")


def pays(seconds, size):
    tell("computed")
    return True


def connect(self, address, connect=socket.socket.connect):
    if self.family == socket.AF_UNIX:  # to another process on this machine
        return connect(self, address)
    tell(f"connected to {address}")
    raise OSError("there is no network")


tensorcache.pays = pays  # asked once for each value that was not in the cache
socket.socket.connect = connect


def file():
    return cache.folder("datasets") / "remote.txt"


def check(download):
    if not (download or file().is_file()):
        raise MissingData("remote is not here", "type `ganbench prepare --download`")


def load(download):
    import torch

    check(download)
    if not file().is_file():
        tell("downloaded")
        file().write_text("7")
    generator = torch.Generator().manual_seed(int(file().read_text()))
    images = torch.randint(0, 256, (300, 1, 8, 8), generator=generator, dtype=torch.uint8)
    labels = torch.arange(300) % 2
    images[labels == 1] //= 2
    return Data(info=INFO, train=images[:200], heldout=images[200:],
                train_labels=labels[:200], heldout_labels=labels[200:])


class Means:
    layer = "means"
    id = "means@12345678"

    def __call__(self, images):
        return images.float().view(len(images), 4, 16).mean(dim=2)


def broken(data, device):
    raise ValueError("no such layer")


@hookimpl
def ganbench_datasets():
    return [DatasetSpec(name="remote", description="far away", modalities=("image",),
                        describe=lambda download: INFO, check=check, load=load,
                        parameters={"download": Parameter(default=False, help="fetch it")})]


@hookimpl
def ganbench_extractors():
    return [ExtractorSpec(name="means", description="four means", modalities=("image",),
                          build=lambda data, device: Means()),
            ExtractorSpec(name="broken", description="raises", modalities=("image",), build=broken)]
'''

SUITE = """
name = "mine"
seeds = "0"
variants = ["vanilla"]

[[tasks]]
name = "far"
dataset = "remote"
budget = "2steps"
evaluations = 1
fakes = 200
scores = ["fd[extractor=means]"]
final_scores = ["fd[extractor=classifier]", "prdc[extractor=means]"]
"""


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """The file in which the plugin tells; empty."""
    (tmp_path / "remote.py").write_text(PLUGIN)
    (tmp_path / "mine.toml").write_text(SUITE)
    file = tmp_path / "witness.txt"
    file.touch()
    return file


def test_a_prepared_run_needs_no_network_and_computes_nothing_again(
    ganbench_cli: Cli, witness: Path, tmp_path: Path
) -> None:
    environment = {"PYTEST_WITNESS": str(witness), "GANBENCH_CACHE": str(tmp_path / "cache")}
    selection = ("--suite", "mine.toml", "-P", "remote.py", "--device", "cpu")

    missing = ganbench_cli("prepare", *selection, "--json", **environment)
    assert missing.returncode == 2
    (told,) = json.loads(missing.stdout)
    assert (told["state"], told["reason"]) == ("missing", "task far: remote is not here")
    assert told["hint"] == "type `ganbench prepare --download`"
    assert "[1/1] far: not ready: task far: remote is not here" in missing.stderr
    assert ganbench_cli("run", *selection, **environment).returncode == 2
    assert witness.read_text() == ""

    done = ganbench_cli("prepare", *selection, "--download", "--json", **environment)
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)
    assert (told["state"], told["train"], told["heldout"]) == ("ready", 200, 100)
    assert told["new_files"] > 5
    assert "[1/1] far: loading remote" in done.stderr
    assert "reference generators (means, classifier)" in done.stderr
    lines = witness.read_text().splitlines()
    assert lines.count("downloaded") == 1
    assert lines.count("computed") == told["new_files"]
    assert len(lines) == told["new_files"] + 1  # nobody has connected

    ran = ganbench_cli("run", *selection, **environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert witness.read_text().splitlines() == lines

    again = ganbench_cli("prepare", *selection, **environment)
    assert again.returncode == 0
    assert "all was there" in again.stderr
    assert "nothing" in again.stdout
    assert witness.read_text().splitlines() == lines


@pytest.mark.whole
def test_a_run_computes_what_nobody_has_prepared(
    ganbench_cli: Cli, witness: Path, tmp_path: Path
) -> None:
    """That a prepared one leaves no trace means something."""
    environment = {"PYTEST_WITNESS": str(witness), "GANBENCH_CACHE": str(tmp_path / "cache")}
    selection = ("--suite", "mine.toml", "-P", "remote.py", "--device", "cpu")
    (tmp_path / "cache" / "datasets").mkdir(parents=True)
    (tmp_path / "cache" / "datasets" / "remote.txt").write_text("7")
    ran = ganbench_cli("run", *selection, **environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert witness.read_text().splitlines().count("computed") > 5


def test_one_task_that_is_not_ready_keeps_no_other_from_it(
    ganbench_cli: Cli, witness: Path, tmp_path: Path
) -> None:
    environment = {"PYTEST_WITNESS": str(witness), "GANBENCH_CACHE": str(tmp_path / "cache")}
    more = '\n[[tasks]]\nname = "{}"\ndataset = "{}"\nbudget = "2steps"\nscores = ["{}"]\n'
    near = more.format("near", "ring8", "modes")
    worse = more.format("worse", "digits", "fd[extractor=broken]")
    (tmp_path / "mine.toml").write_text(SUITE + worse + near)
    done = ganbench_cli("prepare", "--suite", "mine.toml", "-P", "remote.py", **environment)
    assert done.returncode == 2
    rows = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()[1:]}
    assert rows == {"far": "missing", "worse": "failed", "near": "ready"}
    assert "[2/3] worse: not ready: task worse: " in done.stderr
    assert "ValueError: no such layer" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_function_tells_what_the_verb_does(tmp_path: Path) -> None:
    frame = ganbench.prepare("vanilla", tasks=["ring8"], seeds=[0], device="cpu", progress=False)
    assert frame["state"].tolist() == ["ready"]
    assert frame["dataset"].tolist() == ["ring8"]
