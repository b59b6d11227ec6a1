"""Samples as files: they are what the generator makes, in the form of their kind of data."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

import ganbench
from ganbench.catalogue.catalogue import installed_catalogue
from ganbench.catalogue.plugin_files import NO_CHOICE, plugin_files
from ganbench.inference.fakes import generated
from ganbench.inference.kept import KeptRun, find_kept
from ganbench.training.seeds import stream_seed

from .conftest import ACGAN

Cli = Callable[..., "CompletedProcess[str]"]


def kept(runs: Path, begin: str) -> KeptRun:
    catalogue = installed_catalogue(NO_CHOICE.plus(files=plugin_files([ACGAN])))
    return find_kept(begin, runs, catalogue, print)


def pixels(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def test_points_are_rows_of_what_the_generator_makes(runs: Path, tmp_path: Path) -> None:
    (path,) = ganbench.sample("vanilla", tmp_path / "out", 9, seed=3, runs=runs)
    header, *rows = list(csv.reader(path.read_text().splitlines()))
    assert header == ["x0", "x1"]
    run = kept(runs, "vanilla")
    cpu = torch.device("cpu")
    samples, _ = generated(run, run.contestant(cpu), 9, stream_seed(3, "sample"))
    assert np.array_equal(np.array(rows, dtype=np.float32), samples.numpy())


def test_images_are_written_without_loss_and_with_their_classes(runs: Path, tmp_path: Path) -> None:
    files = ganbench.sample("acgan", tmp_path / "out", 5, runs=runs, plugins=[ACGAN])
    *images, classes = files
    assert [path.name for path in images] == [f"{place:05}.png" for place in range(5)]
    run = kept(runs, "acgan")
    cpu = torch.device("cpu")
    samples, labels = generated(run, run.contestant(cpu), 5, stream_seed(0, "sample"))
    assert labels is not None
    for path, sample in zip(images, samples, strict=True):
        assert np.array_equal(pixels(path), sample[0].numpy())
    rows = list(csv.DictReader(classes.read_text().splitlines()))
    assert [int(row["class"]) for row in rows] == labels.tolist()


def test_a_class_can_be_asked_for(runs: Path, tmp_path: Path, ganbench_cli: Cli) -> None:
    given = ["acgan", "-n", "4", "--runs", str(runs), "-P", ACGAN]
    done = ganbench_cli("sample", *given, "--out", "sevens", "--class", "7")
    assert done.stdout.splitlines() == [
        *(f"sevens/{place:05}.png" for place in range(4)),
        "sevens/classes.csv",
    ]
    assert (tmp_path / "sevens" / "classes.csv").read_text().count(",7\n") == 4
    again = ganbench_cli("sample", *given, "--out", "sevens")
    assert again.returncode == 2
    assert "sevens is not empty" in again.stderr
    none = ganbench_cli("sample", *given, "--out", "tens", "--class", "10")
    assert "there is no class 10: classes are 0 to 9" in none.stderr
    assert not (tmp_path / "tens").exists()


def test_what_takes_no_class_or_is_no_run_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ganbench.UsageError, match="takes no classes"):
        ganbench.sample("vanilla", tmp_path / "out", wanted=1, runs=runs)
    with pytest.raises(ganbench.UsageError, match="no run in"):
        ganbench.sample("nothing", tmp_path / "out", runs=runs)


@pytest.mark.parametrize("count", [0, -1])
def test_no_sample_is_no_request(runs: Path, tmp_path: Path, count: int) -> None:
    with pytest.raises(ganbench.UsageError, match=f"count is {count}, not a positive number"):
        ganbench.sample("vanilla", tmp_path / "out", count, runs=runs)
    assert not (tmp_path / "out").exists()


def test_what_has_kept_no_generator_or_is_of_another_protocol_is_refused(runs: Path) -> None:
    run = kept(runs, "vanilla")
    hidden = run.weights.rename(run.weights.with_suffix(".hidden"))
    try:
        with pytest.raises(ganbench.UsageError, match="has kept no generator: it ended as ok"):
            kept(runs, "vanilla")
    finally:
        hidden.rename(run.weights)
    altered = replace(run, record={**run.record, "generator_sha256": "0" * 64})  # type: ignore[typeddict-item]
    with pytest.raises(ganbench.InvalidResults, match="is not the generator"):
        altered.contestant(torch.device("cpu"))
