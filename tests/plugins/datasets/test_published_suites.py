"""The suites for a GPU, their whole way on a CPU: data as torchvision lays them, tiny counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ganbench import Extractor, cache
from ganbench.planning.budget import Budget
from ganbench.planning.plan import Selection, make_plan
from ganbench.planning.suite import load_suite
from ganbench.running.run import Run
from ganbench_plugins.extractors import fidelity
from ganbench_plugins.extractors.frozen import FrozenExtractor
from ganbench_plugins.extractors.weights import Source

from ...training.small import CPU, catalogue
from . import torchvision_files as files

pytestmark = pytest.mark.whole

SMALL = {"fd[extractor=mobilenetv2-b13]": "fd[extractor=raw]"}
"""An extractor that needs no weights in the place of one that does."""

NARROW = {
    "dcgan": "dcgan[width=4]",
    "wgan-gp": "wgan-gp[width=4]",
    "sngan": "sngan[width=4]",
    "r3gan": "r3gan[width=4]",
}


def stand_in(source: Source, layer: str, *_: object) -> Extractor:
    """Every eighth pixel, in the place of a network that sees a few images a second on a CPU."""
    name = f"{source.name}@00000000"
    return FrozenExtractor(name, layer, lambda x: x[:, :, ::8, ::8].flatten(1), CPU, batch=64)


def cifar10(root: Path) -> None:
    import pickle

    images = files.pixels(300, 3, 32, 32).reshape(300, -1)
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    content = pickle.dumps({"data": images[:60], "labels": [one % 10 for one in range(60)]})
    for name in (*(f"data_batch_{one}" for one in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(content)
    names = {"label_names": [str(one) for one in range(10)]}
    (folder / "batches.meta").write_bytes(pickle.dumps(names))


def celeba64(root: Path) -> None:
    faces = files.pixels(40, 218, 178, 3)
    files.write_celeba(root, faces, [0] * 30 + [2] * 10)


def stl48(root: Path) -> None:
    files.write_stl10(root, files.pixels(30, 3, 96, 96), [one % 10 for one in range(30)])


@pytest.mark.parametrize("variant", NARROW)
@pytest.mark.parametrize(
    ("name", "write", "shape", "train"),
    [
        ("cifar10", cifar10, (3, 32, 32), 300),
        ("celeba64", celeba64, (3, 64, 64), 30),
        ("stl48", stl48, (3, 48, 48), 30),
    ],
)
def test_the_whole_way(
    name: str,
    write: Callable[[Path], None],
    shape: tuple[int, ...],
    train: int,
    variant: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("cifar", "stl10", "celeba"):
        monkeypatch.setattr(
            f"torchvision.datasets.{module}.check_integrity",
            lambda path, md5=None: Path(path).is_file(),
        )
    monkeypatch.setenv("GANBENCH_CACHE", str(tmp_path))
    write(cache.folder("datasets"))
    suite = load_suite(name)
    (task,) = suite.tasks
    assert (task.fakes, task.split) == (50_000, "train")
    assert any("inception-v3-compat" in score for score in task.final_scores)
    tiny = replace(
        task,
        budget=Budget("steps", 2),
        fakes=20,
        evaluations=1,
        scores=tuple(SMALL[score] for score in task.scores),
    )
    monkeypatch.setattr(fidelity, "pretrained", stand_in)
    monkeypatch.setattr(
        "ganbench.planning.plan.load_suite", lambda _: replace(suite, tasks=(tiny,))
    )
    assert [str(one).split("[")[0] for one in suite.variants] == list(NARROW)
    selection = Selection(variants=[NARROW[variant]], suite=name, seeds=[0])
    (spec,) = make_plan(selection, catalogue()).runs
    (tmp_path / "run").mkdir()
    record = Run(spec, tmp_path / "run", catalogue(), CPU).execute()
    assert record["status"] == "ok", record["failure"]
    assert record["trained"]["samples"] == train
    assert [key.split("@")[0].split("/")[:2] for key in record["columns"]] == [
        ["fd", "raw"],
        ["fd", "inception-v3-compat"],
        ["kid", "inception-v3-compat"],
    ]
    for column in record["columns"].values():
        assert (column["n_real"], column["n_fake"]) == (train, 20)
    assert (tmp_path / "run" / "samples.png").is_file()
    assert shape[-1] % 16 == 0
