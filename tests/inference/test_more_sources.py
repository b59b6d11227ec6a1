"""Archives, folders, programs and generators as sources, and how far scores are known."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch
from PIL import Image

import ganbench
from ganbench.inference.archives import as_images
from ganbench_plugins.datasets.folder import load

Cli = Callable[..., "CompletedProcess[str]"]


def images(folder: Path, count: int, seed: int) -> Path:
    folder.mkdir(parents=True)
    draw = np.random.default_rng(seed).integers
    for index in range(count):
        Image.fromarray(draw(0, 256, (8, 8, 3), dtype="uint8")).save(folder / f"{index}.png")
    return folder


def zipped(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(folder.iterdir()):
            opened.write(path, f"{folder.name}/{path.name}")
        opened.writestr("__MACOSX/._0.png", b"no image")
    return archive


def test_a_folder_and_its_archive_have_one_score(ganbench_cli: Cli, tmp_path: Path) -> None:
    folder = images(tmp_path / "fakes", 60, 0)
    archive = zipped(folder)
    images(tmp_path / "real", 80, 1)
    fakes = ["fakes[side=8]", "fakes.zip[side=8]", f"images:{archive.name}[side=8]"]
    given = ["--against", "real[side=8]", "--split", "all", "--scores", "fd[extractor=raw]"]
    done = ganbench_cli("score", *fakes, *given, "--json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["scores"]
    assert set(row["values"]) == set(fakes)
    for name, (low, high) in row["intervals"].items():
        assert row["values"][name] == pytest.approx(row["values"][fakes[0]], rel=1e-6)
        assert low <= row["values"][name] <= high
        assert high > low


def test_samples_are_held_against_a_mixture(ganbench_cli: Cli) -> None:
    given = ["--fakes", "200", "--against", "ring8|grid25", "--scores", "sources", "--json"]
    done = ganbench_cli("score", "ring8", *given)
    assert done.returncode == 0, done.stderr
    rows = {row["label"]: row["values"]["ring8"] for row in json.loads(done.stdout)["scores"]}
    assert rows["share of 0"] > 0.9
    assert rows["share of 1"] < 0.1


def test_an_archive_has_the_held_out_samples_that_it_has_in_training(
    ganbench_cli: Cli, tmp_path: Path
) -> None:
    archive = zipped(images(tmp_path / "real", 60, 1))
    held_out = load(path=str(archive), side=8).heldout
    np.save(tmp_path / "held_out.npy", held_out.numpy())
    given = ["--scores", "fd[extractor=raw]", "--json"]
    for named in ("real.zip[side=8]", "images:real.zip[side=8]"):
        done = ganbench_cli("score", "held_out.npy", "--against", named, *given)
        assert done.returncode == 0, done.stderr
        (row,) = json.loads(done.stdout)["scores"]
        assert row["n_real"] == len(held_out)
        assert row["values"]["held_out.npy"] == pytest.approx(0, abs=1e-6)


def test_references_that_are_no_folder_stay_as_they_are(tmp_path: Path) -> None:
    assert as_images("digits") == "digits"
    assert as_images("images:somewhere[side=8]") == "images:somewhere[side=8]"
    assert as_images(f"{tmp_path}[side=8]") == f'images:"{tmp_path}"[side="8"]'


def test_folders_may_be_called_what_looks_like_parameters(tmp_path: Path) -> None:
    for name in ("a[1]", 'b"c"'):
        (tmp_path / name).mkdir()
    assert as_images(f"{tmp_path}/a[1]") == f'images:"{tmp_path}/a[1]"'
    long = f'csv:rows.csv[numbers="{",".join(map(str, range(200)))}"]'
    assert as_images(long) == long  # longer than any name, and no folder
    with pytest.raises(ganbench.MissingData, match="is no file"):
        ganbench.score(long, long)
    with pytest.raises(ganbench.UsageError, match='b"c" has a quotation mark in its name'):
        as_images(f'{tmp_path}/b"c"')


def test_a_program_and_a_saved_generator_score_as_their_run(runs: Path, tmp_path: Path) -> None:
    (run,) = (one for one in runs.iterdir() if one.name.startswith("vanilla-ring8"))
    ganbench.export(run.name, tmp_path / "made.safetensors", runs=runs)
    program = tmp_path / "made.pt2"
    sources = {
        "run": run.name,
        "program": str(program),
        "generator": str(run / "generator.safetensors"),
        "folder": str(run),  # there are pictures in it, which are no samples
    }
    frame = ganbench.score(sources, "ring8", "sliced-w2,modes", fakes=300, runs=runs)
    assert list(frame["run"]) == list(frame["generator"]) == list(frame["folder"])
    assert list(frame["run"]) == pytest.approx(list(frame["program"]), rel=1e-3)
    with pytest.raises(ganbench.UsageError, match="it cannot be what others are compared with"):
        ganbench.score("ring8", str(program), "sliced-w2")
    with pytest.raises(ganbench.UsageError, match="holds points of shape"):
        ganbench.score(str(program), "digits", "fd[extractor=raw]")
    program.write_bytes(program.read_bytes() + b"more")
    with pytest.raises(ganbench.InvalidResults, match="is not the program that"):
        ganbench.score(str(program), "ring8", "sliced-w2")
    with pytest.raises(ganbench.UsageError, match="ganbench export RUN"):
        ganbench.score(str(tmp_path / "nowhere.pt2"), "ring8", "sliced-w2")


def test_intervals_cover_what_other_samples_score() -> None:
    """Of a law that is known: means of 60 drawings lie in 95 % intervals nearly as often."""
    random = torch.Generator().manual_seed(0)
    real = torch.randn(2000, 2, generator=random)

    def drawn() -> torch.Tensor:
        return torch.randn(400, 2, generator=random) + 0.5

    fakes = {str(number): drawn() for number in range(60)}
    frame = ganbench.score(fakes, real, "fd[extractor=raw]", resamples=20)
    (row,) = frame.to_dict("records")
    values = [row[name] for name in fakes]
    middle = sum(values) / len(values)
    inside = [row[f"{name} low"] <= middle <= row[f"{name} high"] for name in fakes]
    assert 0.85 * len(fakes) <= sum(inside)
    alone = ganbench.score(drawn(), real, "fd[extractor=raw]", resamples=5)
    assert alone["value low"][0] < alone["value"][0] < alone["value high"][0]


def test_one_half_tells_no_spread() -> None:
    samples = torch.randn(50, 2)
    with pytest.raises(ganbench.UsageError, match="tell no spread"):
        ganbench.score(samples, samples, "fd[extractor=raw]", resamples=1)
